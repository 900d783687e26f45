"""The table of identity keys: wrapped, each for its own id, under a master key that is not here."""

from sqlalchemy import BigInteger, CheckConstraint, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from registry.models import Base

BASE = 0
"""The id of the base secret, from which hashes and seals of intents have their keys."""


class IdentityKey(Base):
    """The base secret (id 0) and the data keys (1 and up; the highest seals). ``master`` says which master key wraps it.

    Rows lie here and not in a file of the folder, so that every host of one database has them at once and a backup of the
    database has the keys of what lies in it. The database's administrator can lose them, and can neither read nor make one.
    """

    __tablename__ = "identity_key"
    __table_args__ = (CheckConstraint("id BETWEEN 0 AND 65535", name="identity_key_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    master: Mapped[int] = mapped_column()
    wrapped: Mapped[bytes] = mapped_column(LargeBinary(60))
    made_at: Mapped[int] = mapped_column(BigInteger)
