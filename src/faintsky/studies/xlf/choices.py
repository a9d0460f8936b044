"""The option tables of the study."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.band import Band
from faintsky.core.component import option, slot
from faintsky.core.errors import DataError
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.response import ResponseSource
from faintsky.core.spectrum import Spectrum
from faintsky.estimators.accretion_density.accretion import AVERAGES
from faintsky.estimators.obscuration.classes import AbsorptionClasses

__all__ = [
    "AccretionChoice",
    "BinChoice",
    "ConversionChoice",
    "CounterpartChoice",
    "DensityChoice",
    "FitChoice",
    "ObscurationChoice",
    "SensitivityChoice",
]


@frozen(kw_only=True)
class BinChoice:
    """Bins of redshift and luminosity; what is reported, never which sources count."""

    z: tuple[float, ...] = option((4.0, 5.0, 7.0, 10.0), help="edges of the redshift bins")
    log_l: tuple[float, ...] = option(
        (43.0, 43.5, 44.0, 44.5, 45.0, 45.5, 46.0), help="edges of the luminosity bins, log10 of L_X in erg/s"
    )

    def __attrs_post_init__(self) -> None:
        self.bins  # noqa: B018  (wrong edges are told when the study file is read)

    @property
    def bins(self) -> LuminosityBins:
        """The bins."""
        return LuminosityBins(z=np.array(self.z), log_l=np.array(self.log_l))


@frozen(kw_only=True)
class CounterpartChoice:
    """How sure a counterpart must be, and what becomes of sources that have none."""

    false_positives: float = option(
        0.1, gt=0, lt=1, help="share of sources that would find a counterpart by chance: the cut on p_any is solved for it"
    )
    p_any: float | None = option(None, ge=0, le=1, help="a cut on p_any instead")
    galaxy_error: float = option(
        "0.1 arcsec", unit="arcsec", gt=0, help="position error of the galaxies, 1 sigma in a coordinate"
    )
    systematic: float = option("0 arcsec", unit="arcsec", ge=0, help="added to the X-ray position errors in quadrature")
    copies: int = option(5, ge=1, help="shifted and simulated sources for each source, which calibrate the matches")
    subsets: tuple[float, ...] = option((4.0, 5.0, 6.0), help="false positives are also told for galaxies above these redshifts")
    lost: str = option(
        "area",
        choices=("area", "ignore"),
        help="sources without a secure counterpart or a redshift: their share is taken off the area, or they are ignored",
    )


@frozen(kw_only=True)
class SensitivityChoice:
    """The area curve."""

    eef: float = option(0.7, gt=0, lt=1, help="share of the light in the aperture; that of the detection")
    points: int = option(60, ge=10, help="rates of the area curve")


@frozen(kw_only=True)
class ConversionChoice:
    """From count rates to rest-frame luminosities, for sources of images."""

    spectrum: Spectrum = slot(help="spectrum of the sources; its parameters called redshift are moved")
    responses: ResponseSource = slot(help="the response of the survey, of a stated epoch")
    weight: Spectrum | None = option(None, help="spectrum that the exposure maps were made with; default: photon index 1.4")
    rest_band: Band = option("2-10 keV", converter=Band.of, help="rest-frame band of the luminosities")
    z: tuple[float, float] = option((0.01, 10.5), help="redshifts that sources may have")
    points: int = option(300, ge=50, help="redshifts of the table")

    def __attrs_post_init__(self) -> None:
        if not 0 < self.z[0] < self.z[1]:
            raise DataError(f"conversion.z must be [smallest, largest] above 0, got {list(self.z)}")


@frozen(kw_only=True)
class FitChoice:
    """What the fits report."""

    log_l: tuple[float, float] = option((43.0, 46.0), help="luminosities that densities are integrated over, log10 of erg/s")
    draws: int = option(400, ge=50, help="posterior samples that densities are computed for")
    predicted: bool = option(True, help="predict the numbers of sources in the bins, and compare them with what was found")
    prior_widths: tuple[float, ...] = option(
        (), help="fit again with flat priors so many times as wide, such as [0.5, 2.0], and tell what ln Z does"
    )


@frozen(kw_only=True)
class DensityChoice:
    """The headline: the density of sources between two luminosities, at one redshift."""

    z: float = option(4.5, gt=0, help="redshift")
    log_l: tuple[float, float] = option((44.0, 45.0), help="luminosities, log10 of erg/s")


@frozen(kw_only=True)
class ObscurationChoice:
    """Classes of column density by hardness ratio, and what they correct."""

    fiducial: LuminosityFunction = slot(help="the luminosity function that the classes are scaled from")
    spectrum: Spectrum = slot(help="spectrum of obscured sources")
    absorber: str = option(help="its parameter that is the column density at the source, such as 'zwabs.nh'")
    intrinsic: Spectrum | None = option(None, help="the source without obscuration; default: all columns at 0")
    note: str = option("", help="what the report must say of them, such as that they stand in for models that are not public")
    log_nh_edges: tuple[float, ...] = option((23.0, 24.0), help="edges between the classes, log10 of cm^-2")
    log_nh: tuple[float, ...] = option((22.5, 23.5, 24.5), help="column density that stands for each class")
    names: tuple[str, ...] = option(("unabsorbed", "absorbed", "compton-thick"), help="names of the classes")
    soft: str = option("soft", help="image of the soft band")
    hard: str = option("hard", help="image of the hard band")
    crossing: str = option(
        "raise",
        choices=("raise", "count"),
        help="sources at redshifts where tracks cross, so that hardness tells no class: refused, or classified all the same",
    )
    recipe: str = option(
        "gamma_posterior",
        choices=("gamma_posterior", "two_piece"),
        help="how fractions get their errors: Poisson posteriors, or two-piece normals of the printed errors as the paper has it",
    )
    draws: int = option(100_000, ge=1000, help="draws for the fractions")

    def __attrs_post_init__(self) -> None:
        self.classes  # noqa: B018  (wrong classes are told when the study file is read)

    @property
    def classes(self) -> AbsorptionClasses:
        """The classes."""
        return AbsorptionClasses(edges=self.log_nh_edges, names=self.names, representative=self.log_nh)


@frozen(kw_only=True)
class AccretionChoice:
    """Bolometric luminosity function and accretion density."""

    log_bol: tuple[float, float] = option((43.0, 49.0), help="bolometric luminosities that are integrated over")
    efficiency: float = option(0.1, gt=0, lt=1, help="radiative efficiency")
    average: str = option("mean", choices=AVERAGES, help="what stands for a redshift bin: its mean, its middle, or by volume")
