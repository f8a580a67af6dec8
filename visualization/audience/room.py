"""The room: its phones, the question and the answers.

All of it is in memory, without input or output, and phones are identified only by a random token. A phone gets the next
seat when it enters. Seats are assigned to states by population, the largest first, so that a few phones play the states
with most influence. If there are more phones than states, several phones play one state and their majority decides.
"""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from juste_retour.agents.situation import States
from juste_retour.visualization.views.told import Told, told

MOST_PHONES = 500
MOST_FROM_ONE_ADDRESS = 300  # for a room behind one router; the presenter sees how many share an address
VOTES = {"yes": 1, "abstain": 0, "no": -1}
MOST_BARS = 12  # bars of a histogram


class AnswerRefused(Exception):
    """A phone's request is rejected, with an HTTP status and one sentence for the user."""

    def __init__(self, status: int, text: str):
        super().__init__(text)
        self.status, self.text = status, text


@dataclass(frozen=True)
class Guess:
    """A number to guess, in `unit`, from `low` to `high` in steps of 1 or 0.1. `model` is the value in the run."""

    text: Told
    unit: str
    low: float
    high: float
    model: float
    step: float = 0.1

    def says(self, template: str, number: float) -> Told:
        """A sentence about a number `{n}` with its `{unit}`. A median of integers may be a half.

        >>> Guess(("", {}), "sites", 0, 9, 5, 1).says("The room says {n} {unit}.", 4.5)
        ('The room says {n} {unit}.', {'n': '4.5', 'unit': 'sites'})
        """
        return told(template, n=f"{number:.1f}" if self.step < 1 else f"{number:g}", unit=self.unit)

    def read(self, value: object) -> float:
        """The guess, rounded to a step. Raises `AnswerRefused` if it is not a number from `low` to `high`."""
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        if not self.low <= number <= self.high:
            raise AnswerRefused(400, f"Guess a number from {self.low:g} to {self.high:g}.")
        return round(float(number), 1 if self.step < 1 else 0)


@dataclass(frozen=True)
class BallotQuestion:
    """A ballot to vote on. `stakes` are sentences per state on what it gains and pays; `counted` is whether it votes."""

    text: tuple[Told, ...]
    stakes: tuple[tuple[Told, ...], ...]
    counted: tuple[bool, ...]

    def read(self, value: object) -> str:
        """The vote. Raises `AnswerRefused` if it is not a key of `VOTES`."""
        if not isinstance(value, str) or value not in VOTES:
            raise AnswerRefused(400, "Vote yes, no or abstain.")
        return value


class Room:
    """The phones, with one question at a time and one answer per phone.

    Args:
        states: the states that the phones play.
        most: largest number of phones.
    """

    def __init__(self, states: States, most: int = MOST_PHONES):
        self.most = most
        self.seats: dict[str, int] = {}
        self.devices: dict[str, tuple[str, str]] = {}  # address and browser of each phone
        self.left: dict[str, None] = {}  # phones whose pages are closed, in the order in which they left
        self.question: Guess | BallotQuestion | None = None
        self.number = 0  # number of the question, from 1
        self.open = False
        self.answers: dict[str, float | str] = {}
        self.play(states)

    def play(self, states: States) -> None:
        """Assign the phones to the states of a union."""
        self.states = states
        self.order = sorted(range(states.count), key=lambda i: (-int(states.population[i]), i))

    def enter(self, address: str, browser: str = "") -> str:
        """Give a phone a seat and return its token.

        If a phone with this address and browser has left without an answer, it is taken for the same device, which has lost
        its cookie, as in a new private window: the new token has the seat of the old one.

        Raises:
            AnswerRefused: the room or the address has too many phones.
        """
        token, device = secrets.token_urlsafe(16), (address, browser)
        for before in self.left:
            if self.devices[before] == device and before not in self.answers:
                del self.left[before], self.devices[before]
                self.seats[token], self.devices[token] = self.seats.pop(before), device
                return token
        if len(self.seats) >= self.most:
            raise AnswerRefused(503, f"The room is full: {self.most} phones play already.")
        if [where for where, _ in self.devices.values()].count(address) >= MOST_FROM_ONE_ADDRESS:
            most = f"{MOST_FROM_ONE_ADDRESS} phones already play from your network address, which is the limit."
            raise AnswerRefused(503, most)
        self.seats[token], self.devices[token] = len(self.seats), device
        return token

    def state_of(self, token: str) -> int:
        """The index of the state that a phone plays."""
        return self.order[self.seats[token] % len(self.order)]

    def put(self, question: Guess | BallotQuestion) -> None:
        """Open a question and delete the answers to the previous one."""
        self.question, self.open, self.answers = question, True, {}
        self.number += 1

    def close(self) -> None:
        """Close the question to further answers."""
        self.open = False

    def answer(self, token: str, number: object, value: object) -> float | str:
        """Record a phone's answer to a question, in place of an earlier one, and return it.

        Raises:
            Refused: the phone has no seat, the question is not open, or the answer is invalid.
        """
        if token not in self.seats:
            raise AnswerRefused(403, "This phone has no seat; load the page again and allow cookies.")
        if self.question is None or not self.open or number != self.number:
            raise AnswerRefused(409, "This question is closed.")
        self.answers[token] = self.question.read(value)
        return self.answers[token]

    def played(self) -> set[int]:
        """The states that phones play."""
        return set(self.order[: len(self.seats)])

    def votes(self) -> dict[int, int]:
        """The votes cast by state: 1 yes, 0 abstention, -1 no. The plurality of its phones decides; a tie is an abstention."""
        given: dict[int, Counter[int]] = {}
        for token, value in self.answers.items():
            given.setdefault(self.state_of(token), Counter())[VOTES[str(value)]] += 1
        return {state: _most(counts) for state, counts in given.items()}

    def cast(self, model: Sequence[int]) -> list[int]:
        """The votes to count (states,), given those of the model (states,).

        A state that nobody plays votes as in the model. A state that is played but has not voted abstains while the
        question is open; afterwards it votes as in the model.
        """
        votes, played = self.votes(), self.played() if self.open else set()
        return [votes.get(i, 0 if i in played else vote) for i, vote in enumerate(model)]

    def guesses(self) -> list[float]:
        """All guesses, sorted, so that their order does not identify phones."""
        return sorted(float(value) for value in self.answers.values())


def _most(counts: Mapping[int, int]) -> int:
    """The most frequent vote; 0 in a tie."""
    (vote, most), *others = sorted(counts.items(), key=lambda pair: -pair[1])
    return 0 if others and others[0][1] == most else vote


def histogram(values: Sequence[float], model: float, step: float = 0.1) -> dict[str, object]:
    """A histogram of `values` whose range includes `model`, for JSON.

    All bars have the same width: 1, 2 or 5 times a power of ten, and at least `step`.
    """
    every = [*values, model]
    widths = (m * 10.0**k for k in range(-1, 9) for m in (1, 2, 5))
    width = next(w for w in widths if w >= step and _bars(every, w) <= MOST_BARS)
    low = _place(min(every), width)
    counts = [0] * _bars(every, width)
    for value in values:
        counts[_place(value, width) - low] += 1
    return {
        "low": round(low * width, 1),
        "width": width,
        "counts": counts,
        "median": median(values) if values else None,
        "model": model,
        "step": step,
    }


def _bars(values: Sequence[float], width: float) -> int:
    return _place(max(values), width) - _place(min(values), width) + 1


def _place(value: float, width: float) -> int:
    return math.floor(round(value / width, 6))  # rounded, because 0.3 / 0.1 is less than 3 in floating point
