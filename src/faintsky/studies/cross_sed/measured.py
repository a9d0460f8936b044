"""What was measured: cross-powers in bands, and their hardness ratios."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.band_sed import BandSed
from faintsky.core.context import Context
from faintsky.core.hardness import HardnessEstimator, HardnessRatios, PowerPair
from faintsky.core.owned_array import owned_floats
from faintsky.core.response import Response, ResponseSource
from faintsky.core.spectrum import Spectrum
from faintsky.core.step import step

if TYPE_CHECKING:
    from faintsky.studies.cross_sed.choices import SedChoice

__all__ = ["CrossPowers", "hardness", "load_response", "load_sed"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class CrossPowers:
    """Cross-powers in bands as a table holds them.

    Attributes
    ----------
    label, unit : str
    bands : tuple of Band, length b
    value, error : ndarray, shape (b,)
    """

    label: str
    bands: tuple[Band, ...]
    value: Array = field(converter=owned_floats)
    error: Array = field(converter=owned_floats)
    unit: str = ""


@step(title="load the response")
def load_response(*, source: ResponseSource, ctx: Context) -> Response:
    """The response of the X-ray maps."""
    return source.load(ctx)


@step(title="read the cross-powers")
def load_sed(
    *, choice: SedChoice, bands: tuple[Band, ...], response: Response, weight: Spectrum | None, title: str, ctx: Context
) -> BandSed:
    """Cross-powers in bands with the response that models are folded through."""
    read = choice.read(bands, title)
    area = np.ones(len(bands)) if weight is None else np.array([response.effective_area(band, weight) for band in bands])
    return BandSed(
        bands=bands,
        value=read.value,
        error=read.error,
        response=response.collapse(bands),
        area=area,
        label=read.label,
        unit=read.unit,
    )


@step(title="hardness ratios")
def hardness(
    *, seds: Mapping[str, BandSed], estimator: HardnessEstimator[PowerPair], title: str, ctx: Context
) -> Mapping[str, HardnessRatios]:
    """The ratios of neighbouring bands of every spectrum, from soft to hard."""
    found = {}
    for name, sed in seds.items():
        pair = PowerPair(soft=sed.value[:-1], soft_error=sed.error[:-1], hard=sed.value[1:], hard_error=sed.error[1:])
        found[name] = estimator.estimate(pair, ctx)
    return found
