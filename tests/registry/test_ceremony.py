"""The registry's ends of the ceremony: what it proposes, what it takes in, and what it refuses."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from keys.ceremony import KeyOffer, combine, make_offer, parse_offer, parse_root_proof, sign_proposal
from keys.errors import CeremonyError
from keys.signer import Signer
from keys.trustbuild import sign_trust_list
from keys.trustchain import pin_of
from keys.trustlist import StateChange, TrustList, parse_trust_list
from registry.app import App, create_app, open_app
from registry.ceremony import (
    PROPOSAL_FILE,
    condemned,
    first_draft,
    import_list,
    offered_root,
    pending_proposal,
    prepare_registry,
    refound,
    rotate_root,
    write_proposal,
)
from registry.errors import IssuanceError, OfficeError, RootAbsentError
from registry.keychanges import end_key
from registry.models import LogHead
from registry.offices import add_authority, change_state, renew_trust_list
from registry.trust import current_trust_list, established_trust
from tests.builders import HOST, INDUSTRY, MUNICIPAL, refused, root_key_id, signer
from tests.registry.rig import DAY, FOUNDED, NOW, OFFICES, Clock, Place, Rig, assert_sound, opened
from tests.registry.test_keychanges import KEY

NAMES = ("root-a", "root-b", "root-c")
LUOYANG = replace(OFFICES[0], code="410300", name="洛阳市人力资源和社会保障局", divisions=("410300",))


def offers(*names: str, host: str = HOST) -> list[KeyOffer]:
    return [
        parse_offer(make_offer(signer(name), registry=host, fragment=name, created=FOUNDED)) for name in names
    ]


def signed(app: App, names: Sequence[str], *, old_counts: bool = True) -> bytes:
    """The proposal that waits, signed by these."""
    with app.database.read() as session:
        try:
            current: TrustList | None = current_trust_list(session)
        except OfficeError:
            current = None
    proposal = pending_proposal(app.settings.home, current)
    assert proposal is not None
    proofs = [
        parse_root_proof(sign_proposal(proposal, signer(name), trusted=current, created=NOW))
        for name in names
    ]
    return combine(proposal, proofs, current if old_counts else None).data


def take_in(app: App, data: bytes, *, condemn: bool = False) -> TrustList:
    with app.write() as session:
        version = import_list(session, app.keyring, data, now=app.clock(), condemn=condemn)
    app.sign_log()
    return version


@pytest.fixture
def apart(engine_url: str, tmp_path: Path) -> App:
    """A registry whose root is three keys elsewhere, two of which signed its first list."""
    place = Place(tmp_path / "home", engine_url)
    app = create_app(
        place.environment, home=None, host=HOST, offers=offers(*NAMES), threshold=2, clock=Clock(FOUNDED)
    )
    with app.database.read() as session:
        with refused(OfficeError, "first_list_missing"):
            current_trust_list(session)
        draft = first_draft(session, app.keyring, now=FOUNDED)
    write_proposal(app.settings.home, None, draft)
    take_in(app, signed(app, NAMES[:2]))
    app.database.close()
    return open_app(place.environment, clock=Clock())


def proposed(app: App, *works: object) -> None:
    """Each of ``works`` changes the list; the root is elsewhere, so a proposal grows."""
    for work in works:
        with pytest.raises(RootAbsentError) as absent, app.write() as session:
            work(session)  # type: ignore[operator]
        with app.database.read() as session:
            current = current_trust_list(session)
        write_proposal(app.settings.home, current, absent.value.draft)


def test_a_registry_without_its_root(apart: App) -> None:
    proposed(
        apart,
        lambda session: add_authority(session, apart.keyring, OFFICES[0], now=NOW),
        lambda session: add_authority(session, apart.keyring, LUOYANG, now=NOW),
    )
    with apart.database.read() as session:
        assert current_trust_list(session).version == 1
    trust_list = take_in(apart, signed(apart, NAMES[1:]))
    assert set(trust_list.authorities) == {MUNICIPAL, "410300"}
    with apart.database.read() as session:
        assert established_trust(session).trust_list == trust_list
    # What was signed once is no proposal any more, and cannot be taken in twice.
    assert pending_proposal(apart.settings.home, trust_list) is None
    with refused(OfficeError, "list_version"):
        take_in(apart, trust_list.data)
    assert_sound(apart, issued=0)
    apart.database.close()


def test_two_changes_of_the_same_do_not_join(apart: App) -> None:
    proposed(apart, lambda session: add_authority(session, apart.keyring, OFFICES[0], now=NOW))
    before = (apart.settings.home / PROPOSAL_FILE).read_bytes()
    with refused(CeremonyError, "proposal_conflict"):
        proposed(
            apart,
            lambda session: add_authority(
                session, apart.keyring, replace(OFFICES[0], years=(2027,)), now=NOW
            ),
        )
    assert (apart.settings.home / PROPOSAL_FILE).read_bytes() == before
    apart.database.close()


def test_the_first_list_can_be_prepared_again_until_it_is_signed(lite: Rig, tmp_path: Path) -> None:
    place = Place(tmp_path / "other")
    for names in (NAMES, NAMES[:2]):
        app = create_app(
            place.environment, home=None, host=HOST, offers=offers(*names), threshold=2, clock=Clock()
        )
        with app.database.read() as session:
            assert len(first_draft(session, app.keyring, now=NOW).root.keys) == len(names)
        app.database.close()
    with refused(OfficeError, "already_initialised"):
        create_app(
            place.environment, home=None, host="other.example", offers=offers(*NAMES, host="other.example")
        )
    root = offered_root(offers(*NAMES), host=HOST, threshold=2)
    with refused(OfficeError, "already_initialised"), lite.app.write() as session:
        prepare_registry(session, root, host=HOST, now=NOW)


@pytest.mark.parametrize(
    ("names", "host", "threshold", "code"),
    [
        (NAMES, "other.example", 2, "root_key_other"),
        (("root-a", "root-a"), HOST, 1, "root_key_twice"),
        (NAMES, HOST, 4, "threshold_range"),
        (NAMES, HOST, 0, "threshold_range"),
    ],
)
def test_roots_that_cannot_be(names: tuple[str, ...], host: str, threshold: int, code: str) -> None:
    with refused(OfficeError, code):
        offered_root(offers(*names, host=host), host=HOST, threshold=threshold)


def rotation(
    app: App, *, add: Sequence[str] = (), remove: Sequence[str] = (), threshold: int | None = None
) -> None:
    proposed(
        app,
        lambda session: rotate_root(
            session, app.keyring, add=offers(*add), remove=remove, threshold=threshold, now=NOW
        ),
    )


def test_from_a_root_in_the_registry_to_one_outside(rig: Rig) -> None:
    """The way out of the demonstration: the key that lies here signs for the last time."""
    rotation(rig.app, add=NAMES, remove=["root-1"], threshold=2)
    with rig.app.database.read() as session:
        current = current_trust_list(session)
    proposal = pending_proposal(rig.app.settings.home, current)
    assert proposal is not None
    keys: list[Signer] = [rig.app.keyring.signer("root-1"), signer("root-a"), signer("root-c")]
    proofs = [parse_root_proof(sign_proposal(proposal, one, trusted=current, created=NOW)) for one in keys]
    take_in(rig.app, combine(proposal, proofs, current).data)
    (rig.place.home / "keys" / "root-1.pem").unlink()
    with refused(OfficeError, "root_threshold"):
        rig.set_authority("suspended")
    (number,) = rig.issue(1)
    rig.publish()
    assert rig.judge(number).reason == "valid"
    assert_sound(rig.app, issued=1)


def test_rotations_that_cannot_be(lite: Rig) -> None:
    for arguments, code in (
        ({"remove": ["root-9"]}, "root_key_unknown"),
        ({}, "root_unchanged"),
        ({"remove": ["root-1"]}, "threshold_range"),
        ({"add": ["root-a", "root-a"]}, "root_key_twice"),
        ({"add": ["root-1"], "remove": ["root-1"]}, "root_key_twice"),
    ):
        with refused(OfficeError, code):
            rotation(lite.app, **arguments)  # type: ignore[arg-type]


def resigned(lite: Rig, **changes: object) -> bytes:
    """The next list as our own root would sign it, with what no list may have."""
    with lite.app.database.read() as session:
        current = current_trust_list(session)
    draft = replace(current, **{"version": current.version + 1, "valid_from": NOW, **changes})  # type: ignore[arg-type]
    return sign_trust_list(
        draft, {current.root.keys[0].id: lite.app.keyring.signer("root-1")}, created=NOW
    ).data


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": 3}, "list_version"),
        ({"version": 5}, "list_version"),
        ({"valid_from": NOW + 301}, "list_lifetime"),
        ({"valid_until": NOW - 1}, "list_lifetime"),
        ({"log_vkey": "jxjy.henan.example/log+00000000+"}, "list_own_key"),
        ({"status_keys": ()}, "list_own_key"),
    ],
)
def test_lists_that_are_not_taken_in(lite: Rig, changes: dict[str, object], code: str) -> None:
    with lite.app.database.read() as session:
        before = session.scalars(select(LogHead.size)).one()
    with refused(OfficeError, code):
        take_in(lite.app, resigned(lite, **changes))
    with lite.app.database.read() as session:
        assert session.scalars(select(LogHead.size)).one() == before


def test_a_list_that_our_root_did_not_sign(lite: Rig) -> None:
    data = resigned(lite)
    with refused(OfficeError, "list_not_following"):
        take_in(lite.app, data.replace(b'"quorum":0', b'"quorum":1'))
    with refused(OfficeError, "list_not_following"):
        take_in(lite.app, data.replace("郑州".encode(), "开封".encode()))
    with lite.app.database.read() as session:
        current = current_trust_list(session)
    root = offered_root(offers("root-x"), host=HOST, threshold=1)
    foreign = replace(current, version=4, root=root, valid_from=NOW)
    forged = sign_trust_list(foreign, {root_key_id("root-x"): signer("root-x")}, created=NOW)
    with refused(OfficeError, "list_not_following"):
        take_in(lite.app, forged.data)
    data = forged.data.replace(HOST.encode(), b"other.example")
    with refused(OfficeError, "list_registry"):
        take_in(lite.app, data)
    assert take_in(lite.app, resigned(lite)).version == 4


def test_a_list_that_condemns_what_was_rightly_issued_meanwhile(rig: Rig) -> None:
    """Drafted on Monday as of Monday, signed on Wednesday: on Tuesday certificates were issued."""
    with rig.app.database.read() as session:
        current = current_trust_list(session)
    authority = current.authorities[MUNICIPAL]
    states = (*authority.states, StateChange("withdrawn", NOW + 1, "reform"))
    changed = {**current.authorities, MUNICIPAL: replace(authority, states=states)}
    rig.clock.now += DAY
    numbers = rig.issue(1, 2)
    data = resigned(rig, authorities=changed)
    with refused(OfficeError, "list_condemns"):
        take_in(rig.app, data)
    with rig.app.database.read() as session:
        new = replace(current, authorities=changed)
        assert list(condemned(session, current, new)) == [
            (number, "authority_withdrawn") for number in numbers
        ]
        without = replace(current, authorities={INDUSTRY: current.authorities[INDUSTRY]})
        assert {code for _, code in condemned(session, current, without)} == {"authority_not_listed"}
        keyless = replace(current, authorities={**changed, MUNICIPAL: replace(authority, keys=())})
        assert {code for _, code in condemned(session, current, keyless)} == {"key_not_listed"}
    take_in(rig.app, data, condemn=True)
    rig.publish()
    assert rig.judge(numbers[0]).reason == "authority_withdrawn"


def test_a_withdrawal_for_a_day_to_come(rig: Rig) -> None:
    """Until then the authority issues; from then on it does not, and what it issued stands."""
    end = NOW + 10 * DAY
    with rig.app.write() as session:
        state = {"code": MUNICIPAL, "state": "withdrawn", "reason": "merged"}
        with refused(OfficeError, "state_since"):
            change_state(session, rig.app.keyring, **state, now=NOW, since=NOW)
        change_state(session, rig.app.keyring, **state, now=NOW, since=end)
    (one,) = rig.issue(1)
    rig.clock.now = end - 1
    with refused(IssuanceError, "authority_withdrawn"):  # what began now could be logged a second too late
        rig.issue(2)
    rig.clock.now = end
    with refused(IssuanceError, "authority_withdrawn"):
        rig.issue(2)
    rig.publish()
    assert rig.judge(one).reason == "valid"
    assert_sound(rig.app, issued=1)


def test_a_compromise_that_is_meant_is_taken_in(apart: App, tmp_path: Path) -> None:
    proposed(apart, lambda session: add_authority(session, apart.keyring, OFFICES[0], now=NOW))
    take_in(apart, signed(apart, NAMES[1:]))
    with opened(Place(apart.settings.home, apart.settings.database_url), tmp_path) as rig:
        (number,) = rig.issue(1)
        proposed(
            apart,
            lambda session: end_key(
                session, apart.keyring, KEY, reason="stolen", compromised_from=NOW, now=NOW
            ),
        )
        data = signed(apart, NAMES[:2])
        with refused(OfficeError, "list_condemns"):
            take_in(apart, data)
        take_in(apart, data, condemn=True)
        rig.publish()
        assert rig.judge(number).reason == "key_compromised"
    apart.database.close()


def test_a_lost_threshold(apart: App) -> None:
    rotation(apart, add=["root-x", "root-y"], remove=["root-a", "root-b"])
    new = signed(apart, ["root-x", "root-y"], old_counts=False)
    with refused(OfficeError, "list_not_following"):
        take_in(apart, new)
    pin = pin_of(parse_trust_list(new))
    with apart.write() as session:
        with refused(OfficeError, "fingerprint_differs"):
            refound(session, apart.keyring, new, fingerprint="0" * 64, now=NOW)
        unsigned = new.replace(b'"quorum":0', b'"quorum":0 ')
        with refused(OfficeError, "list_not_following"):
            refound(session, apart.keyring, unsigned, fingerprint=pin.fingerprint, now=NOW)
        refound(session, apart.keyring, new, fingerprint=pin.fingerprint, now=NOW)
    apart.sign_log()
    assert_sound(apart, issued=0)
    proposed(apart, lambda session: renew_trust_list(session, apart.keyring, now=NOW))
    assert take_in(apart, signed(apart, ["root-x", "root-c"])).version == 3
    assert_sound(apart, issued=0)
    apart.database.close()
