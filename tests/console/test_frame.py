"""The frame: who may come in at all, headers, language, and what is said where something is not there."""

from registry.actors import Role
from tests.console.rig import Console


def test_nobody_is_led_to_the_door(console: Console) -> None:
    answer = console.caller().get("/console/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")


def test_somebody_is_greeted_in_his_language(console: Console) -> None:
    caller = console.signed_in(Role.CLERK)
    chinese = caller.get("/console/")
    assert chinese.status_code == 200
    assert "经办" in chinese.text
    english = caller.get("/console/", headers={"accept-language": "en-GB,en;q=0.9"})
    assert "Clerk" in english.text


def test_signing_out_ends_the_session_on_the_server(console: Console) -> None:
    caller = console.signed_in(Role.CLERK)
    assert caller.client.post("/console/sign-out").status_code == 403
    assert caller.get("/console/").status_code == 200
    secret = caller.secret
    assert caller.post("/console/sign-out").status_code == 303
    caller.client.cookies.set("__Host-certreg", secret)
    assert caller.get("/console/").status_code == 303
