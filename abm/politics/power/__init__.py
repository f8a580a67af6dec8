"""Exact voting power: how often each member of a union is decisive, counted in integers.

`voting_power` takes any voting rule, `weighted_power` a quota and weights. If a rule amounts to enough members with
enough weight, coalitions are counted by size and weight (`weighted.py`). Any other rule is evaluated on every coalition
(`enumeration.py`), or on far fewer if it declares itself monotone. The results are stored in a table of one bit per
coalition and counted from it (`table.py`).
"""

from juste_retour.abm.politics.power.game import Game, voting_power, weighted_power
from juste_retour.abm.politics.power.indices import Power
from juste_retour.abm.politics.power.quarrel import power_in_a_quarrel

__all__ = ["Game", "Power", "power_in_a_quarrel", "voting_power", "weighted_power"]
