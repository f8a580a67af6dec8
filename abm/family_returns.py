"""Checks the return values of each family's rules: type, shape and bounds.

User-defined rules are checked at every call, shipped rules only by the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from juste_retour.abm.bargaining.council import Council
from juste_retour.abm.delivery.access import Regime
from juste_retour.abm.delivery.operations import Practice
from juste_retour.abm.delivery.pooling import Pool
from juste_retour.abm.delivery.procurement import Procedure
from juste_retour.abm.politics.ballot_result import BallotResult
from juste_retour.abm.politics.funding import Split
from juste_retour.abm.politics.leftover import Leftover
from juste_retour.agents.arrays import Booleans, Floats, total
from juste_retour.agents.asking import SHAPES, InvalidReturn
from juste_retour.agents.rules import Handed, family
from juste_retour.agents.situation import Sites, States
from juste_retour.agents.some_worlds import count_of

Wanted = TypeVar("Wanted")
Answer = dict[str, np.ndarray]  # the arrays in a return value, by name

KINDS = {"b": "booleans", "iu": "integers", "f": "floats"}
SLACK = 1 + 1e-9
SHARES = {
    "person_share", "overpricing", "lost_purchases_a_year", "refresh", "litigation_hazard", "tender_failure", "given_up",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class RuleCall:
    """The call of a rule whose return value is checked.

    Attributes:
        worlds: number of worlds.
        states: the states, for messages and shapes; None if the arguments do not contain them.
        sites: the candidate sites, likewise.
    """

    worlds: int
    states: States | None = None
    sites: Sites | None = None


def call_of(handed: Handed, parameters: Mapping[str, Any]) -> RuleCall:
    """Describe the call of a rule with these arguments and parameters."""
    known: dict[type, Any] = {}
    for thing in handed:
        for part in (thing, getattr(thing, "states", None), getattr(thing, "sites", None)):
            known.setdefault(type(part), part)
    return RuleCall(count_of(*handed, *parameters.values()), known.get(States), known.get(Sites))


def check(name: str, returned: Any, handed: Handed, call: RuleCall) -> Any:
    """Check the return value of a rule of the family `name`, and return it in the form that a run uses.

    Raises:
        InvalidReturn: a run cannot use the value.
    """
    examine = _BY_FAMILY.get(name)
    if examine is not None:
        used = examine(returned, handed, call)
        return returned if used is None else used
    for part, array in leaves(returned).items():
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise InvalidReturn(f"returns NaN{_of(part)}")
    return returned


def leaves(returned: object, name: str = "") -> Answer:
    """All numbers and arrays in a return value, by name."""
    if isinstance(returned, np.ndarray | bool | int | float | np.generic):
        return {name: np.asarray(returned)}
    found: Answer = {}
    if isinstance(returned, tuple | list):
        for k, part in enumerate(returned):
            found |= leaves(part, f"{name}[{k}]")
    elif is_dataclass(returned) and not isinstance(returned, type):
        for f in fields(returned):
            found |= leaves(getattr(returned, f.name), f"{name}.{f.name}".lstrip("."))
    return found


def _of(name: str) -> str:
    return f" in {name}" if name else ""


def array(x: object, shape: tuple[int, ...], kind: str, axes: str, call: RuleCall, name: str = "") -> np.ndarray:
    """Return the value as an array after checking type, shape and dtype, and that it holds no NaN.

    Args:
        x: the value.
        shape: the shape that it must have.
        kind: the dtypes that it may have, a key of `KINDS`.
        axes: the names of its axes, separated by commas.
        call: the call of the rule.
        name: the part of the return value, for messages.

    Raises:
        InvalidReturn: a check fails.
    """
    wanted = KINDS[kind]
    if not isinstance(x, np.ndarray | np.generic):
        raise InvalidReturn(f"returns {_shown(x)}{_of(name)}; return a NumPy array of {wanted} of shape {_axes(axes)}")
    if x.shape != shape:
        parameter = f"; {SHAPES}" if x.ndim > len(shape) else ""
        raise InvalidReturn(
            f"returns an array of shape {x.shape}{_of(name)}, but {_axes(axes)} is {shape}; keep the leading axes and "
            f"reduce only over the last one{parameter}"
        )
    if x.dtype.kind not in kind:
        raise InvalidReturn(f"returns {x.dtype}{_of(name)}; return {wanted} of shape {_axes(axes)}")
    if x.dtype.kind == "f" and np.isnan(x).any():
        raise InvalidReturn(f"returns NaN{_of(name)}{_where(np.isnan(x), axes, call)}; check its divisions")
    return np.asarray(x)


def _shown(x: object) -> str:
    """A value and its type for a message; the type alone if the value is long."""
    if x is None:
        return "None"
    text = " ".join(repr(x).split())
    return f"{text}, a {type(x).__name__}" if len(text) <= 40 else f"a {type(x).__name__}"


def _axes(axes: str) -> str:
    return f"({axes})" if "," in axes else f"({axes},)"


def _where(wrong: Booleans, axes: str, call: RuleCall) -> str:
    at = np.argwhere(wrong)[0].tolist()
    if axes.endswith("states") and call.states is not None:
        return f" for {call.states.codes[at[-1]]}"
    if axes.endswith("sites") and call.sites is not None:
        return f" for the site {call.sites.names[at[-1]]}"
    return ""


def bounded(x: np.ndarray, low: float, high: float, unit: str, axes: str, call: RuleCall, name: str = "") -> None:
    """Check that all numbers lie between bounds; raises `InvalidReturn` otherwise."""
    wrong = (x < low) | (x > high)
    if np.any(wrong):
        value = np.asarray(x)[wrong].flat[0]
        limits = f"between {low:g} and {high:g}" if high < np.finfo(float).max else f"of at least {low:g}"
        raise InvalidReturn(
            f"returns {value:.4g}{unit}{_of(name)}{_where(wrong, axes, call)}; return a number {limits}"
        )


def _bid(x: object, handed: Handed, call: RuleCall) -> None:
    (situation,) = handed
    sizes = array(x, situation.received.shape, "f", "worlds, states", call)
    bounded(sizes, 0, np.finfo(float).max, " EUR bn", "worlds, states", call)


def _vote(x: object, handed: Handed, call: RuleCall) -> None:
    votes = array(x, handed[0].received.shape, "iu", "worlds, states", call)
    bounded(votes, -1, 1, "", "worlds, states", call)


def _expect(x: object, handed: Handed, call: RuleCall) -> None:
    values = array(x, handed[0].received.shape, "f", "worlds, states", call)
    _finite(values, "worlds, states", call)


def _finite(values: np.ndarray, axes: str, call: RuleCall, name: str = "") -> None:
    if np.isinf(values).any():
        raise InvalidReturn(
            f"returns infinity{_of(name)}{_where(np.isinf(values), axes, call)}; return a finite number"
        )


def _draft(x: object, handed: Handed, call: RuleCall) -> None:
    axes = "worlds, plans, commissioners"
    _finite(array(x, handed[0].home.shape, "f", axes, call), axes, call)


def _endorse(x: object, handed: Handed, call: RuleCall) -> None:
    array(x, handed[0].home.shape, "b", "worlds, plans, commissioners", call)


def _anchor(x: object, handed: Handed, call: RuleCall) -> None:
    (market,) = handed
    shape = np.broadcast_shapes(market.usable.shape, market.outside.shape)
    values = array(x, shape, "f", "worlds, labs, places", call)
    if np.isposinf(values).any():
        raise InvalidReturn(
            "returns infinity; return a finite advantage, or minus infinity where the lab offers nothing"
        )


def _voting(x: object, handed: Handed, call: RuleCall) -> Booleans:
    """Accept (worlds,) and also (worlds, 1), the shape in which a count is compared with a parameter."""
    shape = handed[0].yes.shape[:-1]
    if isinstance(x, np.ndarray) and x.shape == (*shape, 1):
        x = x[..., 0]
    return array(x, shape, "b", "worlds", call)


def _part(x: object, name: str, call: RuleCall, by_site: bool = False) -> np.ndarray:
    """Check that a value is a number, an array (worlds, 1) or, if allowed, an array (worlds, sites); all finite."""
    found = np.asarray(x)
    if found.dtype.kind not in "biuf":
        raise InvalidReturn(f"returns a {type(x).__name__} in {name}; return a number or an array (worlds, 1)")
    wide = {(1, call.sites.count), (call.worlds, call.sites.count)} if by_site and call.sites else set()
    if found.shape not in {(), (1, 1), (call.worlds, 1), *wide}:
        also = " or (worlds, sites)" if by_site else ""
        raise InvalidReturn(
            f"returns an array of shape {found.shape} in {name}; return a number or an array (worlds, 1){also}"
        )
    if not np.isfinite(found).all():
        raise InvalidReturn(f"returns a number that is not finite in {name}; check its divisions")
    return found


def _instance(x: object, cls: type[Wanted]) -> Wanted:
    if not isinstance(x, cls):
        said = "nothing" if x is None else f"a {type(x).__name__}"
        raise InvalidReturn(f"returns {said}; return a {cls.__name__} (from {cls.__module__})")
    return x


def _funding(x: object, handed: Handed, call: RuleCall) -> None:
    split = _instance(x, Split)
    parts = [_part(getattr(split, name), name, call) for name in ("host", "union", "private")]
    for name, part in zip(("host", "union", "private"), parts, strict=True):
        bounded(part, 0, 1, "", "worlds", call, name)
    if np.any(np.abs(parts[0] + parts[1] + parts[2] - 1) > 1e-9):
        share_sum = (parts[0] + parts[1] + parts[2]).flat[0]
        raise InvalidReturn(f"returns shares that sum to {share_sum:.4g}; host, union and private must sum to 1")
    n = handed[0].count
    key = split.key
    if not isinstance(key, np.ndarray) or key.shape not in ((n,), (call.worlds, n)):
        raise InvalidReturn(f"returns a key that is not an array (states,); return a share for each of the {n} states")
    if not np.isfinite(key).all() or np.any(key < 0) or np.any(np.abs(total(key) - 1) > 1e-9):
        raise InvalidReturn(
            "returns a key that does not divide the Union's part; its shares must be at least 0 and sum to 1"
        )
    if type(split).payments is not Split.payments:
        _bills(split, parts[2], n, call)


def _bills(split: Split, private: np.ndarray, states: int, call: RuleCall) -> None:
    """Check `payments` of a user's class on two plans: one with a site in each state, and one with a single site."""
    for spend in (np.arange(1.0, states + 1), np.eye(states)[-1]):
        spent = np.broadcast_to(spend, (call.worlds, states))
        paid = array(split.payments(spent), spent.shape, "f", "worlds, states", call, "payments")
        bounded(paid, 0, np.finfo(float).max, " EUR bn", "worlds, states", call, "payments")
        due = total((1 - private) * spent)
        wrong = np.flatnonzero(np.abs(total(paid) - due) > 1e-9 * total(spent))
        if wrong.size:
            raise InvalidReturn(
                f"has payments that add up to {total(paid)[wrong[0]]:.6g} EUR bn, but {due[wrong[0]]:.6g} EUR bn are due; "
                "let payments and private money add up to the spending"
            )


def _plan(x: Any, name: str, envelope: Floats | None, call: RuleCall) -> np.ndarray:
    sites = np.shape(x)[-1] if call.sites is None else call.sites.count
    plan = array(x, (call.worlds, sites), "f", "worlds, sites", call, name)
    bounded(plan, 0, np.finfo(float).max, " EUR bn", "worlds, sites", call, name)
    spent = total(plan)
    over = spent > np.asarray(envelope)[..., 0] * SLACK + 1e-12 if envelope is not None else spent < 0
    if np.any(over):
        world = int(np.flatnonzero(over)[0])
        raise InvalidReturn(
            f"places {spent[world]:.4g} EUR bn, but the envelope is {np.asarray(envelope)[world, 0]:.4g} EUR bn; scale the "
            "plan down"
        )
    return plan


def _entitlement(x: object, handed: Handed, call: RuleCall) -> None:
    plan, claims = handed
    more = np.maximum(claims.envelope, total(plan)[:, None])
    out = _plan(x, "", more, call)
    small = (out > 0) & (out < claims.smallest / SLACK)
    if small.any():
        raise InvalidReturn(
            f"places {out[small][0]:.4g} EUR bn{_where(small, 'worlds, sites', call)}, less than the smallest "
            "facility costs; place 0 there"
        )


def _reversion(x: object, handed: Handed, call: RuleCall) -> None:
    if not isinstance(x, tuple) or len(x) != 2:
        raise InvalidReturn(
            "does not return a pair; return the plan (worlds, sites) and whether hosts pay for it alone"
        )
    plan, alone = x
    if not isinstance(alone, bool | np.bool_):
        raise InvalidReturn(
            f"returns a {type(alone).__name__} with the plan; return True if hosts pay for it alone, or else False"
        )
    if isinstance(handed[0], Council):  # only there the plan is limited by an envelope
        _plan(plan, "the plan", None if alone else handed[0].known.envelope, call)


def _agenda(x: object, handed: Handed, call: RuleCall) -> None:
    if x is None:
        return
    if not isinstance(x, BallotResult):
        raise InvalidReturn(f"returns a {type(x).__name__}; return what table.conclude(offer, sunk) returns")
    if not isinstance(handed[0], Council):
        return
    w, n = call.worlds, handed[0].states.count
    _plan(x.plan, "plan", handed[0].known.envelope, call)
    array(x.pledged, x.plan.shape, "f", "worlds, sites", call, "pledged")
    for name in ("yes", "no"):
        array(getattr(x, name), (w, n), "b", "worlds, states", call, name)
    for name in ("union_yes", "held", "passed"):
        array(getattr(x, name), (w,), "b", "worlds", call, name)
    array(x.ends, (w,), "b", "worlds", call, "last")
    _finite(array(x.gain, (w, n), "f", "worlds, states", call, "gain"), "worlds, states", call, "gain")
    if np.any(x.yes & x.no):
        raise InvalidReturn("returns a state that votes both yes and no; let each state vote at most once")


def _operations(x: object, handed: Handed, call: RuleCall) -> None:
    _all_parts(_instance(x, Practice), call)


def _standing_operations(x: object, handed: Handed, call: RuleCall) -> None:
    if x is not None:
        _operations(x, handed, call)


def _access(x: object, handed: Handed, call: RuleCall) -> None:
    regime = _instance(x, Regime)
    share = _part(regime.year_share, "year_share", call)
    if np.any((share < 0) | (share > 1)):
        raise InvalidReturn("returns a year_share outside 0 to 1; return a share between them")


def _leftover(x: object, handed: Handed, call: RuleCall) -> None:
    decisions = [handed[0], *(wave.decision for wave in _instance(x, Leftover).waves)]
    if any(later <= earlier for earlier, later in pairwise(decisions)):
        raise InvalidReturn(
            "returns waves out of order; let each follow the one before, and the first the last regular decision"
        )


def _procurement(x: object, handed: Handed, call: RuleCall) -> None:
    procedure = _instance(x, Procedure)
    _all_parts(procedure, call)
    for name in ("award_years", "build_years"):
        bounded(np.asarray(getattr(procedure, name)), 1e-9, np.inf, " years", "worlds", call, name)
    bounded(np.asarray(procedure.behind_the_meter), 1, np.inf, "", "worlds", call, "behind_the_meter")


def _all_parts(x: Practice | Procedure, call: RuleCall) -> None:
    for f in fields(x):
        part = _part(getattr(x, f.name), f.name, call, isinstance(x, Procedure))
        bounded(part, 0, 1 if f.name in SHARES else np.inf, "", "worlds", call, f.name)


def _pooling(x: object, handed: Handed, call: RuleCall) -> None:
    pool, fleet = _instance(x, Pool), handed[0]
    rate = array(pool.rate, fleet.chips.shape[:1], "f", "worlds", call, "rate")
    bounded(rate, 0, np.finfo(float).max, " FLOP/s", "worlds", call, "rate")
    members = array(pool.members, fleet.chips.shape, "b", "worlds, sites", call, "members")
    own = array(pool.own, fleet.chips.shape, "f", "worlds, sites", call, "own")
    bounded(own, 0, np.finfo(float).max, " FLOP/s", "worlds, sites", call, "own")
    array(pool.islands, rate.shape, "iu", "worlds", call, "islands")
    if np.any(members & (fleet.chips <= 0)):
        idle = members & (fleet.chips <= 0)
        raise InvalidReturn(
            f"lets a site without working chips take part{_where(idle, 'worlds, sites', call)}; leave it out of members"
        )


_BY_FAMILY: dict[str, Callable[[Any, Handed, RuleCall], Any]] = {
    "bid": _bid,
    "vote": _vote,
    "expect": _expect,
    "draft": _draft,
    "endorse": _endorse,
    "anchor": _anchor,
    "voting": _voting,
    "funding": _funding,
    "entitlement": _entitlement,
    "reversion": _reversion,
    "agenda": _agenda,
    "operations": _operations,
    "access": _access,
    "standing": _access,
    "standing_operations": _standing_operations,
    "leftover": _leftover,
    "procurement": _procurement,
    "pooling": _pooling,
}


def _checked(name: str) -> Callable[[Any, Handed, Mapping[str, Any]], Any]:
    def checked(returned: Any, handed: Handed, parameters: Mapping[str, Any]) -> Any:
        return check(name, returned, handed, call_of(handed, parameters))

    return checked


def attach() -> None:
    """Attach to each shipped family the check of its return values."""
    for name in _BY_FAMILY:
        family(name).returns = _checked(name)
