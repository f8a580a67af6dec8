"""Exact voting power: how often each member of a union decides, counted in integers.

`voting_power` takes any voting rule, `weighted_power` a quota and weights. The algorithm follows from the rule: where
it can be said as enough members and enough weight, coalitions are counted by size and weight (`weighted.py`); any
other rule is itself put to the coalitions (`asking.py`), of which one that claims to be monotone settles most, and the
answers are kept and counted in a table of one bit each (`table.py`).
"""

from juste_retour.abm.politics.power.game import Game, voting_power, weighted_power
from juste_retour.abm.politics.power.indices import Power
from juste_retour.abm.politics.power.quarrel import power_in_a_quarrel

__all__ = ["Game", "Power", "power_in_a_quarrel", "voting_power", "weighted_power"]
