"""The option tables of the study."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from faintsky.core.component import option
from faintsky.core.paths import as_path
from faintsky.estimators.photo_z.scatter import RedshiftScatter

__all__ = ["BroadeningChoice", "DissectionChoice", "FractionChoice", "HostChoice"]


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
class FractionChoice:
    """Fractions against redshift: ``[fractions]``."""

    edges: tuple[float, ...] = option((0.0, 1.0, 2.0, 3.0, 4.0, 6.0), ge=0, help="edges of the redshift bins")
    predictions: Path | None = option(
        None,
        converter=as_path,
        help="fractions of others: a table with the columns name, what (pair or dual), z, fraction, and low, high where known",
    )
