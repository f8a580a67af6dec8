"""Exact voting power: how often each member of a union decides, counted in whole numbers.

`voting_power` takes any voting rule, `weighted_power` a quota and weights. The algorithm follows from the rule: where
it can be said as enough members and enough weight, coalitions are counted by size and weight (`weighted.py`); any
other rule is itself put to every coalition that its monotonicity does not settle (`search.py`), and a rule that does
not claim to be monotone to every coalition there is (`enumeration.py`).
"""

from abm.politics.power.game import Game, voting_power, weighted_power
from abm.politics.power.indices import Power

__all__ = ["Game", "Power", "voting_power", "weighted_power"]
