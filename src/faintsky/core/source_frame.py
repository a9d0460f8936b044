"""Redshift and norm of spectral models: the parameters that all share, and where a redshifted source is evaluated."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.component import option
from faintsky.core.parameter import parameter
from faintsky.core.prior import LogUniform, Uniform

__all__ = ["FRAMES", "REDSHIFTS", "norm", "norm_frame", "redshift", "source_edges"]

Array = NDArray[np.float64]

FRAMES = ("observer", "source")
#: The default prior of a redshift that a study frees.
REDSHIFTS = Uniform(low=0.0, high=10.0)


def redshift(xspec: str = "Redshift") -> Any:
    """The parameter `redshift`: held at its value unless a study gives it a prior."""
    return parameter(0.0, prior=REDSHIFTS, frozen=True, gt=-1, help="redshift of the source", latex="$z$", xspec=xspec)


def norm(
    help: str = "photons per keV at 1 keV", unit: str = "photons / (keV cm2 s)", low: float = 1e-10, high: float = 1.0
) -> Any:
    """The parameter `norm`, with a prior that is flat in its logarithm between two values."""
    return parameter(1.0, prior=LogUniform(low=low, high=high), unit=unit, ge=0, help=help, latex="$K$", xspec="norm")


def norm_frame() -> Any:
    """The option `norm_frame`."""
    return option(
        "observer",
        choices=FRAMES,
        help="where the 1 keV of the norm is: as observed, as pexrav has it, or of the source, as XSPEC's zpowerlw has it",
    )


def source_edges(edges: Array, z: Any) -> Array:
    """Energies at the source [keV]: (nbin + 1,), or (n, nbin + 1) for redshifts in a column."""
    return np.asarray(edges * (1.0 + np.asarray(z)))
