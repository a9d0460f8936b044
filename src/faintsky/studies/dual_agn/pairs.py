"""Which pairs would have been seen in the place of each source."""

from __future__ import annotations

from typing import Any

import numpy as np

from faintsky.core.intervals import binomial_interval
from faintsky.core.study import CellResult
from faintsky.studies.dual_agn.choices import CampaignChoice
from faintsky.studies.dual_agn.population import Population

__all__ = ["pair_rows"]


def pair_rows(cell: CellResult, campaign: CampaignChoice) -> list[dict[str, Any]]:
    """One row for each source, separation and ratio.

    A pair is seen where its ln Bayes factor exceeds 0 by the wanted number of errors, and the value that so many simulated single
    sources in this place exceed as the threshold of the campaign allows.
    """
    population: Population | None = cell.results.get("population")
    rows = []
    for rest, simulated in cell.named("injected"):
        separation, ratio, name = rest.split(" ", 2)
        rate = None if population is None else population.false_positives.get(name)
        threshold = np.inf if rate is None else max(0.0, rate.percentile(100 * (1 - campaign.threshold)))
        seen = simulated.reliable & (simulated.ln > threshold) & (simulated.ln > campaign.sigma * simulated.error)
        ends = binomial_interval(int(seen.sum()), len(simulated))
        rows.append(
            {
                "name": name,
                "separation_arcsec": float(separation),
                "ratio": float(ratio),
                "simulations": len(simulated),
                "seen": float(seen.mean()),
                "seen_low": float(ends.low),
                "seen_high": float(ends.high),
                "threshold": threshold,
                "median_ln_bf": float(np.median(simulated.ln)),
            }
        )
    return rows
