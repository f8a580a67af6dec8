"""The room: which phones are in it, what they are asked, and what they answer.

Everything here is held in memory, without input or output, and knows a phone by a random token only. A phone gets the
next seat as it enters; a seat plays the state of its place in the union, the largest state first, so that a room of
few phones plays the states that decide most. Where phones outnumber states, several play one: most of them decide.
"""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from juste_retour.agents.situation import States

MOST_PHONES = 500
MOST_FROM_ONE_ADDRESS = 10  # a family behind one router, not a vote stuffed from one laptop
VOTES = {"yes": 1, "abstain": 0, "no": -1}
MOST_BARS = 12  # of a histogram


class Refused(Exception):
    """What a phone may not do: an HTTP status, and one sentence for its owner."""

    def __init__(self, status: int, text: str):
        super().__init__(text)
        self.status, self.text = status, text


@dataclass(frozen=True)
class Guess:
    """A number to guess, in `unit`, from `low` to `high` by `step`, which is 1 or 0.1; `model` is what the run says."""

    text: str
    unit: str
    low: float
    high: float
    model: float
    step: float = 0.1

    def says(self, number: float) -> str:
        """A number with its unit. A median of integers may be a half.

        >>> Guess("", "years", 0, 9, 5).says(5), Guess("", "sites", 0, 9, 5, 1).says(4.5)
        ('5.0 years', '4.5 sites')
        """
        return f"{number:.1f} {self.unit}" if self.step < 1 else f"{number:g} {self.unit}"

    def read(self, value: object) -> float:
        """The guess, rounded to a step, or `Refused`."""
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        if not self.low <= number <= self.high:
            raise Refused(400, f"Guess a number from {self.low:g} to {self.high:g}.")
        return round(float(number), 1 if self.step < 1 else 0)


@dataclass(frozen=True)
class Motion:
    """A ballot to vote on. `stakes` says what it brings each state; `counted` whether the state has a vote."""

    text: str
    stakes: tuple[str, ...]
    counted: tuple[bool, ...]

    def read(self, value: object) -> str:
        """The vote, or `Refused`."""
        if not isinstance(value, str) or value not in VOTES:
            raise Refused(400, "Vote yes, no or abstain.")
        return value


class Room:
    """Phones, one question at a time, and one answer per phone.

    Args:
        states: the union whose states the phones play.
        most: phones that may enter.
    """

    def __init__(self, states: States, most: int = MOST_PHONES):
        self.most = most
        self.seats: dict[str, int] = {}
        self.from_address: Counter[str] = Counter()
        self.question: Guess | Motion | None = None
        self.number = 0  # of the question
        self.open = False
        self.answers: dict[str, float | str] = {}
        self.play(states)

    def play(self, states: States) -> None:
        """Let the phones play the states of a union."""
        self.states = states
        self.order = sorted(range(states.count), key=lambda i: (-int(states.population[i]), i))

    def enter(self, address: str) -> str:
        """Give a new phone a seat and return its token, or `Refused`."""
        if len(self.seats) >= self.most:
            raise Refused(503, f"The room is full: {self.most} phones play already.")
        if self.from_address[address] >= MOST_FROM_ONE_ADDRESS:
            raise Refused(503, f"{MOST_FROM_ONE_ADDRESS} phones play from your network address; no more can.")
        token = secrets.token_urlsafe(16)
        self.from_address[address] += 1
        self.seats[token] = len(self.seats)
        return token

    def state_of(self, token: str) -> int:
        """Index of the state that a phone plays."""
        return self.order[self.seats[token] % len(self.order)]

    def put(self, question: Guess | Motion) -> None:
        """Open a question; the answers to the one before are gone."""
        self.question, self.open, self.answers = question, True, {}
        self.number += 1

    def close(self) -> None:
        """Take no more answers."""
        self.open = False

    def answer(self, token: str, number: object, value: object) -> float | str:
        """Take a phone's answer to a question; it replaces the one that the phone gave before.

        Raises:
            Refused: the phone is a stranger, the question is not open, or the answer is not one.
        """
        if token not in self.seats:
            raise Refused(403, "This phone has no seat; load the page again and allow cookies.")
        if self.question is None or not self.open or number != self.number:
            raise Refused(409, "This question is closed.")
        self.answers[token] = self.question.read(value)
        return self.answers[token]

    def played(self) -> set[int]:
        """The states that phones play."""
        return set(self.order[: len(self.seats)])

    def votes(self) -> dict[int, int]:
        """The votes cast, 1 yes, 0 abstention and -1 no, by state: that of most of its phones, an abstention in a tie."""
        given: dict[int, Counter[int]] = {}
        for token, value in self.answers.items():
            given.setdefault(self.state_of(token), Counter())[VOTES[str(value)]] += 1
        return {state: _most(counts) for state, counts in given.items()}

    def cast(self, model: Sequence[int]) -> list[int]:
        """(states,) votes as they are counted.

        A state that nobody plays votes as in the model's run. One that is played but has cast no vote abstains while
        the question is open and votes as in the model's run afterwards.
        """
        votes, played = self.votes(), self.played() if self.open else set()
        return [votes.get(i, 0 if i in played else vote) for i, vote in enumerate(model)]

    def guesses(self) -> list[float]:
        """All guesses, in no phone's order."""
        return sorted(float(value) for value in self.answers.values())


def _most(counts: Mapping[int, int]) -> int:
    """The vote that most have cast, 0 in a tie."""
    (vote, most), *others = sorted(counts.items(), key=lambda pair: -pair[1])
    return 0 if others and others[0][1] == most else vote


def histogram(values: Sequence[float], model: float, step: float = 0.1) -> dict[str, object]:
    """Counts of numbers in bars of equal width: 1, 2 or 5 times a power of ten, at least `step`; they cover the model's too."""
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
    return math.floor(
        round(value / width, 6)
    )  # 0.3 is in the third bar of a tenth, whatever 0.3 / 0.1 comes to
