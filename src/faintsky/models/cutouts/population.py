"""Who is there: AGN with hosts, and the companions of some."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from scipy.special import ndtr, ndtri

from faintsky.core.component import option
from faintsky.core.errors import DataError

__all__ = ["Agn", "AgnPopulation", "Companion", "CompanionPopulation"]

#: log10 N_H from which an AGN counts as obscured [cm^-2].
OBSCURED = 22.0


@frozen(kw_only=True)
class Agn:
    """An AGN and its host.

    Attributes
    ----------
    redshift : float
    log_mass : float
        Of the host's stars [Msun].
    log_lbol, log_nh : float
        [erg/s], [cm^-2]
    quiescent : bool
        Whether the host forms no stars.
    spectroscopic, nh_known : bool
        Whether the catalogue has a spectroscopic redshift and a column density.
    """

    redshift: float
    log_mass: float
    log_lbol: float
    log_nh: float
    quiescent: bool
    spectroscopic: bool
    nh_known: bool


@frozen(kw_only=True)
class Companion:
    """A galaxy at the redshift of an AGN.

    Attributes
    ----------
    separation : float
        Projected [kpc].
    angle : float
        [rad], from +x towards +y.
    log_mass : float
        [Msun]
    major : bool
        Whether the mass ratio is that of a major merger.
    quiescent : bool
    log_lbol, log_nh : float
        Of its own AGN; NaN where there is none.
    """

    separation: float
    angle: float
    log_mass: float
    major: bool
    quiescent: bool
    log_lbol: float
    log_nh: float

    @property
    def active(self) -> bool:
        """Whether it holds an AGN."""
        return bool(np.isfinite(self.log_lbol))


@frozen(kw_only=True)
class AgnPopulation:
    """X-ray selected AGN.

    ln(1 + z) is normal and cut off at the limits, log L_bol normal about a mean that rises with redshift as that of a sample with
    a flux limit does, log N_H flat from 20 to 22 or, where obscured, from 22 to 24, and the host's log M normal and cut off. The
    defaults resemble the sample of Li, Zhuang et al. (2025): redshifts to 5, luminosities from 1e43 to 1e46 erg/s.
    """

    z: tuple[float, float] = option((0.3, 5.0), gt=0, help="redshift range")
    z_median: float = option(1.6, gt=0, help="median redshift, before the limits")
    z_width: float = option(0.35, gt=0, help="scatter of ln(1 + z)")
    log_mass: tuple[float, float] = option((10.0, 11.3), help="range of log10 stellar masses of hosts [Msun]")
    log_mass_mean: float = option(10.7, help="mean of log10 stellar masses")
    log_mass_width: float = option(0.35, gt=0, help="their scatter")
    log_lbol: float = option(44.8, help="mean log10 bolometric luminosity at z_median [erg/s]")
    log_lbol_rise: float = option(2.5, help="change of it with log10(1 + z)")
    log_lbol_width: float = option(0.45, ge=0, help="its scatter")
    obscured_share: float = option(0.6, ge=0, le=1, help="share with N_H above 1e22 cm^-2")
    nh_missing: float = option(0.13, ge=0, le=1, help="share without a column density in the catalogue")
    spec_share: float = option(0.55, ge=0, le=1, help="share with a spectroscopic redshift")
    quiescent_share: float = option(0.3, ge=0, le=1, help="share of hosts and companions that form no stars")

    def __attrs_post_init__(self) -> None:
        for name in ("z", "log_mass"):
            low, high = getattr(self, name)
            if not low < high:
                raise DataError(f"{name} must be [low, high], got [{low:g}, {high:g}]")

    def drawn(self, rng: np.random.Generator) -> Agn:
        """One AGN."""
        middle = float(np.log1p(self.z_median))
        redshift = float(np.expm1(_cut_normal(middle, self.z_width, np.log1p(self.z[0]), np.log1p(self.z[1]), rng)))
        rise = self.log_lbol_rise * (np.log10(1 + redshift) - np.log10(1 + self.z_median))
        return Agn(
            redshift=redshift,
            log_mass=_cut_normal(self.log_mass_mean, self.log_mass_width, *self.log_mass, rng),
            log_lbol=float(self.log_lbol + rise + self.log_lbol_width * rng.standard_normal()),
            log_nh=self.drawn_log_nh(rng),
            quiescent=bool(rng.random() < self.quiescent_share),
            spectroscopic=bool(rng.random() < self.spec_share),
            nh_known=bool(rng.random() >= self.nh_missing),
        )

    def drawn_log_nh(self, rng: np.random.Generator) -> float:
        """log10 column density of one AGN [cm^-2]."""
        obscured, place = rng.random() < self.obscured_share, rng.random()
        return float(OBSCURED + 2 * (place if obscured else place - 1))


@frozen(kw_only=True)
class CompanionPopulation:
    """Galaxies that accompany AGN: at most one of a major and one of a minor merger each.

    Projected separations are uniform, mass ratios uniform in their logarithm from 1:1 to the limit of major mergers, and from
    there to that of minor ones; position angles are uniform.
    """

    fraction: float = option(
        0.3, ge=0, le=1, help="share of AGN with a companion of a major merger; Li, Zhuang et al. (2025) find 0.066"
    )
    minor_fraction: float = option(0.1, ge=0, le=1, help="share of AGN with a companion of a minor merger")
    dual_share: float = option(0.7, ge=0, le=1, help="share of the companions that hold an AGN of their own")
    separation: tuple[float, float] = option((2.0, 15.0), unit="kpc", ge=0, help="range of projected separations")
    major: float = option(6.0, ge=1, help="mass ratio that ends major mergers, AGN over companion")
    minor: float = option(15.0, ge=1, help="mass ratio that ends minor mergers")
    log_lbol_ratio: tuple[float, float] = option((-1.0, 0.0), help="range of log10 L_bol of the second AGN over the first")

    def __attrs_post_init__(self) -> None:
        if not self.separation[0] < self.separation[1]:
            raise DataError(f"separation must be [smallest, largest] in kpc, got {list(self.separation)}")
        if self.minor < self.major:
            raise DataError(f"minor mergers end at 1:{self.minor:g}, before major ones at 1:{self.major:g}")
        if self.log_lbol_ratio[0] > self.log_lbol_ratio[1]:
            raise DataError(f"log_lbol_ratio must be [low, high], got {list(self.log_lbol_ratio)}")

    def drawn(self, agn: Agn, population: AgnPopulation, rng: np.random.Generator) -> tuple[Companion, ...]:
        """The companions of one AGN."""
        drawn = [
            (self.fraction, self._drawn(agn, population, True, rng)),
            (self.minor_fraction, self._drawn(agn, population, False, rng)),
        ]
        return tuple(companion for share, companion in drawn if rng.random() < share)

    def _drawn(self, agn: Agn, population: AgnPopulation, major: bool, rng: np.random.Generator) -> Companion:
        low, high = (1.0, self.major) if major else (self.major, self.minor)
        separation, angle = rng.uniform(*self.separation), rng.uniform(-np.pi, np.pi)
        ratio = rng.uniform(np.log10(low), np.log10(high))
        active, brightness, log_nh = (
            rng.random() < self.dual_share,
            rng.uniform(*self.log_lbol_ratio),
            population.drawn_log_nh(rng),
        )
        return Companion(
            separation=float(separation),
            angle=float(angle),
            log_mass=float(agn.log_mass - ratio),
            major=major,
            quiescent=bool(rng.random() < population.quiescent_share),
            log_lbol=float(agn.log_lbol + brightness) if active else np.nan,
            log_nh=log_nh if active else np.nan,
        )


def _cut_normal(mean: float, sigma: float, low: float, high: float, rng: np.random.Generator) -> float:
    """A normal number between two limits."""
    share = ndtr((np.array([low, high]) - mean) / sigma)
    return float(np.clip(mean + sigma * ndtri(rng.uniform(*share)), low, high))
