"""A fit as a row of a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from faintsky.core.sampler import Posterior

__all__ = ["fit_row", "parameter_rows", "quality_row"]


def fit_row(posterior: Posterior) -> dict[str, Any]:
    """Median and 1 sigma distances of each parameter, then how good the fit and its sampling are."""
    row: dict[str, Any] = {}
    for name in posterior.names:
        row[name], row[f"{name}_low"], row[f"{name}_high"] = posterior.summary(name)
    return row | quality_row(posterior)


def parameter_rows(posterior: Posterior) -> list[dict[str, Any]]:
    """One row per parameter, for tables of models that have different ones."""
    rows = []
    for name, unit in zip(posterior.names, posterior.units or ("",) * len(posterior.names), strict=True):
        value, low, high = posterior.summary(name)
        rows.append({"parameter": name, "value": value, "low": low, "high": high, "unit": unit})
    return rows


def quality_row(posterior: Posterior) -> dict[str, Any]:
    """How good a fit and its sampling are."""
    return {
        "max_log_likelihood": float(posterior.log_likelihood.max()),
        "chi2": posterior.diagnostics.get("chi2", np.nan),
        "dof": posterior.diagnostics.get("dof", np.nan),
        "pte": posterior.diagnostics.get("pte", np.nan),
        "log_z": np.nan if posterior.log_z is None else posterior.log_z,
        "log_z_error": np.nan if posterior.log_z_error is None else posterior.log_z_error,
        "ess": posterior.ess,
        "calls": posterior.calls,
        "status": posterior.status,
    }
