"""On PostgreSQL open jobs are handed out by procrastinate: its tables, and triggers by which every open job has a message there.

The schema is the library's own, of the version that is installed; ``tests/jobs/test_queue.py`` tells when a newer one has
another. The triggers send whatever program writes the row, so programs of before order and put down as ever. What waits now is sent now; what
runs is held by a program of before, under its lease. On SQLite one column is added, which stays empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SEND = """CREATE FUNCTION job_send(one job, due timestamptz) RETURNS void LANGUAGE sql AS $$
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
    one.kind, one.kind, 0, NULL, NULL, jsonb_build_object('job', one.id), due
)::procrastinate_job_to_defer_v1])
$$"""
_SENDS = """CREATE FUNCTION job_sends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.not_before > OLD.not_before THEN
        PERFORM job_send(NEW, to_timestamp(NEW.not_before));
    ELSE
        PERFORM job_send(NEW, NULL);
    END IF;
    RETURN NULL;
END;
$$"""
_ORDERED = """CREATE TRIGGER job_ordered AFTER INSERT ON job FOR EACH ROW
WHEN (NEW.state = 'waiting') EXECUTE FUNCTION job_sends()"""
_PUT_DOWN = """CREATE TRIGGER job_put_down AFTER UPDATE OF state ON job FOR EACH ROW
WHEN (NEW.state = 'waiting' AND OLD.state <> 'waiting') EXECUTE FUNCTION job_sends()"""


def upgrade() -> None:
    """Make the queue, tie the jobs to it, and send what waits."""
    op.add_column("job", sa.Column("message", sa.BigInteger(), nullable=True))
    if op.get_bind().dialect.name != "postgresql":
        return
    from procrastinate.schema import SchemaManager  # noqa: PLC0415  (slow to import, once in a registry's life)

    # Without parameters: the library's text has percent signs, and many statements.
    op.get_bind().exec_driver_sql(SchemaManager.get_schema(), execution_options={"no_parameters": True})
    for statement in (_SEND, _SENDS, _ORDERED, _PUT_DOWN):
        op.execute(sa.text(statement))
    # The triggers' lock keeps writers out until this transaction ends: nothing is ordered between the two.
    op.execute("SELECT job_send(job, NULL) FROM job WHERE state = 'waiting' ORDER BY id")
