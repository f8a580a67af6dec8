import juste_retour as jr


def test_a_result_completes_the_tables_that_it_has():
    found = jr.simulate(worlds=2, tables=("worlds", "states"))
    assert {"worlds", "states", "plot", "write"} <= set(dir(found))
    assert "votes" not in dir(found)
    shown = found._repr_html_()
    assert "<table" in shown
    assert "years_behind" in shown


def test_progress_true_reports_like_a_callback(monkeypatch):
    told = []
    monkeypatch.setattr(
        "juste_retour.runs.chunked.progress_lines",
        lambda what: lambda done, total: told.append((what, done, total)),
    )
    jr.simulate(worlds=3, chunk=2, tables=("worlds",), progress=True)
    assert told == [("worlds", 2, 3), ("worlds", 3, 3)]
    found = jr.compare(
        "eu-status-quo", "eu-status-quo", changes_b={"voting": "unanimity"}, worlds=2, progress=True
    )
    assert told[-1][0] == "runs"
    assert "<table" in found._repr_html_()
    told.clear()
    jr.simulate(worlds=3, tables=("worlds",), progress=False)
    assert told == []
