"""A laboratory for European allocation politics.

    import juste_retour as jr

    result = jr.simulate("eu-status-quo", worlds=200, seed=1)
    result.worlds.years_behind.median()

Run
    simulate          many runs of one scenario, as data frames
    AllocationModel   one run, step by step, with Mesa agents
    scenarios, load   the shipped scenarios; one of them, or a file, as a Scenario
    load_members      a union: its states, sites, labs and commissioners

Compare
    compare           scenarios against each other, on the same random draws
    attribute         which group of institutions makes the difference
    reforms           which packages of a reform the states would adopt
    choose            which institutions they would choose, and which are stable

Experiment
    batch             run a design into a folder; the same call goes on after a stop
    Results           its tables
    sensitivity       shares of the variance, effects of levels, interactions
    verify            run parts again and compare

Predict
    positions         outcomes of real decisions from the positions of the actors
    seal, score       a forecast of an open decision in one file, and its score afterwards

Write rules
    voting, agenda, bid, vote, funding, ...   decorators, one for each family
    agent             a subclass of MemberState, Commissioner or Lab that scenarios name
    outcome           a column of your own
    Parameter         a rule's parameter with its range
    BadInput          what every function raises for input that it cannot use

`help(juste_retour.simulate)` and the like say more. Long calls take `progress=True`. Each name is imported when it is
first used, so that `import juste_retour` is quick.
"""

import os
from importlib import import_module

INTERFACE_VERSION = (1, 3)  # what is promised of which number: runs/workshop/INTERFACE.md

TYPE_CHECKING = False  # what `typing` has of that name, without the time that it takes to import
if TYPE_CHECKING:
    from juste_retour.abm.base.members import load_members as load_members
    from juste_retour.abm.model import AllocationModel as AllocationModel
    from juste_retour.abm.bargaining.agenda.family import agenda as agenda
    from juste_retour.abm.politics.funding import funding as funding
    from juste_retour.abm.politics.voting import voting as voting
    from juste_retour.abm.worlds.scenario import Scenario as Scenario
    from juste_retour.abm.worlds.scenario import load as load
    from juste_retour.abm.worlds.scenario import presets as scenarios
    from juste_retour.abm.user_outcomes import outcome as outcome
    from juste_retour.agents.errors import BadInput as BadInput
    from juste_retour.agents.member_state import bid as bid
    from juste_retour.agents.mesa_agents import Commissioner as Commissioner
    from juste_retour.agents.mesa_agents import Lab as Lab
    from juste_retour.agents.mesa_agents import MemberState as MemberState
    from juste_retour.agents.rules import Parameter as Parameter
    from juste_retour.agents.user_agents import agent as agent
    from juste_retour.runs.analysis.attribution import attribute as attribute
    from juste_retour.runs.analysis.contrasts import compare as compare
    from juste_retour.runs.analysis.institution_choice import choose as choose
    from juste_retour.runs.analysis.reforms import reforms as reforms
    from juste_retour.runs.results.ensemble import simulate as simulate
    from juste_retour.runs.engine.experiment import batch as batch
    from juste_retour.runs.engine.results import Results as Results
    from juste_retour.runs.engine.verification import verify as verify
    from juste_retour.runs.studies.positions.prediction import positions as positions
    from juste_retour.runs.reports.sensitivity_report import sensitivity as sensitivity

# The links beside this file serve type checkers, editors and the build. A checkout uses the real folders, so that it
# also runs where a clone has no links.
_HOME = os.path.dirname(os.path.realpath(__file__))
_ROOM = os.path.join(_HOME, "abm")
if os.path.islink(_ROOM) or not os.path.isdir(_ROOM):
    __path__.insert(0, os.path.dirname(_HOME))

_FAMILIES = {
    "access": "abm.delivery.access",
    "agenda": "abm.bargaining.agenda.family",
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
    "standing": "abm.delivery.access",
    "standing_operations": "abm.delivery.operations",
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
    "Results": "runs.engine.results",
    "Scenario": "abm.worlds.scenario",
    "attribute": "runs.analysis.attribution",
    "batch": "runs.engine.experiment",
    "choose": "runs.analysis.institution_choice",
    "compare": "runs.analysis.contrasts",
    "load": "abm.worlds.scenario",
    "load_members": "abm.base.members",
    "outcome": "abm.user_outcomes",
    "positions": "runs.studies.positions.prediction",
    "reforms": "runs.analysis.reforms",
    "scenarios": "abm.worlds.scenario:presets",
    "score": "runs.reports.sealed",
    "seal": "runs.reports.sealed",
    "sensitivity": "runs.reports.sensitivity_report",
    "simulate": "runs.results.ensemble",
    "verify": "runs.engine.verification",
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
