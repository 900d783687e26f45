"""A request as the pages see it: ``Visit`` by anybody, ``Context`` by somebody who is signed in and may ask this."""

from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request

from registry.accounts.confirmation import Act, Confirmation, Factor, Site, ask_confirmation, confirm
from registry.accounts.models import Account
from registry.accounts.passwords import Passwords
from registry.accounts.secrets import secret_hash
from registry.accounts.slowdown import begin, step_attempts, succeed
from registry.actors import Actor
from registry.app import App
from registry.console.permissions import Reach, reach_of
from registry.console.problems import Problem
from registry.console.settings import ConsoleSettings

SESSION_COOKIE = "__Host-certreg"
DOOR_COOKIE = "__Host-certreg-door"
DEVICE_COOKIE = "__Host-certreg-device"
CSRF_FIELD = "csrf"


WHOLE_DIGITS = 18
"""Of a whole number in an address or a form: what a column of 64 bits holds in any case."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request by somebody who need not be signed in. ``form`` is empty for GET."""

    request: Request
    app: App
    settings: ConsoleSettings
    lang: str
    now: int
    origin: str
    form: FormData
    csrf: str

    @property
    def passwords(self) -> Passwords:
        """Hashes and verifies."""
        held: Passwords = self.request.app.state.passwords
        return held

    @property
    def site(self) -> Site:
        """To whom passkeys belong."""
        return Site(self.settings.host, self.settings.origin)

    @property
    def device(self) -> str:
        """The secret of a browser that somebody has signed in with before, or empty."""
        return self.request.cookies.get(DEVICE_COOKIE, "")


@dataclass(frozen=True, slots=True)
class Context:
    """A request that may be answered: by whom (``actor``), how far he reaches, in which language, at what time."""

    visit: Visit
    actor: Actor
    reach: Reach
    session_id: int | None
    """Of the browser's session; None for a token."""

    @property
    def app(self) -> App:
        """The registry."""
        return self.visit.app

    @property
    def request(self) -> Request:
        """The request."""
        return self.visit.request

    @property
    def form(self) -> FormData:
        """The form that was sent, read already."""
        return self.visit.form

    @property
    def lang(self) -> str:
        """``zh-CN`` or ``en``."""
        return self.visit.lang

    @property
    def now(self) -> int:
        """Unix seconds."""
        return self.visit.now

    @property
    def authority_filter(self) -> str | None:
        """What services take as ``authority``: None is the whole province, else the one whose rows may be seen."""
        return self._filter(self.reach)

    def authority_of(self, route: str) -> str | None:
        """The same for what another route shows: for counts and links on this page."""
        return self._filter(reach_of(route, self.actor.role))

    def _filter(self, reach: Reach) -> str | None:
        if reach is Reach.ALL:
            return None
        # Somebody provincial with own reach only has no authority's rows: no authority has an empty code.
        return (self.actor.authority or "") if reach is Reach.OWN else ""

    @property
    def is_program(self) -> bool:
        """Whether a token acts: such a caller reads JSON."""
        return self.session_id is None

    def ask_second_factor(self, act: str, subject: str, digest: str = "") -> Confirmation:
        """For the page of an act that needs it: give the result to the macro ``second_factor`` (``parts.html``).

        A token has no second factor: raises ``Problem``. A transaction of its own.
        """
        session_id = self._person()
        with self.app.database.write() as session:
            account = session.get_one(Account, self.actor.account)
            return ask_confirmation(
                session, account, session_id, Act(act, subject, digest), site=self.visit.site, now=self.now
            )

    def require_second_factor(self, act: str, subject: str, digest: str = "") -> Factor:
        """The form that was sent confirms this very act, once; else ``Problem`` (``second_factor``, ``too_many_attempts``).

        Before the act's own transaction, never within: what was confirmed is used up even if the act fails then.
        ``digest`` is of the state that is acted upon, taken now; where it is not what the page was drawn from, it fails.
        """
        session_id = self._person()
        ticket = text_field(self.form, "confirmation", most=100)
        credential = text_field(self.form, "credential", most=16 * 1024)
        code = text_field(self.form, "code", most=20)
        attempts = step_attempts(self.actor.account, known_device=None)
        with self.app.database.write() as session:
            if not credential:
                begin(session, attempts, now=self.now)
        with self.app.database.write() as session:
            account = session.get_one(Account, self.actor.account)
            factor = confirm(
                session,
                self.app.vault,
                account,
                session_id,
                Act(act, subject, digest),
                ticket=ticket,
                credential=credential,
                code=code,
                site=self.visit.site,
                now=self.now,
            )
            if factor is not None:
                succeed(session, attempts, now=self.now)
        if factor is None:
            raise Problem("second_factor")
        return factor

    def _person(self) -> int:
        if self.session_id is None:
            raise Problem("second_factor_token")
        return self.session_id


def may(ctx: Context, route: str) -> bool:
    """Whether the actor's role reaches ``route`` at all: for links and buttons."""
    return reach_of(route, ctx.actor.role) is not Reach.NONE


def text_field(form: FormData, name: str, *, most: int = 1000) -> str:
    """The text of a field, without space around it; empty where it is absent. Raises ``Problem`` (``form``)."""
    value = form.get(name, "")
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        raise Problem("form", field=name)
    return value.strip()


def asked_number(ctx: Context, name: str) -> int | None:
    """A whole number behind the question mark of the address; None where there is none, or one that no row can have."""
    text = ctx.request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= WHOLE_DIGITS else None


def csrf_token(secret: str) -> str:
    """What a form of this session, or of this visitor, must carry."""
    return secret_hash("csrf", secret).hex()
