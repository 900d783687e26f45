"""On PostgreSQL the search index is divided by year (``registry.cases.partitions``). On SQLite nothing changes.

The table that is there becomes the first part, of every year up to its newest: no row is copied, one unique index is made
(about a second for a million certificates) and the rows are looked through once. Programs that know nothing of parts read and write
the whole as before. A row whose year is not its number's was altered by hand: it is left out, ``fsck`` tells.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INDEXES = {
    "certificate_index_name": ("name_key", "number"),
    "certificate_index_employer": ("employer_id", "number"),
    "certificate_index_batch": ("batch_id", "number"),
    "certificate_index_state": ("state", "number"),
    "certificate_index_year": ("year", "kind", "number"),
}
_OWN_YEAR = "CHECK (year = CAST(substr(number, 7, 4) AS integer))"
_WHOLE = f"""CREATE TABLE certificate_index (
    number varchar(20) NOT NULL,
    year integer NOT NULL,
    kind integer NOT NULL,
    batch_id bigint NOT NULL,
    name_key bytea NOT NULL,
    employer_id bigint NOT NULL,
    state varchar(9) NOT NULL,
    CONSTRAINT certificate_index_pkey PRIMARY KEY (number, year),
    CONSTRAINT certificate_index_own_year {_OWN_YEAR},
    CONSTRAINT certificate_index_number_fkey FOREIGN KEY (number) REFERENCES certificate (number),
    CONSTRAINT certificate_index_employer_id_fkey FOREIGN KEY (employer_id) REFERENCES employer (id)
) PARTITION BY RANGE (year)"""


def upgrade() -> None:
    """Put the whole in the table's place, and the table into it."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("SELECT leaf FROM certificate_index_mark FOR UPDATE")  # nobody follows the log meanwhile
    newest = op.get_bind().execute(sa.text("SELECT max(year) FROM certificate_index")).scalar_one()
    if newest is None:
        op.execute("DROP TABLE certificate_index")
    else:
        _set_aside(f"certificate_index_until_{newest}")
    op.execute(_WHOLE)
    for name, columns in _INDEXES.items():
        op.create_index(name, "certificate_index", list(columns), unique=False)
    op.execute("CREATE TABLE certificate_index_rest PARTITION OF certificate_index DEFAULT")
    if newest is not None:
        op.execute(
            f"ALTER TABLE certificate_index ATTACH PARTITION certificate_index_until_{newest} "
            f"FOR VALUES FROM (MINVALUE) TO ({newest + 1})"
        )


def _set_aside(part: str) -> None:
    op.execute("DELETE FROM certificate_index WHERE year <> CAST(substr(number, 7, 4) AS integer)")
    op.execute(f"ALTER TABLE certificate_index RENAME TO {part}")
    for name in _INDEXES:
        op.execute(f"ALTER INDEX {name} RENAME TO {name.replace('certificate_index', part)}")
    op.execute(f"ALTER TABLE {part} DROP CONSTRAINT certificate_index_pkey")
    op.execute(f"ALTER TABLE {part} ADD CONSTRAINT {part}_pkey PRIMARY KEY (number, year)")
    op.execute(f"ALTER TABLE {part} ADD CONSTRAINT certificate_index_own_year {_OWN_YEAR}")
