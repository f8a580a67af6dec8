"""The link between the presenter's page and the phones: the room, its question, and who receives updates.

The presenter's pages call it from their threads and the phones from their server's event loop, so a lock protects it.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from statistics import median

from juste_retour.abm.base.members import Members
from juste_retour.agents.errors import BadInput, JusteRetourError, near
from juste_retour.runs.base.palette import LIGHT
from juste_retour.visualization.audience.ballots import HeldBallot, HeldReform
from juste_retour.visualization.audience.room import BallotQuestion, Guess, Room, histogram
from juste_retour.visualization.views.told import Told, told

LONGEST_TITLE = 120
GUESSES = {  # outcome of a run: the question, its unit, the lowest and highest guess, and the step
    "years_behind": (
        "How many years behind the frontier, on average from {from} to {to}?",
        "years",
        -10.0,
        30.0,
        0.1,
    ),
    "sites": ("How many sites will be chosen?", "sites", 0.0, 100.0, 1.0),
    "price_of_politics": (
        "How many years does politics cost, compared with a planner?",
        "years",
        -10.0,
        30.0,
        0.1,
    ),
}


class Desk:
    """Takes the presenter's questions and the phones' answers.

    Args:
        union: the union whose states the phones play until a question about another union.
        url: the address that phones open.
    """

    def __init__(self, union: Members, url: str = ""):
        self.lock = threading.RLock()
        self.room = Room(union.states)
        self.url = url
        self.title = ""
        self.lang = "en"  # of the presenter's page
        self.held: HeldBallot | HeldReform | None = None
        self.result: list[Told] = []
        self.changes = 0  # number of changes to anything that the presenter's page shows
        self.streams: Counter[str] = Counter()  # open streams by phone
        self.watchers: list[Callable[[dict[str, object]], bool]] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        self.ended = False
        self.turned = asyncio.Event()  # set when a question opens or closes, and then replaced

    # The presenter's side

    def guess(self, what: object, run: Mapping[str, object], title: object, union: Members) -> None:
        """Ask the phones to guess an outcome of a run; `what` is a key of `GUESSES`."""
        if not isinstance(what, str) or what not in GUESSES:
            raise BadInput(f"{what!r} cannot be guessed; {near(what, GUESSES)}")
        outcome = run["outcome"]
        model = outcome.get(what) if isinstance(outcome, Mapping) else None
        if model is None:
            raise BadInput("The run has no such number, so there is nothing to guess; choose another question.")
        text, unit, low, high, step = GUESSES[what]
        span = {name: str(run[key])[:4] for name, key in (("from", "window_start"), ("to", "window_end"))}
        low, high = min(low, model), max(high, model)
        question = Guess(told(text, **span), unit, low, high, round(float(model), 1), step)
        self._put(question, title, union)

    def vote(self, held: HeldBallot | HeldReform, title: object, union: Members) -> None:
        """Ask the phones to vote on a ballot of a run, or on a package of a reform."""
        self._put(held.question(), title, union, held)

    def _put(
        self,
        question: Guess | BallotQuestion,
        title: object,
        union: Members,
        held: HeldBallot | HeldReform | None = None,
    ) -> None:
        with self.lock:
            self.title = str(title or "")[:LONGEST_TITLE]
            self.held, self.result = held, []
            self.room.play(union.states)
            self.room.put(question)
        self._turn()

    def close(self) -> None:
        """Close the question and set the sentence about its result."""
        with self.lock:
            if not self.room.open:
                return
            self.room.close()
            try:
                self.result = self._outcome()
            finally:  # a user's voting rule may fail on votes that did not occur in the run
                self._turn()

    def _outcome(self) -> list[Told]:
        question, held = self.room.question, self.held
        if isinstance(question, Guess):
            guesses = self.room.guesses()
            middle = "The middle guess is {n} {unit}."
            said = question.says(middle, median(guesses)) if guesses else told("Nobody guessed.")
            return [said, question.says("The model says {n} {unit}.", question.model)]
        if held is None:
            return []
        room, model = held.count(self.room.cast(held.model)), held.as_voted
        return [
            told("The room: adopted." if room["passed"] else "The room: rejected."),
            told("The model: adopted." if model["passed"] else "The model: rejected."),
        ]

    def told(self) -> dict[str, object]:
        """The state of the room as the presenter's page shows it, for JSON."""
        with self.lock:
            room, held = self.room, self.held
            question, closed = room.question, not room.open
            state: dict[str, object] = {
                "phones": len(self.streams),
                "shared": max(Counter(room.devices[token][0] for token in self.streams).values(), default=0),
                "seats": len(room.seats),
                "number": room.number,
                "open": room.open,
                "kind": None if question is None else "guess" if isinstance(question, Guess) else "vote",
                "text": "" if question is None else question.text,
                "title": self.title,
                "answers": len(room.answers),
                "result": self.result,
            }
            votes = room.votes() if held else {}
            cast = room.cast(held.model) if held else []
            guesses = room.guesses() if isinstance(question, Guess) else []
        if isinstance(question, Guess) and closed:  # not earlier, because it would influence later guesses
            state["histogram"] = histogram(guesses, question.model, question.step) | {"unit": question.unit}
        if held:
            state["ballot"] = held.count(cast)
            state["voted"] = sorted(votes)
            if closed:
                state["model"] = held.as_voted
                state["otherwise"] = [i for i, vote in enumerate(cast) if vote != held.model[i]]
        return state

    def watch(self, tell: Callable[[dict[str, object]], bool]) -> None:
        """Call `tell` at every change from now on; it returns False once its page has closed."""
        with self.lock:
            self.watchers.append(tell)

    def code(self) -> dict[str, str]:
        """The address for the presenter's page, in full and short, and its QR code as a data URI."""
        import segno  # not imported at the top, because the single HTML file works without it

        code = segno.make(self.url, error="m", micro=False)
        return {
            "url": self.url,
            "short": self.url.removeprefix("http://").rstrip("/"),
            "qr": code.svg_data_uri(scale=8, border=4, light=LIGHT["sheet"]),
        }

    # The phones' side

    def enter(self, token: str | None, address: str, browser: str = "") -> str:
        """The token of the phone: its own if it has a seat, otherwise a new one."""
        with self.lock:
            return token if token in self.room.seats else self.room.enter(address, browser)

    def answer(self, token: str, number: object, value: object) -> float | str:
        """Record a phone's answer and return it as recorded."""
        with self.lock:
            taken = self.room.answer(token, number, value)
            self.changes += 1
            return taken

    def seen_by(self, token: str) -> dict[str, object]:
        """The state of the room as a phone shows it, for JSON."""
        with self.lock:
            room, question = self.room, self.room.question
            state = room.state_of(token)
            seen: dict[str, object] = {
                "state": room.states.names[state],
                "code": room.states.codes[state],
                "lang": self.lang,
                "number": room.number,
                "stage": "waiting" if question is None else "open" if room.open else "closed",
                "mine": room.answers.get(token),
                "title": self.title,
                "result": self.result,
            }
            if isinstance(question, Guess):
                about = {"kind": "guess", "unit": question.unit, "low": question.low, "high": question.high}
                return seen | about | {"text": question.text}
            if question is not None:
                about = {"kind": "vote", "stake": question.stakes[state], "counted": question.counted[state]}
                return seen | about | {"text": question.text}
            return seen

    def listening(self, token: str, by: int) -> None:
        """Change the number of a phone's open streams by `by`, 1 or -1."""
        with self.lock:
            self.streams[token] += by
            self.streams += Counter()  # removes phones without an open stream
            if token in self.streams:
                self.room.left.pop(token, None)
            else:
                self.room.left[token] = None
            self.changes += 1

    def turned_to(self, lang: object) -> None:
        """Show the phones the language of the presenter's page."""
        if isinstance(lang, str) and lang != self.lang:
            self.lang = lang[:8]
            self._turn()

    def _turn(self) -> None:
        """Send all phones an update; may be called from any thread."""
        with self.lock:
            self.changes += 1
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self.turn)

    def end(self) -> None:
        """End all streams, so that the server can shut down without cutting them off."""
        self.ended = True
        self._turn()

    def turn(self) -> None:
        """Send all phones an update; must be called in the loop of their server."""
        before, self.turned = self.turned, asyncio.Event()
        before.set()

    def tell(self) -> None:
        """Update all presenter's pages, and forget those that have closed."""
        with self.lock:
            watchers = list(self.watchers)
        news: dict[str, object]
        try:
            news = {"audience": self.told()}
        except JusteRetourError as error:
            news = {"error": str(error)}
        gone = [tell for tell in watchers if not tell(news)]
        with self.lock:
            self.watchers = [tell for tell in self.watchers if tell not in gone]


_HERE: list[Desk] = []


def set_up(desk: Desk | None) -> None:
    """Set the desk of this server; None for no phones."""
    _HERE[:] = [] if desk is None else [desk]


def desk_here() -> Desk | None:
    """The desk of this server; None without phones."""
    return _HERE[0] if _HERE else None
