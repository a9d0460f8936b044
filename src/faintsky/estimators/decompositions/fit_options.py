"""What fits of Sersic galaxies and points may be told."""

from __future__ import annotations

from attrs import frozen

from faintsky.core.component import option

__all__ = ["FitOptions"]


@frozen(kw_only=True)
class FitOptions:
    """Limits of the shapes, what is fitted beside them, errors of the PSF, and how long a search may be."""

    index: tuple[float, float] = option((0.3, 7.0), ge=0.2, le=10, help="limits of the Sersic index")
    radius: tuple[float, float] = option((0.5, 100.0), gt=0, help="limits of the half-light radius [pixel]")
    ellipticity: float = option(0.9, gt=0.1, le=0.95, help="largest ellipticity 1 - b / a")
    reach: float = option(3.0, gt=0, help="how far a centre may go from where it starts [pixel]")
    sky: bool = option(True, help="fit a constant in each band")
    non_negative: bool = option(True, help="fluxes are 0 or more; a flux of 0 is named among those at a bound")
    starts: bool = option(True, help="try some sizes and indices of each galaxy before the search")
    psf_error: str = option(
        "none",
        choices=("none", "given", "held-out", "of-psf"),
        help="relative error of the PSF: an amplitude, set, or the PSF's own",
    )
    amplitude: float = option(0.05, ge=0, le=1, help="relative error of the PSF, with psf_error = given")
    max_evaluations: int = option(200, ge=1, help="of the model in one search")
