"""Reports: one file without outside references, escaped input, and figures by design."""

import re
import xml.etree.ElementTree as ElementTree
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.crossed_effects import LevelContrast
from juste_retour.runs.engine.experiment import batch
from juste_retour.runs.engine.results import Results
from juste_retour.runs.reports.drawing import Drawn, svg
from juste_retour.runs.reports.figures import _outlines, contrasts, intervals
from juste_retour.runs.reports.illustrated import Illustrated
from juste_retour.runs.reports.report import report
from juste_retour.runs.reports.wording import label
from tests.runs.small import change_manifest, run_small

pytestmark = pytest.mark.slow

OUTSIDE = re.compile(r"""(\bsrc|<link[^>]*\bhref|xlink:href)=["']?https?:|@import|url\(\s*['"]?https?:""")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    out = run_small(tmp_path_factory.mktemp("report"))
    return report(out)


def balanced(text):
    """Whether all elements are closed in order."""

    class Reader(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open = []

        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "br", "img", "link", "hr", "input"):
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    reader = Reader()
    reader.feed(text)
    return not reader.open


def test_report_is_self_contained_and_well_formed(page):
    text = page.read_text(encoding="utf-8")
    assert not OUTSIDE.search(text)
    assert "<script" not in text
    assert balanced(text)
    assert text.count("<svg") == text.count("<figure>") >= 4


def test_figure_labels_are_not_interpreted_as_code():
    odd = ["<img src=x onerror=alert(1)> $\\frac{$", "$x_{$ -- ]]>", "{0} %s"]
    labels = [label({"label": text}) for text in odd]
    text = svg(Drawn("odd", "", "", "", lambda: intervals(labels, np.ones((3, 2)), "sites")))
    ElementTree.fromstring(text)
    assert "<img" not in text
    assert "$x_{$" in text


def test_user_text_is_escaped(page):
    text = page.read_text(encoding="utf-8")
    assert "A &lt;small&gt; experiment" in text
    assert "<small>" not in text
    assert "matter &amp; how much?" in text


def test_report_states_the_experiment_and_how_to_verify_it(page):
    text = page.read_text(encoding="utf-8")
    results = Results(page.parent)
    for word in (
        "24",
        "seed 11",
        results.manifest["result"],
        results.spec.digest,
        "juste-retour verify",
    ):
        assert word in text, word
    assert 'voting = ["lisbon_qmv"' in unescape(text)


def test_figures_are_also_written_as_files(page):
    svgs, pdfs = (sorted((page.parent / "figures").glob(f"*.{e}")) for e in ("svg", "pdf"))
    assert [p.stem for p in svgs] == [p.stem for p in pdfs]
    assert {"map", "sites", "contrasts", "sensitivity", "points-years-behind"} <= {p.stem for p in svgs}
    for path in svgs:
        root = ElementTree.parse(path).getroot()
        assert root.tag.endswith("svg")
        assert len(list(root.iter())) > 30
    assert all(path.read_bytes().startswith(b"%PDF") for path in pdfs)


def test_report_is_deterministic(page):
    before = page.read_bytes()
    assert report(page.parent).read_bytes() == before


def test_switches_design_is_attributed(tmp_path):
    batch(
        {"replications": 3, "chunk": 48, "design": {"kind": "switches", "to": "essay-reform"}},
        tmp_path / "o",
        workers=0,
    )
    found = Illustrated(Results(tmp_path / "o"))
    ((context, attribution),) = found.attributions
    assert context == ""
    assert sum(s.share for s in attribution.shares) == pytest.approx(attribution.difference, abs=1e-9)
    assert "attribution" in {f.name for f in found.figures}
    assert any("facilities" in note for note in found.notes)
    text = report(tmp_path / "o").read_text(encoding="utf-8")
    most = max(attribution.shares, key=lambda s: abs(s.share))
    assert re.search(rf"\b{most.group}\b", text, re.I)


def test_report_of_an_incomplete_experiment_says_so(tmp_path):
    out = run_small(tmp_path)
    lines = (out / "chunks.jsonl").read_text().splitlines(keepends=True)
    (out / "chunks.jsonl").write_text("".join(lines[:3]))
    change_manifest(out, complete=False)
    assert "3 of 4" in report(out).read_text(encoding="utf-8")


def test_point_labels():
    assert label({"voting": "unanimity", "envelope_eur_bn": 2.5}) == "unanimity, 2.5"
    assert label({"voting": "unanimity", "side_payments": True}) == "unanimity, side_payments"
    assert label({"voting": "unanimity", "side_payments": False}) == "unanimity, no side_payments"
    assert label({"placement": "to", "funding": "from", "pooling": "from"}) == "placement"
    assert label({"placement": "to", "funding": "to"}) == "all switched"
    assert label({"label": "mine", "voting": "unanimity"}) == "mine"


def test_report_map_has_every_state():
    states, _ = _outlines()
    assert len(states) == 27


def test_folders_that_cannot_be_reported_are_refused(tmp_path, call):
    status, _, error = call("report", tmp_path)
    assert status == 2
    assert "batch" in error
    out = run_small(tmp_path, text=spec_without_worlds())
    with pytest.raises(BadInput, match="worlds"):
        report(out)


def spec_without_worlds():
    from tests.runs.small import SPEC

    return SPEC.replace('["worlds", "facilities", "votes"]', '["states"]').replace(
        "replications = 6", "replications = 1"
    )


def test_methods_name_the_base_and_the_changes_of_a_scenario(tmp_path):
    spec = {
        "scenario": {"funding": "gni_key", "side_payments": True},
        "design": {"kind": "grid"},
        "replications": 2,
        "factors": {"voting": ["lisbon_qmv", "unanimity"]},
    }
    batch(spec, tmp_path / "o", workers=0)
    text = report(tmp_path / "o").read_text(encoding="utf-8")
    assert re.search("eu-status-quo.*side_payments = true, funding = gni_key", text)
    assert "<th scope='col'>voting</th>" in text


def test_contrast_figure_marks_each_averaged_point():
    def marks(each):
        drawn = contrasts([LevelContrast("a", "1", "0", 1.0, 0.5, 1.5, 2, each)], "sites")
        return [list(line.get_xdata()) for line in drawn.axes[0].lines if line.get_marker() == "|"]

    assert marks((-1.0, 3.0)) == [[-1.0, 3.0]]
    assert marks((1.0,)) == [[]]
