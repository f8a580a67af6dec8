"""Actors, issues, positions, saliences and capabilities: the compromise model and the exchange model.

Positions and saliences are on a scale of 0 to 100; capabilities are weights. The functions take arrays (..., actors,
issues), with or without leading world axes. `load_positions` reads a table in the form of the DEU data sets
(Decision-making in the European Union).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.base.csv_tables import InputTable
from juste_retour.agents.arrays import Booleans, Floats, Integers, Number, total
from juste_retour.agents.errors import BadInput

COLUMNS = ("actor", "issue", "position", "salience", "capability")


@dataclass(frozen=True, eq=False)
class Positions:
    """The positions of actors on issues.

    Attributes:
        actors: names of the actors.
        issues: names of the issues.
        position: (actors, issues), 0 to 100; NaN if the actor has none.
        salience: (actors, issues), 0 to 100; 0 if the actor has no position.
        capability: (actors, issues), weights of at least 0.
    """

    actors: tuple[str, ...]
    issues: tuple[str, ...]
    position: Floats
    salience: Floats
    capability: Floats


def load_positions(path: Path | str) -> Positions:
    """Read a CSV file with the columns actor, issue, position, salience and capability; one row per actor and issue.

    Raises:
        BadInput: names the file, the row, the column, the value and the remedy.
    """
    table = InputTable(Path(path), required=COLUMNS, optional=())
    names, topics = table.texts("actor"), table.texts("issue")
    actors, issues = tuple(dict.fromkeys(names)), tuple(dict.fromkeys(topics))
    shape = (len(actors), len(issues))
    position, salience, capability = np.full(shape, np.nan), np.zeros(shape), np.zeros(shape)
    columns = (
        table.numbers("position", low=0, high=100),
        table.numbers("salience", low=0, high=100),
        table.numbers("capability", low=0),
    )
    for row, (actor, issue) in enumerate(zip(names, topics, strict=True)):
        at = actors.index(actor), issues.index(issue)
        if not np.isnan(position[at]):
            table.fail(row, "actor", f"appears twice on {issue!r}", "keep one row for each actor and issue")
        position[at], salience[at], capability[at] = (c[row] for c in columns)
    return Positions(actors, issues, position, salience, capability)


def compromise_outcome(position: Floats, salience: Floats, capability: Number) -> Floats:
    """The compromise model: the mean of positions weighted by salience and capability, O = sum x c s / sum c s.

    Actors without a position (NaN) or with zero salience do not count. If nobody has salience on an issue, its outcome
    is the unweighted mean.

    Args:
        position: (..., actors, issues), 0 to 100.
        salience: (..., actors, issues), 0 to 100.
        capability: weights that broadcast with these.

    Returns:
        (..., issues), 0 to 100.

    Source: Van den Bos (1991); Achen (2006); Thomson et al. (2006), The EU Decides.

    >>> import numpy as np
    >>> compromise_outcome(np.array([[0.0, 0.0], [100.0, 100.0]]), np.array([[10.0, 90.0], [60.0, 50.0]]), 1.0).round(6)
    array([85.714286, 35.714286])
    """
    weight = _weight(position, salience, capability)
    x = np.where(weight > 0, position, 0.0)
    return total(np.swapaxes(x * weight, -1, -2)) / total(np.swapaxes(weight, -1, -2))


def _weight(position: Floats, salience: Floats, capability: Number) -> Floats:
    there = ~np.isnan(position)
    weight = np.where(there, salience * capability, 0.0)
    nobody = ~(weight > 0).any(axis=-2, keepdims=True)
    return np.where(nobody, there.astype(np.float64), weight)


@dataclass(frozen=True, eq=False)
class Exchange:
    """The result of the exchange model.

    Attributes:
        position: (..., actors, issues) positions after all exchanges.
        outcome: (..., issues) weighted means of these positions.
        made: (...) number of exchanges.
        log: the exchanges of the first world: giver, taker, issue given, issue received, gain of each.
    """

    position: Floats
    outcome: Floats
    made: NDArray[np.int64]
    log: list[tuple[int, int, int, int, float]]


def exchange_outcome(
    position: Floats, salience: Floats, capability: Number, rounds: int = 50, about: int | None = None
) -> Exchange:
    """The exchange model: actors trade positions, the most profitable pair first, until no pair gains.

    Two actors may trade if they are on opposite sides of the expected outcome on two issues and each cares relatively
    more about a different one. Each moves toward the other on the issue that it cares less about, until one of them has
    given in completely; both gain the same. Each round makes the trade with the largest gain in each world. An actor
    gives in on an issue at most once. Trades affect others, who have no say.

    Args:
        position: (..., actors, issues), 0 to 100.
        salience: (..., actors, issues), 0 to 100.
        capability: weights that broadcast with these.
        rounds: most trades per world.
        about: index of an issue that every trade must include; None for any two issues.

    Source: Stokman and Van Oosten (1994), equal gain; Van Assen, Stokman and Van Oosten (2003) on externalities.
    """
    shape = np.broadcast_shapes(position.shape, salience.shape, np.shape(capability))
    worlds, actors, issues = shape[:-2], shape[-2], shape[-1]
    count = int(np.prod(worlds, dtype=np.int64))
    x = np.broadcast_to(position, shape).reshape(count, actors, issues).copy()
    s = np.ascontiguousarray(np.broadcast_to(salience, shape)).reshape(count, actors, issues)
    weight = _weight(x, s, np.broadcast_to(capability, shape).reshape(count, actors, issues))
    # by how much the outcome moves if an actor moves by one point
    share = weight / total(np.swapaxes(weight, -1, -2))[:, None, :]
    given = np.isnan(x)
    made, log, trading = np.zeros(count, dtype=np.int64), [], np.ones(count, bool)
    for _ in range(rounds):
        outcome = compromise_outcome(x, s, weight / np.where(s > 0, s, 1.0))
        best, deal, step = _best_trade(x, s, share, outcome, given, about)
        trading &= best > 1e-9
        if not trading.any():
            break
        now = np.flatnonzero(trading)
        giver, taker, on, for_ = deal[now].T
        x[now, giver, on] += step[now, 0]
        x[now, taker, for_] += step[now, 1]
        given[now, giver, on] = True
        given[now, taker, for_] = True
        made += trading
        if trading[0]:
            log.append((*deal[0].tolist(), float(best[0])))
    outcome = compromise_outcome(x, s, weight / np.where(s > 0, s, 1.0))
    return Exchange(x.reshape(shape), outcome.reshape(*worlds, issues), made.reshape(worlds), log)


def _best_trade(
    x: Floats, s: Floats, share: Floats, outcome: Floats, given: Booleans, about: int | None
) -> tuple[Floats, Integers, Floats]:
    """The trade with the largest gain in each world: gain (worlds,), giver, taker and their issues (worlds, 4), moves (worlds, 2)."""
    count, actors, issues = x.shape
    each, best = np.arange(count), np.zeros(count)
    deal, step = np.zeros((count, 4), dtype=np.int64), np.zeros((count, 2))
    for p in range(issues):
        for q in range(issues):
            if p == q or about not in (None, p, q):
                continue
            gain, move_p, move_q = _trades(x, s, share, outcome, given, p, q)
            flat = gain.reshape(count, -1)
            top = flat.argmax(-1)
            better = flat[each, top] > best + 1e-12
            a, b = np.divmod(top, actors)
            best = np.where(better, flat[each, top], best)
            trade = np.stack([a, b, np.full(count, p), np.full(count, q)], axis=-1)
            deal = np.where(better[:, None], trade, deal)
            moved = np.stack([move_p[each, a, b], move_q[each, a, b]], axis=-1)
            step = np.where(better[:, None], moved, step)
    return best, deal, step


def _trades(
    x: Floats, s: Floats, share: Floats, outcome: Floats, given: Booleans, p: int, q: int
) -> tuple[Floats, Floats, Floats]:
    """All trades in which actor a gives in on issue p and actor b on issue q.

    Returns:
        the gain of each partner, the move of a on p, and the move of b on q; (worlds, a, b) each.
    """
    xa, xb = x[:, :, None, :], x[:, None, :, :]
    sa, sb = s[:, :, None, :], s[:, None, :, :]
    with np.errstate(invalid="ignore"):
        opposed = [
            (xa[..., k] - outcome[:, None, None, k]) * (xb[..., k] - outcome[:, None, None, k]) < 0 for k in (p, q)
        ]
        valid = opposed[0] & opposed[1] & ~given[:, :, None, p] & ~given[:, None, :, q]
        valid &= sa[..., q] * sb[..., p] > sa[..., p] * sb[..., q]  # a cares relatively more about q than b does
        far_p, far_q = np.abs(xa[..., p] - xb[..., p]), np.abs(xa[..., q] - xb[..., q])
        most_p, most_q = share[:, :, None, p] * far_p, share[:, None, :, q] * far_q
        # the shift of outcome q per shift of outcome p at which both gain the same
        rate = (sa[..., p] + sb[..., p]) / np.maximum(sa[..., q] + sb[..., q], 1e-300)
        shift_p = np.minimum(most_p, most_q / np.maximum(rate, 1e-300))
        shift_q = shift_p * rate
        gain = np.where(valid, sa[..., q] * shift_q - sa[..., p] * shift_p, 0.0)
        move_p = shift_p / np.maximum(share[:, :, None, p], 1e-300) * np.sign(xb[..., p] - xa[..., p])
        move_q = shift_q / np.maximum(share[:, None, :, q], 1e-300) * np.sign(xa[..., q] - xb[..., q])
    return np.nan_to_num(gain), move_p, move_q


def named_positions(found: Positions, codes: tuple[str, ...], issue: str, place: str) -> NDArray[np.float64]:
    """Each state's position, salience and capability on an issue; (3, states), NaN for states without a position.

    Raises:
        BadInput: the table lacks the issue or names an unknown state; the message begins with `place`.
    """
    if issue not in found.issues:
        raise BadInput(
            f"{place}: the table has no issue {issue!r}, only {', '.join(found.issues)}; add rows for {issue!r}."
        )
    k = found.issues.index(issue)
    out = np.full((3, len(codes)), np.nan)
    for i, actor in enumerate(found.actors):
        if actor not in codes:
            raise BadInput(f"{place}: the table has the actor {actor!r}, which is not a member; remove its rows.")
        if not np.isnan(found.position[i, k]):
            out[:, codes.index(actor)] = found.position[i, k], found.salience[i, k], found.capability[i, k]
    return out
