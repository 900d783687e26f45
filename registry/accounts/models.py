"""The tables of people who use the console, and what they prove themselves with.

Every secret that is shown once (session, invitation, token, recovery code) is kept as a hash of 32 bytes: whoever reads
the database can use none of them. Passwords are Argon2id; the secret of a one-time-code app is sealed
(``registry.accounts.totp``). Times are Unix seconds.
"""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models import AutoId, Base


class Account(Base):
    """A person at work. ``login`` is kept in small letters and never given to another, so that the trail stays clear."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(
            "(role IN ('province-admin', 'province-auditor')) = (authority IS NULL)", name="account_authority"
        ),
        CheckConstraint(
            "role IN ('province-admin', 'province-auditor', 'authority-admin', 'clerk', 'approver', 'viewer')",
            name="account_role",
        ),
    )

    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(20))
    authority: Mapped[str | None] = mapped_column(String(6), index=True)
    password: Mapped[str | None] = mapped_column(String(255))
    """Argon2id, with its own parameters; None until one is set."""
    totp: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The sealed secret of the one-time-code app."""
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    """The newest step whose code was used: no older code, and this one neither, is taken again."""
    created_at: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[int] = mapped_column(BigInteger)
    """Account id; 0 is the command line."""
    disabled_at: Mapped[int | None] = mapped_column(BigInteger)


class Passkey(Base):
    """A WebAuthn credential."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    label: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[int | None] = mapped_column(BigInteger)


class RecoveryCode(Base):
    """A code for the day on which the second factor is lost; good once."""

    __tablename__ = "recovery_code"

    hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    used_at: Mapped[int | None] = mapped_column(BigInteger)


class ConsoleSession(Base):
    """A signed-in browser. ``hash`` is of the secret in its cookie."""

    __tablename__ = "console_session"

    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
    origin: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(80))


class KnownDevice(Base):
    """A browser in which somebody has signed in completely: guessing elsewhere does not slow it down."""

    __tablename__ = "known_device"

    hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    used_at: Mapped[int] = mapped_column(BigInteger)


class SignInTrouble(Base):
    """How often it failed for a key (a hash of account and client, or of either), and since when it may be tried again."""

    __tablename__ = "sign_in_trouble"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    failures: Mapped[int] = mapped_column()
    last_at: Mapped[int] = mapped_column(BigInteger)
    not_before: Mapped[int] = mapped_column(BigInteger)


class Challenge(Base):
    """What was asked of somebody and not answered yet: a sign-in's second step, a new passkey, an act to confirm.

    ``hash`` is of the secret by which the answer names it; ``bound`` says what it is for, to the letter. An answer is good
    once (``used_at``).
    """

    __tablename__ = "challenge"
    __table_args__ = (Index("challenge_expiry", "expires_at"),)

    hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    bound: Mapped[bytes] = mapped_column(LargeBinary)
    challenge: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[int | None] = mapped_column(BigInteger)


class Invite(Base):
    """A link by which somebody sets up his own account, or sets it up anew; good once."""

    __tablename__ = "invite"

    hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[int | None] = mapped_column(BigInteger)


class ApiToken(Base):
    """What an office's own system shows instead of a session. ``routes`` are names of the permission table, one a line."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    label: Mapped[str] = mapped_column(String(64))
    routes: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
    used_at: Mapped[int | None] = mapped_column(BigInteger)
