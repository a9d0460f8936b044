"""The campaign: single sources simulated in the place of a source, weighed as it was."""

from __future__ import annotations

import time
from collections.abc import Callable

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_flags, owned_floats
from faintsky.core.photon_set import PhotonSet
from faintsky.core.psf import PSF
from faintsky.core.step import step
from faintsky.studies.dual_agn.simulating import single_like
from faintsky.studies.dual_agn.weighing import Analysis, Weighed, bayes_factors

__all__ = ["Simulated", "gather", "simulate_singles", "weigh_all"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Simulated:
    """ln Bayes factors of simulations.

    Attributes
    ----------
    ln, error : ndarray, shape (n,)
        Of two sources over one, and the 1-sigma error.
    reliable : ndarray of bool, shape (n,)
        Whether the evidences passed their own check.
    cpu_seconds : float
    """

    ln: Array = field(converter=owned_floats)
    error: Array = field(converter=owned_floats)
    reliable: NDArray[np.bool_] = field(converter=owned_flags)
    cpu_seconds: float = 0.0

    def __len__(self) -> int:
        return int(self.ln.size)

    @classmethod
    def joined(cls, parts: tuple[Simulated, ...]) -> Simulated:
        """Several, one after the other."""
        return cls(
            ln=np.concatenate([p.ln for p in parts]) if parts else np.empty(0),
            error=np.concatenate([p.error for p in parts]) if parts else np.empty(0),
            reliable=np.concatenate([p.reliable for p in parts]) if parts else np.empty(0, dtype=bool),
            cpu_seconds=sum(p.cpu_seconds for p in parts),
        )


def weigh_all(
    number: int, simulate: Callable[[int, np.random.Generator], PhotonSet], analysis: Analysis, ctx: Context
) -> Simulated:
    """Simulate and weigh so many times, each with streams of its own; the progress tells the time that is left."""
    ln, error, reliable = np.empty(number), np.empty(number), np.zeros(number, dtype=bool)
    began, cpu = time.monotonic(), time.process_time()
    for i in range(number):
        own = attrs.evolve(ctx, task=f"{ctx.task}:{i}", report=None)
        factor = bayes_factors(simulate(i, own.rng("photons")), analysis, own)[0]
        ln[i], error[i], reliable[i] = factor.ln, factor.error, factor.status == "converged"
        left = (time.monotonic() - began) / (i + 1) * (number - i - 1)
        ctx.progress(i + 1, number, f"{left:.0f} s left of this batch")
    return Simulated(ln=ln, error=error, reliable=reliable, cpu_seconds=time.process_time() - cpu)


@step(title="simulate")
def simulate_singles(
    *,
    photons: PhotonSet,
    weighed: Weighed,
    psf: PSF,
    analysis: Analysis,
    first: int,
    number: int,
    title: str,
    ctx: Context,
) -> Simulated:
    """ln Bayes factors of single sources with the geometry, exposure, spectrum and background of one source.

    Each is drawn with parameters of the single-source posterior, so that what is not known of the source is not assumed.

    Parameters
    ----------
    psf : PSF
        Of the simulations; it may be another one than that of the analysis.
    first : int
        Number of the first simulation: batches differ in it alone.
    """
    posterior = weighed.posterior(1)
    if posterior is None:
        raise DataError(f"{photons.name} was not weighed as a single source: let the numbers of the study begin with 1")
    rows = posterior.drawn(number, ctx.rng("rows"))
    return weigh_all(number, lambda i, rng: single_like(photons, posterior.names, rows[i], psf, rng), analysis, ctx)


@step(title="gather")
def gather(*, parts: tuple[Simulated, ...], title: str, ctx: Context) -> Simulated:
    """The batches of one source, put together."""
    return Simulated.joined(parts)
