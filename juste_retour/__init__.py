"""A laboratory for European allocation politics.

    import juste_retour as jr

    jr.simulate("eu-status-quo", worlds=200, seed=1)

The names below are the public interface. Each is imported when it is first used, so `import juste_retour` is quick.
"""

import os
from importlib import import_module

INTERFACE_VERSION = (1, 1)  # what is promised of which number: runs/workshop/INTERFACE.md

TYPE_CHECKING = False  # what `typing` has of that name, without the time that it takes to import
if TYPE_CHECKING:
    from juste_retour.abm.members import load_members as load_members
    from juste_retour.abm.model import AllocationModel as AllocationModel
    from juste_retour.abm.politics.agenda.family import agenda as agenda
    from juste_retour.abm.politics.funding import funding as funding
    from juste_retour.abm.politics.voting import voting as voting
    from juste_retour.abm.scenario import Scenario as Scenario
    from juste_retour.abm.scenario import load as load
    from juste_retour.abm.scenario import presets as scenarios
    from juste_retour.abm.user_outcomes import outcome as outcome
    from juste_retour.agents.errors import BadInput as BadInput
    from juste_retour.agents.member_state import bid as bid
    from juste_retour.agents.mesa_agents import Commissioner as Commissioner
    from juste_retour.agents.mesa_agents import Lab as Lab
    from juste_retour.agents.mesa_agents import MemberState as MemberState
    from juste_retour.agents.rules import Parameter as Parameter
    from juste_retour.agents.user_agents import agent as agent
    from juste_retour.runs.contrasts.attribution import attribute as attribute
    from juste_retour.runs.contrasts.contrasts import compare as compare
    from juste_retour.runs.ensemble import simulate as simulate
    from juste_retour.runs.experiments.experiment import batch as batch
    from juste_retour.runs.experiments.results import Results as Results
    from juste_retour.runs.experiments.verification import verify as verify
    from juste_retour.runs.positions.prediction import positions as positions

# The links beside this file serve type checkers, editors and the build. A checkout uses the real folders, so that it
# also runs where a clone has no links.
_HOME = os.path.dirname(os.path.realpath(__file__))
_ROOM = os.path.join(_HOME, "abm")
if os.path.islink(_ROOM) or not os.path.isdir(_ROOM):
    __path__.insert(0, os.path.dirname(_HOME))

_FAMILIES = {
    "access": "abm.delivery.access",
    "agenda": "abm.politics.agenda.family",
    "anchor": "agents.lab",
    "bid": "agents.member_state",
    "draft": "agents.commissioner",
    "endorse": "agents.endorsement",
    "entitlement": "abm.politics.entitlement",
    "expect": "agents.member_state",
    "funding": "abm.politics.funding",
    "leftover": "abm.politics.leftover",
    "operations": "abm.delivery.operations",
    "pooling": "abm.delivery.pooling",
    "procurement": "abm.delivery.procurement",
    "reversion": "abm.politics.reversion",
    "vote": "agents.member_state",
    "voting": "abm.politics.voting",
}
_HOMES = {
    "AllocationModel": "abm.model",
    "Commissioner": "agents.mesa_agents",
    "Lab": "agents.mesa_agents",
    "MemberState": "agents.mesa_agents",
    "agent": "agents.user_agents",
    "BadInput": "agents.errors",
    "Parameter": "agents.rules",
    "Results": "runs.experiments.results",
    "Scenario": "abm.scenario",
    "attribute": "runs.contrasts.attribution",
    "batch": "runs.experiments.experiment",
    "compare": "runs.contrasts.contrasts",
    "load": "abm.scenario",
    "load_members": "abm.members",
    "outcome": "abm.user_outcomes",
    "positions": "runs.positions.prediction",
    "scenarios": "abm.scenario:presets",
    "simulate": "runs.ensemble",
    "verify": "runs.experiments.verification",
} | _FAMILIES


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'juste_retour' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    found = getattr(import_module(f"juste_retour.{module}"), attribute or name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
