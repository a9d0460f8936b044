"""The priors of the parameters of a mixture of point sources and background, each with where it comes from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.parameter import Parameter
from faintsky.core.photon_set import PhotonSet
from faintsky.core.prior import Prior, TruncatedNormal, Uniform

__all__ = ["background_prior", "mixture_parameters"]


def mixture_parameters(
    data: PhotonSet, number: int, log_f_bkg: Parameter, log_f: Prior, shift: Prior, spectral: Sequence[Parameter] = ()
) -> tuple[Parameter, ...]:
    """All parameters: positions, log fractions, spectra, and shifts of every observation but the first.

    Raises
    ------
    DataError
        Where the prior of shifts leaves out 0.
    """
    low, high = shift.support
    if not low <= 0 <= high:
        raise DataError(
            f"the prior of shifts reaches from {low:g} to {high:g} arcsec and leaves out 0: photons are given in one frame, "
            "so that shifts scatter about 0. Give a prior about 0, such as uniform from -3 to 3 arcsec"
        )
    box = data.box
    ends = {"x": Uniform(low=box.x_low, high=box.x_high), "y": Uniform(low=box.y_low, high=box.y_high)}
    found = [
        Parameter(name=f"{axis}_{j}", prior=ends[axis], unit="arcsec", source="flat over the box of the photons")
        for j in range(1, number + 1)
        for axis in "xy"
    ]
    found.append(log_f_bkg)
    found += [Parameter(name=f"log_f_{j}", prior=log_f, source="option log_f of photon-mixture") for j in range(2, number + 1)]
    found += spectral
    found += [
        Parameter(name=f"d{axis}_{one.name}", prior=shift, unit="arcsec", source="option shift of photon-mixture")
        for one in data.observations[1:]
        for axis in "xy"
    ]
    return tuple(found)


def background_prior(data: PhotonSet, ctx: Context, mean: float | None, sigma: float, support: tuple[float, float]) -> Parameter:
    """The prior of log10 of background counts over source counts: a Gaussian about what the source-free area says.

    Its mean is log10(B / (N - B)), with N the photons in the boxes and B the background that is expected in them.

    Raises
    ------
    DataError
        Where the background was not measured and no mean is given, or the given one lies outside the truncation.
    """
    low, high = support
    if mean is not None:
        if not low <= mean <= high:
            raise DataError(
                f"background_mean = {mean:g} lies outside the range {low:g} to {high:g} of log_f_bkg: "
                "it is log10 of background counts over source counts; change it, or background_low and background_high"
            )
        source = "option background_mean of photon-mixture"
    else:
        mean, source = _measured(data, ctx, low, high)
    prior = TruncatedNormal(mean=mean, sigma=sigma, low=low, high=high)
    return Parameter(name="log_f_bkg", prior=prior, source=source)


def _measured(data: PhotonSet, ctx: Context, low: float, high: float) -> tuple[float, str]:
    without = [one.name for one in data.observations if not np.isfinite(one.background)]
    if without:
        raise DataError(
            f"source {data.name}: no background was measured in observation(s) {', '.join(without)} (background_area is 0), and "
            "log_f_bkg needs a mean. Give the counts and the area of a part without sources with the photons, or set "
            "background_mean of photon-mixture to log10 of background counts over source counts in the box"
        )
    background, photons = data.background, len(data)
    shown = f"{background:.3g} background counts are expected among the {photons} photons of source {data.name}"
    with np.errstate(divide="ignore"):
        found = float(np.log10(background) - np.log10(photons - background)) if background < photons else np.inf
    if not low <= found <= high:
        kept = low if found < low else high
        ctx.warn(
            f"{shown}: log10 of background over source counts is {found:.3g}, outside the prior's range {low:g} to {high:g}. "
            f"The mean of its prior is put to {kept:g}"
        )
        return kept, f"{shown}, clipped to the range"
    return found, shown
