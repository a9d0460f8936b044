"""The option tables of the study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from faintsky.core.component import option
from faintsky.core.paths import as_path
from faintsky.estimators.photo_z.scatter import RedshiftScatter

__all__ = [
    "BroadeningChoice",
    "DissectionChoice",
    "FractionChoice",
    "HostChoice",
    "SimulationChoice",
    "TrustChoice",
]


@frozen(kw_only=True)
class DissectionChoice:
    """What is fitted together: ``[dissection]``."""

    reach: float = option(
        "2.5 arcsec", unit="arcsec", gt=0, help="sources this close to an AGN are fitted with it, and may be companions"
    )
    most: int = option(8, ge=0, help="companions that are fitted at most, the nearest first")
    largest: int = option(300, ge=40, help="longest side of the part of a cutout that is fitted, in pixels")
    second_points: str = option(
        "bic",
        choices=("bic", "always", "never"),
        help="a point in a companion's galaxy: where its BIC gains more than the threshold, always, or never",
    )
    threshold: float = option(10.0, ge=0, help="gain in BIC from which a companion holds a point")
    picture: float = option("4 arcsec", unit="arcsec", gt=0, help="side of the pictures of the report")


@frozen(kw_only=True)
class HostChoice:
    """Photometry of hosts: ``[hosts]``."""

    agn_floor: float = option(0.1, ge=0, help="error of the host of an AGN that is added in quadrature, in magnitudes")
    companion_floor: float = option(0.02, ge=0, help="the same for companions")
    magnitude: str = option(
        "decomposed",
        choices=("decomposed", "auto"),
        help="magnitude of companions that is cut: of their galaxies, or in Kron ellipses as published, where the AGN shines in",
    )
    ebv: float = option(0.0, ge=0, help="E(B-V) of our Galaxy in front of the field")


@frozen(kw_only=True)
class BroadeningChoice:
    """How redshift distributions are brought to their scatter about spectroscopic redshifts: ``[broadening]``."""

    by: str = option(
        "measured",
        choices=("measured", "published", "none"),
        help="the scatter: of this sample, of [broadening.scatter], or none",
    )
    band: str = option("", help="band of the magnitudes of the hosts; default: the shortest")
    scatter: RedshiftScatter = option(factory=RedshiftScatter, help="bins of magnitude, and the published scatter in each")


@frozen(kw_only=True)
class SimulationChoice:
    """A cosmological simulation whose pairs pass the same cuts: ``[fractions.simulations.NAME]``."""

    agn: Path = option(converter=as_path, help="table of all its AGN: redshift, log_lbol")
    pairs: Path = option(
        converter=as_path,
        help="table of its pairs: agn, redshift, separation [kpc], log_mass, host_log_mass, log_lbol, companion_log_lbol",
    )
    fainter: float = option(1.0, ge=0, help="a companion is an AGN down to so many dex below the limit of the sample")


@frozen(kw_only=True)
class FractionChoice:
    """Fractions against redshift: ``[fractions]``."""

    edges: tuple[float, ...] = option((0.0, 1.0, 2.0, 3.0, 4.0, 6.0), ge=0, help="edges of the redshift bins")
    membership: bool = option(
        True, help="the uncertainty of who is real is part of the intervals; without it they are those of counts, as published"
    )
    predictions: Path | None = option(
        None,
        converter=as_path,
        help="fractions of others: a table with the columns name, what (pair or dual), z, fraction, and low, high where known",
    )
    simulations: Mapping[str, SimulationChoice] = option(
        factory=dict, help="[fractions.simulations.NAME]: tables of cosmological simulations, cut as the sample is"
    )


@frozen(kw_only=True)
class TrustChoice:
    """How far the sums of probabilities are from the truth, in simulations made of the study's own redshifts: ``[trust]``."""

    realisations: int = option(10, ge=0, help="simulated samples for each share of interlopers; 0: none")
    shares: tuple[float, ...] = option((0.1, 0.3, 0.5, 0.7, 0.9), gt=0, lt=1, help="of interlopers among the pairs")
