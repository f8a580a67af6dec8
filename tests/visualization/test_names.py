import json
import re
from importlib import resources

from juste_retour.abm.worlds.scenario import parameters
from juste_retour.agents.rules import FAMILIES
from juste_retour.visualization.names import LEVERS, PARAMETERS, RULES, named_plainly
from juste_retour.visualization.session import offered

LETTERS = re.compile(r"\b(alpha|beta|gamma|delta|eps|tau|lambda|kappa|phi|sigma)\b|[a-z]_[a-z]|`")


def texts(catalog):
    """All texts in the panel of rules."""
    rules = [rule for family in catalog["families"] for rule in family["rules"]]
    for p in [*catalog["parameters"], *(p for rule in rules for p in rule["parameters"])]:
        yield from (p["title"], p["unit"], p["about"], *(choice["title"] for choice in p["choices"]))
    yield from (text for rule in rules for text in (rule["title"], rule["summary"]))


def test_no_code_name_or_formula_symbol_is_shown():
    assert [text for text in texts(offered()) if LETTERS.search(text)] == []


def test_plain_names_belong_to_parameters_or_rules():
    rules = [rule for family in FAMILIES.values() for rule in family]
    own = {name for rule in rules for name in rule.parameters}
    choices = {c for rule in rules for _, p in rule.parameters.values() for c in p.choices}
    choices |= {c for _, p in parameters().values() for c in p.choices}
    assert set(PARAMETERS) <= set(parameters()) | own
    assert set(RULES) <= {rule.name for rule in rules} | choices


def test_messages_use_plain_names_and_keep_file_names():
    message = named_plainly(
        "frontier_growth_later = 3 with lisbon_qmv in my_rules.py, audit_first.py and eu-status-quo"
    )
    assert (
        message
        == "“growth of the frontier run after mid-2025” = 3 with “qualified majority (Lisbon)” in my_rules.py, audit_first.py and eu-status-quo"
    )


def test_levers_cover_the_most_important_parameters():
    found = json.loads((resources.files("juste_retour.runs.studies.europe") / "results.json").read_text("utf-8"))
    groups = {family.name: family.group for family in FAMILIES.values()} | {"envelope_eur_bn": "money"}
    parts = {row["part"] for row in found["shares"] if row["part"] != "total"}
    assert parts <= {groups.get(name) for name in LEVERS}
    gain = [row["gain of the reform, years"] for row in found["robustness"]]
    strongest = max(found["robustness"], key=lambda row: abs(row["gain of the reform, years"] - gain[0]))
    assert "dedicates" in strongest["assumption"]  # the rule of access
    assert {"access", "frontier_growth"} <= set(LEVERS)
    assert len(LEVERS) == len(set(LEVERS)) == 10
    assert set(LEVERS) <= set(FAMILIES) | set(parameters())
