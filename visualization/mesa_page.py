"""A page for users of Mesa: one `AllocationModel` in Mesa's `SolaraViz`, to inspect its agents.

    uv pip install altair
    uv run --no-sync solara run juste_retour.visualization.mesa_page --production

SolaraViz imports Altair. Nothing else here needs it, so it is not installed with this package. The live app is
`juste-retour app`.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import solara

from juste_retour.abm.model import AllocationModel
from juste_retour.abm.worlds.scenario import DEFAULT, presets
from juste_retour.agents.errors import BadInput

try:
    from mesa.visualization import SolaraViz, make_plot_component
    from mesa.visualization.utils import update_counter
except ModuleNotFoundError as error:
    if error.name != "altair":
        raise
    raise BadInput(
        "Mesa's SolaraViz needs Altair, which is not installed; install it with uv pip install altair."
    ) from None

CHOICES = {
    "scenario": {"type": "Select", "value": DEFAULT, "values": presets(), "label": "Scenario"},
    "rng": {"type": "SliderInt", "value": 1, "min": 0, "max": 100, "step": 1, "label": "Seed"},
}


@solara.component
def Facilities(model: Any) -> None:  # noqa: N802  components have capital letters
    """The facilities so far, largest first."""
    update_counter.get()
    kept = [a for a in model.agents if type(a).__name__ == "Facility"]
    ordered = sorted(kept, key=lambda f: -f.accelerators)
    columns = {"site": [f.site for f in ordered], "state": [f.state for f in ordered]}
    solara.DataFrame(pd.DataFrame(columns | {"accelerators": [round(f.accelerators) for f in ordered]}))


@solara.component
def Page() -> None:  # noqa: N802
    """The page of one visitor. The model is created here, because visitors would share one at module level."""
    model = solara.use_memo(lambda: AllocationModel(DEFAULT, rng=1), [])
    SolaraViz(
        model,
        components=[
            make_plot_component("years_behind"),
            make_plot_component(["selected", "working"]),
            Facilities,
        ],
        model_params=CHOICES,
        name="juste retour",
        play_interval=100,
    )
