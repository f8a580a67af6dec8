"""What a round of bargaining came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from juste_retour.agents.arrays import Reals, Truths


@dataclass(frozen=True, eq=False)
class Motion:
    """What a round of bargaining came to, in the table's worlds.

    `plan` is the offer: EUR bn (worlds, sites) at the Council's table, and `pledged` is labs' money in it; `yes`, `no`
    (worlds, states); `held` whether there was a ballot; `passed` whether the plan is to be carried out; `last` whether
    bargaining ends here; `gain` (worlds, states) what each state has by the plan over what it is left with without;
    `delay` the amendments that went before.
    """

    plan: Reals
    pledged: Reals
    yes: Truths
    no: Truths
    union_yes: Truths
    held: Truths
    passed: Truths
    last: Truths
    gain: Reals
    sunk: Any = 0.0
    transfer: Any = 0.0
    delay: Any = 0
