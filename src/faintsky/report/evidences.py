"""Evidences of models as rows of a table: ln Z, Bayes factors to the best one, and what a scale calls them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from faintsky.core.sampler import Posterior
from faintsky.core.study import CellResult
from faintsky.report.distinct import distinct

__all__ = ["SCALE", "evidence_rows", "strength"]

#: Of ln Bayes factors: Kass & Raftery (1995), whose table is of 2 ln B at 2, 6 and 10.
SCALE = "Kass & Raftery 1995"
_STEPS = ((1.0, "hardly worth a mention"), (3.0, "positive"), (5.0, "strong"), (np.inf, "very strong"))


def strength(ln_bayes_factor: float) -> str:
    """What the scale calls a Bayes factor, of either sign.

    Examples
    --------
    >>> strength(-4.2)
    'strong'
    """
    return next(word for step, word in _STEPS if abs(ln_bayes_factor) < step)


def evidence_rows(cells: Sequence[CellResult], name: str, compared: Sequence[str]) -> list[dict[str, Any]]:
    """ln Z of each cell, and the ln Bayes factor to the likeliest one of the same data and likelihood.

    Parameters
    ----------
    cells : sequence of CellResult
    name : str
        The result that is a `Posterior`.
    compared : sequence of str
        Axes of models and samplers: cells that differ in these only share their data.
    """
    rows: list[dict[str, Any]] = []
    best: dict[tuple[str, ...], tuple[float, float]] = {}
    for labels, posterior in distinct(cells, name):
        if not isinstance(posterior, Posterior) or posterior.log_z is None:
            continue
        key = tuple(label for axis, label in labels.items() if axis not in compared)
        value = (posterior.log_z, posterior.log_z_error or 0.0)
        best[key] = max(best.get(key, value), value)
        rows.append(dict(labels) | {"log_z": value[0], "log_z_error": value[1], "_key": key, "status": posterior.status})
    for row in rows:
        first = best[row.pop("_key")]
        row["ln_bayes_factor"] = row["log_z"] - first[0]
        same = row["log_z"] == first[0]
        row["ln_bayes_factor_error"] = 0.0 if same else float(np.hypot(row["log_z_error"], first[1]))
        row["against_it"] = "" if same else strength(row["ln_bayes_factor"])
    return rows
