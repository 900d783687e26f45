"""Where the time of the issue path goes: cProfile over every thread, by the processor time of each.

Processor time and not the clock's, because others may use the machine and threads wait for each other. Profiling itself
makes small functions look dearer than they are: believe the order, not the figures.
"""

import cProfile
import pstats
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

TOP = 40


class ThreadProfiles:
    """One profile for this thread and one for every thread started meanwhile."""

    def __init__(self) -> None:
        self._profiles: list[cProfile.Profile] = []

    def run(self, work: Callable[[], object]) -> pstats.Stats:
        """The statistics of ``work``, all threads together; they must have ended when it returns."""
        threading.setprofile(self._begin)
        own = self._started()
        try:
            work()
        finally:
            own.disable()
            threading.setprofile(None)
        stats = pstats.Stats(own)
        for profile in self._profiles[1:]:
            stats.add(profile)
        return stats

    def _started(self) -> cProfile.Profile:
        profile = cProfile.Profile(time.thread_time)
        self._profiles.append(profile)
        profile.enable()
        return profile

    def _begin(self, _frame: FrameType, _event: str, _argument: object) -> None:
        sys.setprofile(None)
        self._started()


def print_profile(stats: pstats.Stats) -> None:
    """The dearest functions: by their own time, then with what they call."""
    stats.strip_dirs().sort_stats("tottime").print_stats(TOP)
    stats.sort_stats("cumulative").print_stats(TOP)
