"""How nuclear fluxes are measured."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.estimators.nuclear.matching_kernel import PAPER_WINDOWS

__all__ = ["NuclearSettings"]


@frozen(kw_only=True)
class NuclearSettings:
    """Options of nuclear photometry; the defaults are those of Li & Zhuang (2025) but for the filter of the kernels."""

    radius: float = option("0.09 arcsec", unit="arcsec", gt=0, help="radius of the aperture")
    target: str = option("", help="band whose resolution all bands are brought to; default: that of the broadest PSF")
    filter: str = option(
        "regularised",
        choices=("regularised", "cosine-bell"),
        help="how matching kernels keep noise out: a cosine bell blurs beyond the target's resolution, more in some bands",
    )
    regularisation: float = option(1e-2, gt=0, help="of the kernels: to be above the noise of the PSFs' Fourier transforms")
    windows: Mapping[str, float] = option(
        factory=lambda: dict(PAPER_WINDOWS), help="outer radius of the cosine bell over the Nyquist frequency: band = radius"
    )
    window: float = option(0.45, gt=0, le=1, help="that of bands which are not listed")
    max_residual: float = option(0.05, gt=0, help="a kernel that misses more of the target PSF's light is told")
    max_negative: float = option(1.0, gt=0, help="a kernel whose negative values sum to more is told")
    centre: str = option("band", choices=("band", "target"), help="place of the aperture: as fitted in each band, or in `target`")
    max_shift: float = option(
        0.5, gt=0, help="in a band whose fitted place is less certain than this [pixel], that of `target` is taken"
    )
    max_masked: float = option(
        0.05, ge=0, lt=1, help="share of the weights beyond the aperture on masked pixels above which there is no flux"
    )
    correction: str = option(
        "none", choices=("none", "point"), help="point: divide by the share of the target PSF's light inside the aperture"
    )

    def __attrs_post_init__(self) -> None:
        if wrong := {band: value for band, value in self.windows.items() if not 0 < value <= 1}:
            raise DataError(f"windows reach to a part of the Nyquist frequency between 0 and 1, not {wrong}")
