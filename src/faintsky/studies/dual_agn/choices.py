"""The option tables of the study."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from faintsky.core.component import option, slot
from faintsky.core.paths import as_path
from faintsky.core.psf import PSF
from faintsky.core.units import ARCMIN

__all__ = ["CampaignChoice", "ForecastChoice", "InjectionChoice", "PopulationChoice", "SensitivityChoice"]


@frozen(kw_only=True)
class CampaignChoice:
    """Single sources simulated in the place of every source: how often does one look like two?"""

    simulations: int = option(100, ge=0, help="simulated single sources for each source; 0: no campaign, and no candidates")
    batch: int = option(10, ge=1, help="simulations of one task")
    stop: bool = option(
        False, help="end the campaign of a source as soon as its false-positive rate is known to be above or below the threshold"
    )
    threshold: float = option(0.1, gt=0, lt=1, help="largest false-positive rate of a candidate")
    sigma: float = option(3.0, gt=0, help="errors by which ln BF of a candidate must exceed 0")
    level: float = option(0.95, gt=0, lt=1, help="confidence of the interval on the false-positive rate")


@frozen(kw_only=True)
class InjectionChoice:
    """Pairs put in the place of every source: which would have been seen?"""

    separations: tuple[float, ...] = option((0.5, 1.0, 2.0), unit="arcsec", gt=0, help="separations of the pairs")
    ratios: tuple[float, ...] = option(
        (0.1, 0.3, 1.0), gt=0, le=1, help="counts of the fainter source over those of the brighter"
    )
    simulations: int = option(20, ge=1, help="pairs of each kind, at random position angles")


@frozen(kw_only=True)
class SensitivityChoice:
    """Detected fraction of pairs over separation, ratio, counts and off-axis angle, of one observation each."""

    separations: tuple[float, ...] = option(
        (0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0), unit="arcsec", gt=0, help="separations of the pairs"
    )
    ratios: tuple[float, ...] = option(
        (0.1, 0.3, 1.0), gt=0, le=1, help="counts of the fainter source over those of the brighter"
    )
    counts: tuple[int, ...] = option((50, 100, 200, 700), ge=2, help="counts of both sources together")
    off_axis: tuple[float, ...] = option((0.0, 2 * ARCMIN, 3 * ARCMIN, 5 * ARCMIN), unit="rad", ge=0, help="off-axis angles")
    simulations: int = option(20, ge=1, help="pairs of each kind; of singles five times as many")
    exposure: float = option("160 ks", unit="s", gt=0, help="of the one observation, which sets its background")


@frozen(kw_only=True)
class PopulationChoice:
    """What is said of the sample as a whole."""

    level: float = option(0.95, gt=0, lt=1, help="confidence of limits")
    off_axis: float = option(3 * ARCMIN, unit="rad", gt=0, help="the tests use sources with a mean off-axis angle below this")
    draws: int = option(10_000, ge=100, help="draws of the test statistics")
    separations: tuple[float, float] = option(
        ("0.3 arcsec", "3 arcsec"), unit="arcsec", gt=0, help="[low, high] of the pairs that a corrected limit is of"
    )
    ratios: tuple[float, float] = option((0.1, 1.0), gt=0, le=1, help="[low, high] of their ratios of counts")
    predictions: Path | None = option(
        None, converter=as_path, help="dual fractions of simulations: a table with the columns name, z, fraction (low, high)"
    )


@frozen(kw_only=True)
class ForecastChoice:
    """A survey to come: ``[forecast]``."""

    name: str = option("AXIS", help="of the survey or mission")
    sources: int = option(1000, ge=1, help="AGN that it searches")
    fraction: float = option(0.03, gt=0, lt=1, help="dual fraction that is assumed")
    completeness: float | None = option(
        None, gt=0, le=1, help="share of the pairs that it finds; default: from simulations with its PSF"
    )
    psf: PSF = slot("two-king", axis="data", help="its PSF")
    counts: int = option(100, ge=2, help="counts of a typical source")
    exposure: float = option("300 ks", unit="s", gt=0, help="of a typical source, which sets its background")
    separations: tuple[float, ...] = option((1.5, 2.0, 3.0), unit="arcsec", gt=0, help="separations of the pairs")
    ratios: tuple[float, ...] = option((0.1, 0.3, 1.0), gt=0, le=1, help="ratios of counts")
    simulations: int = option(20, ge=1, help="pairs of each kind")
