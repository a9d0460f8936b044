"""The component that binds photons to a number of point sources."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import PointSources
from faintsky.core.prior import LogUniform, Prior, Uniform
from faintsky.core.tabulated_psf import TabulatedPsf
from faintsky.estimators.photons.checked_photons import check_photons
from faintsky.estimators.photons.mixture_priors import background_prior, mixture_parameters
from faintsky.estimators.photons.observation_mixture import ObservationMixture
from faintsky.estimators.photons.photon_energies import PhotonEnergies
from faintsky.estimators.photons.photon_likelihood import PhotonLikelihood

__all__ = ["PhotonMixture"]

Array = NDArray[np.float64]

#: A prior of shifts without ends is followed to this quantile outside the box.
_TAIL = 1e-4


def _prior(use: str, *, low: float, high: float, help: str) -> Any:
    """An option that holds a prior, with its default as a study file writes it."""
    classes = {"uniform": Uniform, "log-uniform": LogUniform}
    default = {"use": use, "low": low, "high": high}
    return option(factory=lambda: classes[use](low=low, high=high), help=help, slot=True, axis="method", slot_default=default)


@component(references=["Foord2019", "Jones2015"])
@frozen(kw_only=True)
class PhotonMixture(LikelihoodRule[PhotonSet, PointSources]):
    """Each photon comes from one of the point sources, spread by the PSF at its energy, or from the background.

    ln L = sum_k sum_i ln [ w_b b_k(x_i, y_i) + sum_j w_j p_k(x_i - x_j - D_k, ... | E_i) / C_kj ]: no bins, no fit of counts.

    Fractions are decimal logarithms: f_j counts of source j over those of source 1, f_bkg background counts over those of all
    sources. With ``truncate = "box"`` C is the share of a source's light inside the box, so that they are fractions of the counts
    in it. Every prior is part of the evidence, that of shifts too.
    """

    truncate: str = option(
        "box",
        choices=("box", "none"),
        help="whether densities of sources are normalised within the box, so that fractions are those of counts in it",
    )
    shift: Prior = _prior(
        "uniform", low=-3.0, high=3.0, help="prior of the shift of each observation against the longest one, per axis [arcsec]"
    )
    log_f: Prior = _prior(
        "uniform", low=-4.0, high=4.0, help="prior of log10 of the counts of each other source over those of the first"
    )
    background_mean: float | None = option(
        None, help="mean of the prior of log10 of background over source counts; none: from the source-free area of the data"
    )
    background_sigma: float = option(0.5, gt=0, help="standard deviation of that prior [dex]")
    background_low: float = option(-3.0, help="lower cut of that prior")
    background_high: float = option(0.0, help="upper cut of that prior")
    energies: str = option(
        "none",
        choices=("none", "gamma"),
        help="spectral term: none, or a gamma density of the energies of each source, with its mean and shape free",
    )
    band: Band = option(
        "0.5-8 keV", converter=Band.of, help="photon energies that the spectral term is normalised over; unused without it"
    )
    shape: Prior = _prior("log-uniform", low=0.5, high=20.0, help="prior of the shape of each gamma density of energies")

    def __attrs_post_init__(self) -> None:
        if not self.background_low < self.background_high:
            raise DataError(
                f"background_low must lie below background_high, got {self.background_low:g} and {self.background_high:g}"
            )

    def bind(self, data: PhotonSet, model: PointSources, ctx: Context) -> PhotonLikelihood:
        """The likelihood of positions, fractions and shifts.

        Raises
        ------
        DataError
            Where there are no photons or all are at one place, the source stands at the edge of the box, the background is
            unknown, or a prior leaves out what the data can say.
        """
        check_photons(data, ctx)
        log_f_bkg = background_prior(
            data, ctx, self.background_mean, self.background_sigma, (self.background_low, self.background_high)
        )
        energies = PhotonEnergies.of(data.observations, self.band, self.shape) if self.energies == "gamma" else None
        spectral = energies.parameters(model.number) if energies is not None else ()
        margin = float(np.max(np.abs(_ends(self.shift))))
        reach = data.box.diagonal + np.sqrt(2) * margin
        return PhotonLikelihood(
            data=data,
            model=model,
            rule=self,
            observations=tuple(
                ObservationMixture(
                    photons=one,
                    psf=TabulatedPsf.of(model.psf, one.place, reach),
                    truncate=self.truncate == "box",
                    margin=margin if k else 0.0,
                )
                for k, one in enumerate(data.observations)
            ),
            priors=mixture_parameters(data, model.number, log_f_bkg, self.log_f, self.shift, spectral),
            energies=energies,
        )


def _ends(shift: Prior) -> Array:
    ends = np.array(shift.support)
    return np.where(np.isfinite(ends), ends, shift.ppf([_TAIL, 1 - _TAIL]))
