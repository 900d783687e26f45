"""What of a matrix is tried when: ``make test`` tries each promise on representatives, ``make exhaustive`` every other cell.

Both are run before anything lands (``.ci/run``), and nothing is in neither. A cell that is left for ``make exhaustive`` bears the
mark ``exhaustive``, and so does a whole test that is left: of what measures the project, of a size below which a smaller one
stands, and a story or a rehearsal whose every step has tests of its own. What is tried there again, on all its examples, bears
the mark ``repeated``. Plain ``pytest`` tries every cell.
"""

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

import pytest
from hypothesis import settings

EXHAUSTIVE = bool(os.environ.get("CERTREG_EXHAUSTIVE"))
"""Whether this is ``make exhaustive``."""
PROPERTY = 100 if EXHAUSTIVE else 25
"""Examples of a property that asks for no number of its own."""
BITS = 1 if EXHAUSTIVE else 7
"""Of how many bits one is changed where each would be: each place in a byte has its turn."""
Test = TypeVar("Test", bound=Callable[..., Any])
Cell = TypeVar("Cell")


def cells(everything: Iterable[Cell], *, always: Collection[Cell]) -> list[Any]:
    """Parameters of a matrix: those of ``always`` in each run, the others in the exhaustive one. A tuple is a value for each name."""
    values = list(everything)
    assert all(one in values for one in always), "a representative that is no cell"
    return [
        one
        if one in always
        else pytest.param(*(one if type(one) is tuple else (one,)), marks=pytest.mark.exhaustive)
        for one in values
    ]


def examples(most: int, **others: Any) -> Callable[[Test], Test]:
    """A property's number of examples: a quarter of ``most`` in ``make test``, all in the exhaustive run; ``others`` as Hypothesis has them."""

    def decorated(test: Test) -> Test:
        count = most if EXHAUSTIVE else most // 4
        return pytest.mark.repeated(settings(max_examples=count, **others)(test))

    return decorated


def repeat_properties(items: Sequence[pytest.Item]) -> None:
    """Every property is tried again with all its examples."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.repeated)


STORIES = "tests/journeys/"
"""They go from end to end, for a minute each, through what is tried step by step elsewhere."""
MAIN_JOB = "tests/journeys/test_spreadsheet_to_verdict.py"
"""The story that is told in each run."""
REHEARSALS = (
    "tests/attacks/test_log_operator.py::test_a_fork_needs_a_quorum_of_witnesses_in_collusion",
    "tests/cases/test_cases.py::test_two_workers_at_one_correction",
    "tests/console/test_accessible.py::test_axe_finds_nothing_on_any_page",
    "tests/console/test_batches_attacks.py::test_bombs_are_",
    "tests/console/test_certificates_browser.py::test_corrected_superseded_linked_and_printed",
    "tests/console/test_command.py::test_console_verifier_and_worker",
    "tests/console/test_demo.py::test_served_on_this_machine_with_its_accounts_told",
    "tests/console/test_plans.py",
    "tests/jobs/test_chaos.py",
    "tests/jobs/test_worker.py::test_a_child_that_is_killed_is_replaced",
    "tests/jobs/test_worker.py::test_a_worker_that_cannot_work_ends",
    "tests/journeys/test_spreadsheet_to_verdict.py::test_every_way_in_is_judged_the_same",
    "tests/registry/backup/test_archive.py",
    "tests/registry/operation/test_metrics.py::test_an_unusable_address_is_told",
    "tests/registry/operation/test_metrics.py::test_numbers_in_flight_and_an_old_database_are_seen",
    "tests/registry/operation/test_outages.py::test_a_full_disk_under_postgresql",
    "tests/registry/operation/test_outages.py::test_a_worker_waits_for_the_database",
    "tests/registry/operation/test_outages.py::test_commits_that_wait_for_a_lost_standby",
    "tests/registry/operation/test_outages.py::test_the_",
    "tests/registry/operation/test_replica.py",
    "tests/registry/test_agent_serving.py",
    "tests/registry/test_bucket.py::test_a_bucket_holds_what_a_folder_holds",
    "tests/registry/test_bucket.py::test_of_many_tiles_only_those_asked_for_are_listed",
    "tests/registry/test_bucket.py::test_one_lost_connection_is_tried_again",
    "tests/registry/test_cli.py::test_a_life_in_json",
    "tests/registry/test_cosigning.py::test_a_witness_that_drips_is_not_waited_for",
    "tests/registry/test_effects.py::test_every_write_to_a_bucket_fails_before_and_after_it_lasts",
    "tests/registry/test_locks.py",
    "tests/registry/test_settled.py::test_what_is_looked_at_does_not_grow_with_the_log",
    "tests/review/test_accessible.py::test_axe_finds_nothing_in_any_state",
    "tests/review/test_announced.py::test_a_sitting_by_keyboard_alone",
    "tests/review/test_killed.py",
    "tests/review/test_meanwhile.py",
    "tests/server/test_accessible.py::test_axe_finds_nothing_in_any_state",
    "tests/server/test_camera.py::test_where_the_browser_reads_no_codes_the_server_does",
    "tests/server/test_connection.py::test_who_sends_a_thousand_and_goes_harms_nobody",
    "tests/server/test_desk.py::test_a_camera_closed_before_it_was_allowed_stays_closed",
    "tests/server/test_desk.py::test_a_code_that_is_scanned_before_the_last_one_is_told",
    "tests/server/test_desk.py::test_a_file_dropped_and_a_picture_pasted",
    "tests/server/test_desk.py::test_a_scanner_gun_with_enter",
    "tests/server/test_desk.py::test_a_slow_typist_is_waited_for",
    "tests/server/test_desk.py::test_what_a_gun_types_before_there_is_a_field_for_it",
    "tests/server/test_metrics.py",
    "tests/server/test_offline.py::test_behind_any_static_web_server",
    "tests/server/test_offline.py::test_pages_are_renewed_at_the_next_visit_and_never_mixed",
    "tests/server/test_offline.py::test_the_arithmetic_that_a_browser_lacks_is_kept_too",
    "tests/server/test_offline.py::test_what_was_not_verified_is_not_kept",
    "tests/server/test_process.py",
    "tests/verifier/test_box.py::test_a_box_is_replaced_after_many_files",
    "tests/verifier/test_box.py::test_bombs_of_one_caller_do_not_stop_the_others",
    "tests/verifier/test_box.py::test_drawings_within_drawings_stop_at_a_bound_of_the_box",
    "tests/verifier/test_box.py::test_who_takes_too_much_",
    "tests/verifier/test_containers.py::test_bombs_are_stopped_in_little_memory",
    "tests/verifier/test_targets.py::test_where_processes_die_this_one_goes_on_from_there",
    "tests/web/test_vectors_node.py::test_it_conforms_as_any_other_program_is_asked",
)
"""What is rehearsed with whole programs, clusters and buckets as they run in an office, on every page there is, or at a page's worst
moments: many seconds each."""


def leave_whole_tests(items: Sequence[pytest.Item]) -> None:
    """Stories but that of the main job, and rehearsals, are left for the exhaustive run."""
    for item in items:
        told = item.nodeid.startswith(STORIES) and not item.nodeid.startswith(MAIN_JOB)
        if told or item.nodeid.startswith(REHEARSALS):
            item.add_marker(pytest.mark.exhaustive)


ON_BOTH_ENGINES = (
    "tests/jobs/",
    "tests/registry/operation/",
    "tests/registry/test_crash.py",
    "tests/registry/test_concurrency.py",
    "tests/registry/test_database.py",
    "tests/registry/test_fsck.py",
    "tests/registry/test_issuance.py",
    "tests/registry/test_log.py",
    "tests/registry/test_upgrade.py",
)
"""Where an engine's ways decide: locks, isolation, bulk loading, types, plans, what the schema refuses, crashes, outages."""


def leave_repeats_on_postgresql(items: Sequence[pytest.Item]) -> None:
    """Of tests on both engines, PostgreSQL's are always run where it decides, each function's first cell; elsewhere a file's first.

    All others are left for the exhaustive run, and run on SQLite always. ``both_engines`` marks a function of which every cell counts.
    """
    seen: set[str] = set()
    for item in items:
        if "postgresql" not in _engines_of(item) or item.get_closest_marker("both_engines"):
            continue
        file, _, function = item.nodeid.partition("[")[0].partition("::")
        decided = f"{file}::{function}" if file.startswith(ON_BOTH_ENGINES) else file
        if decided in seen:
            item.add_marker(pytest.mark.exhaustive)
        seen.add(decided)


def _engines_of(item: pytest.Item) -> Collection[object]:
    """The engine that a test's registry or database is on."""
    callspec = getattr(item, "callspec", None)
    return {callspec.params.get(name) for name in ("rig", "engine_url")} if callspec else set()
