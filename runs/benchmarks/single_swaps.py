"""Single swaps from the status quo: one rule changed at a time, on the same luck; prints the table of abm/README.md.

uv run python -m runs.benchmarks.single_swaps
"""

import numpy as np

from abm.outcomes import run
from abm.scenario import load

SWAPS: tuple[dict[str, object], ...] = (
    {},
    {"bid": "capacity_driven"},
    {"bid": "abstain"},
    {"vote": "sincere_union"},
    {"expect": "adaptive"},
    {"agenda": "commission_proposal"},
    {"agenda": "planner"},
    {"agenda": "planner", "agenda.objective": "welfare"},
    {"agenda": "single_decider"},
    {"agenda": "single_decider", "decider": "DE"},
    {"voting": "unanimity"},
    {"voting": "simple_majority"},
    {"voting": "lisbon_qmv"},
    {"funding": "gni_key"},
    {"funding": "national"},
    {"entitlement": "juste_retour"},
    {"entitlement": "one_each"},
    {"entitlement": "cap_sites"},
    {"procurement": "framework"},
    {"procurement": "rapid"},
    {"procurement": "private"},
    {"procurement": "state_directed"},
    {"operations": "operator_led"},
    {"pooling": "single_site"},
    {"pooling": "synchronous"},
    {"pooling": "low_communication"},
    {"pooling": "best_of"},
    {"anchor": "best_effective_compute"},
    {"anchor": "exit_to_cloud"},
)
WORLDS = 200


def main() -> None:
    base = load("eu-status-quo")
    print(
        "| swap | sites | hosts | spend, EUR bn | accelerators | largest run, FLOP | years behind | price of politics |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for swap in SWAPS:
        w = run(base.changed(swap), 0, range(WORLDS)).worlds
        median = {k: float(np.median(v)) for k, v in w.items()}
        name = ", ".join(f"`{k} = {v}`" for k, v in swap.items()) or "status quo"
        print(
            f"| {name} | {median['sites']:.0f} | {median['hosts']:.0f} | {median['spend_eur_bn']:.1f} "
            f"| {median['aggregate_accelerators']:,.0f} | {median['largest_run_flop']:.1e} "
            f"| {median['years_behind']:.2f} | {median['price_of_politics']:.2f} |"
        )


if __name__ == "__main__":
    main()
