"""Redshift and norm of spectral models that come from files."""

from __future__ import annotations

from typing import Any

from faintsky.core.parameter import parameter
from faintsky.core.prior import LogUniform, Uniform

__all__ = ["REDSHIFTS", "norm", "redshift"]

#: The default prior of a redshift that a study frees.
REDSHIFTS = Uniform(low=0.0, high=10.0)


def redshift() -> Any:
    """The parameter `redshift`: held at its value unless a study gives it a prior."""
    return parameter(0.0, prior=REDSHIFTS, frozen=True, gt=-1, help="redshift of the source", latex="$z$", xspec="Redshift")


def norm(help: str, low: float = 1e-10, high: float = 1.0) -> Any:
    """The parameter `norm`."""
    return parameter(1.0, prior=LogUniform(low=low, high=high), ge=0, help=help, latex="$K$", xspec="norm")
