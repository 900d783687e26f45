"""Drawing by several threads: the same bytes in the same order, each thread with a renderer of its own, nothing far ahead."""

import threading
from collections.abc import Iterator

import pytest

from registry.faces.pool import DrawingPool
from registry.faces.renderer import FaceRenderer
from tests.registry.faces_samples import source


def test_the_same_pages_in_the_same_order() -> None:
    sources = [source(serial=serial) for serial in (1, 2, 3)]
    alone = FaceRenderer()
    with DrawingPool(threads=2) as pool:
        drawn = [(one, made.result()) for one, made in pool.draw_each(sources, FaceRenderer.pdf)]
    assert drawn == [(one, alone.pdf(one)) for one in sources]


def test_a_thread_keeps_its_renderer_and_shares_it_with_none() -> None:
    both = threading.Barrier(2, timeout=60)

    def who(renderer: FaceRenderer, _: int) -> tuple[int, int]:
        both.wait()  # until the other thread draws too
        return threading.get_ident(), id(renderer)

    with DrawingPool(threads=2) as pool:
        seen = {made.result() for _, made in pool.draw_each(range(8), who)}
    assert len(seen) == len({thread for thread, _ in seen}) == len({renderer for _, renderer in seen}) == 2


def test_what_goes_wrong_with_one_is_told_with_it_and_the_others_go_on() -> None:
    def draw(_: FaceRenderer, item: int) -> int:
        if item == 1:
            raise ValueError("one")
        return item

    with DrawingPool(threads=2) as pool:
        made = [made for _, made in pool.draw_each(range(3), draw)]
        assert (made[0].result(), made[2].result()) == (0, 2)
        with pytest.raises(ValueError, match="one"):
            made[1].result()


def test_no_more_is_taken_ahead_than_is_drawn() -> None:
    taken = []

    def endless() -> Iterator[int]:
        while True:
            taken.append(len(taken))
            yield taken[-1]

    with DrawingPool(threads=2) as pool:
        drawn = pool.draw_each(endless(), lambda _, item: item)
        assert [next(drawn)[1].result() for _ in range(10)] == list(range(10))
    assert len(taken) <= 10 + 2 * 2 + 1
