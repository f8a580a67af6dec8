"""A court that stops a whole call."""

from typing import Annotated

import numpy as np

from juste_retour import Parameter, procurement
from juste_retour.abm.delivery.procurement import Procedure


@procurement
def court(
    purchase,
    *,
    hazard: Annotated[
        float, Parameter(unit="chance", low=0, high=1, about="probability of an injunction")
    ] = 0.3,
    ruling_years: Annotated[
        float, Parameter(unit="years", low=0, high=10, about="time until the ruling")
    ] = 4.0,
):
    """A public tender in which a court may stop all awards of a call until it has ruled.

    Source: my own.
    """
    stopped = purchase.uniform("court") < hazard
    award = np.where(stopped, 1.5 + ruling_years, 1.5)
    return Procedure(award, 0.38, 2.0, 0.3, 0.0, 0.05, 1.0)
