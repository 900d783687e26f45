"""Tokens and places: who may ask how often, and how many wait."""

from ipaddress import ip_network

import pytest

from verifier.server.places import Places, retry_after
from verifier.server.problems import Problem
from verifier.server.rates import TokenBuckets, client_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


def test_a_bucket_empties_and_fills() -> None:
    buckets = TokenBuckets(burst=10, per_second=2, clients=5)
    assert buckets.take("a", 10, 0) == 0
    assert buckets.take("a", 1, 0) == pytest.approx(0.5)
    assert buckets.take("a", 1, 0.5) == 0
    assert buckets.take("b", 10, 0.5) == 0
    assert buckets.take("a", 10, 1000) == 0
    assert buckets.take("a", 1, 1000) == pytest.approx(0.5)


def test_who_is_refused_loses_nothing_and_a_clock_that_goes_back_gives_nothing() -> None:
    buckets = TokenBuckets(burst=10, per_second=1, clients=5)
    assert buckets.take("a", 8, 100) == 0
    assert [buckets.take("a", 4, 100) for _ in range(3)] == [2, 2, 2]
    assert buckets.take("a", 4, 50) == 2
    assert buckets.take("a", 2, 50) == 0


def test_clients_are_bounded_and_the_one_not_seen_longest_goes() -> None:
    buckets = TokenBuckets(burst=1, per_second=0.001, clients=3)
    for client in ("a", "b", "c"):
        assert buckets.take(client, 1, 0) == 0
    assert buckets.take("a", 1, 0) > 0  # seen again
    assert buckets.take("d", 1, 0) == 0
    assert len(buckets) == 3
    assert buckets.take("a", 1, 0) > 0
    assert buckets.take("b", 1, 0) == 0  # forgotten


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),  # nobody trusts this peer
        ("10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),  # the first was written by who asks
        ("10.1.2.3", ["6.6.6.6", "198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.1.2.3", ["10.4.4.4"], "10.4.4.4"),
        ("10.1.2.3", ["6.6.6.6, junk"], "10.1.2.3"),
        ("10.1.2.3", [], "10.1.2.3"),
        ("::1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", [], "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", [], "192.0.2.7"),
        ("::ffff:10.1.1.1", ["198.51.100.1"], "198.51.100.1"),
        ("", [], "unknown"),
        ("testclient", ["198.51.100.1"], "unknown"),
    ],
)
def test_who_asks(peer: str, forwarded: list[str], client: str) -> None:
    assert client_of(peer, ",".join(forwarded), PROXIES) == client


def test_places_are_bounded_in_all_and_for_each() -> None:
    places = Places(3, 2)
    places.take("a")
    places.take("a")
    with pytest.raises(Problem) as refused:
        places.take("a")
    assert (refused.value.code, refused.value.headers) == ("too_many_requests", {"Retry-After": "5"})
    places.take("b")
    with pytest.raises(Problem) as full:
        places.take("c")
    assert (full.value.code, full.value.status) == ("busy", 503)
    places.give_back("a")
    places.take("c")
    for client in ("a", "b", "c"):
        places.give_back(client)
    assert places.taken == 0


def test_asking_again_is_never_at_once() -> None:
    assert [retry_after(seconds)["Retry-After"] for seconds in (0, 0.2, 1, 1.01)] == ["1", "1", "1", "2"]
