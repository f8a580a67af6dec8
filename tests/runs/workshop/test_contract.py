"""Pages, catalog, ODD and scaffold show the current contract of agenda protocols."""

import pytest

from juste_retour.abm.bargaining.tables.bargaining_table import Table
from juste_retour.agents.rule_methods import protocol_member, protocol_members
from juste_retour.runs.studies.europe import odd
from juste_retour.runs.workshop.scaffold import rule_file
from tests.runs.workshop.contract_blocks import PAGES, ROOT, generated


@pytest.mark.parametrize("page", PAGES)
def test_contract_block_of_a_page_is_current(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert text.count("<!-- contract -->") == text.count("<!-- /contract -->") == 1
    assert protocol_member(Table, "conclude").typed.replace("|", "\\|") in text.replace("\\|", "|").replace("|", "\\|")
    assert text == generated(page), "run `uv run python -m tests.runs.workshop.contract_blocks`"


def test_catalog_odd_and_scaffold_show_the_contract(call):
    status, out, _ = call("rules", "list", "agenda")
    assert status == 0
    printed, page = "".join(out.split()), odd.page().replace("\\|", "|")
    for asked in protocol_members(Table):
        assert "".join(asked.typed.split()) in printed
        assert f"`{asked.typed}`" in page
    assert protocol_member(Table, "conclude").call in rule_file("agenda", "mine")
