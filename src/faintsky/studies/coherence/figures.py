"""The figures of the study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faintsky.core.study import Figure

__all__ = ["all_figures"]


def all_figures(study: Any) -> Mapping[str, Figure]:
    """Maps and mask, spectra of every estimator, null tests, posteriors."""
    return {}
