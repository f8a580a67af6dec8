"""Every snippet of agents/README.md runs."""

import re
from pathlib import Path

import mesa

from juste_retour import simulate
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.rules import FAMILIES


def test_readme_snippets_run_in_order(capsys, monkeypatch):
    monkeypatch.setattr(FAMILIES["vote"], "rules", dict(FAMILIES["vote"].rules))
    text = (Path(__file__).parents[2] / "agents" / "README.md").read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(snippets) == 4
    names = {}
    for snippet in snippets:
        if "mesa.batch_run" in snippet and not hasattr(mesa, "batch_run"):
            continue
        exec(compile(snippet, "agents/README.md", "exec"), names)
    assert "HU votes" in capsys.readouterr().out
    short = {"end": "2028Q1", "window_years": 3.5}
    mixed = {"rule": "self_interest", "HU": "host_or_no", "PL": "host_or_abstain"}
    outcomes = run(load("eu-status-quo").changed(short | {"vote": mixed}), 1, range(4), price=False)
    assert len(outcomes.worlds["sites"]) == 4
    several = simulate(load("eu-status-quo").changed(short), worlds=2, seed=1, agents={"HU": names["Grudging"]})
    assert len(several.worlds) == 2
