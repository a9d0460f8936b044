"""Redshifts of all hosts, companions and field galaxies of a sample, from one rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.ab_magnitude import ab_magnitude
from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats
from faintsky.core.pair_sample import FieldGalaxies
from faintsky.core.photo_z import PhotoZ, PhotoZRule
from faintsky.core.photometry import Photometry
from faintsky.core.redshift import Redshifts
from faintsky.core.step import step
from faintsky.estimators.photo_z.broadened import broadened
from faintsky.estimators.photo_z.galactic_extinction import without_galactic_extinction
from faintsky.estimators.photo_z.scatter import RedshiftScatter
from faintsky.estimators.photo_z.spec_comparison import SpecComparison
from faintsky.studies.pairs.choices import BroadeningChoice, HostChoice
from faintsky.studies.pairs.dissecting import Dissected
from faintsky.studies.pairs.looking import Looked

__all__ = ["SampleRedshifts", "estimate_redshifts", "full_name", "joined", "targets_of"]

#: Spectroscopic redshifts from which the scatter of a sample is measured; below, the published one stands in.
_ENOUGH = 20


def full_name(target: str, source: str) -> str:
    """The name of a source in a sample: that of the AGN and of the source about it."""
    return f"{target}-{source}"


@frozen(kw_only=True, eq=False)
class SampleRedshifts:
    """Photometric redshifts of a sample.

    Attributes
    ----------
    hosts : Photometry
        Of AGN hosts and companions, corrected for our Galaxy, with floors; names by `full_name`.
    photo_z : PhotoZ
        Of the same sources, as the photometry says.
    broad : Redshifts
        The same distributions, broadened to the scatter about spectroscopic redshifts.
    lost : ndarray, shape (n,)
        Probability that broadening moved beyond the ends of the grid.
    scatter : RedshiftScatter or None
    comparison : SpecComparison or None
        With spectroscopic redshifts; None where there is none.
    interlopers : FieldGalaxies or None
        Galaxies beyond the reach of the pairs; None where there is none.
    """

    hosts: Photometry
    photo_z: PhotoZ
    broad: Redshifts
    lost: NDArray[np.float64]
    scatter: RedshiftScatter | None
    comparison: SpecComparison | None
    interlopers: FieldGalaxies | None

    def row(self, name: str) -> int:
        """Row of a source by its full name."""
        return self.hosts.names.index(name)

    @property
    def digest(self) -> str:
        """Identity of the redshifts."""
        return json_digest(
            [self.hosts.digest, self.photo_z.digest, array_digest(self.broad.cdf), self.interlopers and self.interlopers.digest]
        )


@step(title="redshifts")
def estimate_redshifts(
    *,
    targets: Catalogue,
    looked: tuple[Looked, ...],
    dissected: tuple[Dissected, ...],
    rule: PhotoZRule,
    hosts: HostChoice,
    broadening: BroadeningChoice,
    reach: float,
    faintest: float,
    title: str,
    ctx: Context,
) -> SampleRedshifts:
    """Redshifts of all hosts and companions at once, and of the field galaxies about them."""
    photometry = joined([each.name for each in dissected], [each.hosts for each in dissected])
    primary = np.array([source == each.primary for each in dissected for source in each.hosts.names])
    corrected = _corrected(photometry, hosts).with_floor(np.where(primary, hosts.agn_floor, hosts.companion_floor))
    found = rule.estimate(corrected, ctx)
    band = broadening.band or corrected.bands[0].name
    magnitude = corrected.magnitude(band)
    z_spec = np.asarray(targets_of(targets, dissected)["z_spec"], dtype=float)
    comparison = None
    if np.isfinite(z_spec).any():
        comparison = SpecComparison.of(found.z_ml[primary], z_spec, magnitude[primary], broadening.scatter.edges)
    scatter = _scatter(broadening, comparison, ctx)
    width = np.zeros(len(found)) if scatter is None else scatter.widths(magnitude, found.redshifts)
    broad, lost = broadened(found.redshifts, width)
    return SampleRedshifts(
        hosts=corrected,
        photo_z=found,
        broad=broad,
        lost=owned_floats(lost),
        scatter=scatter,
        comparison=comparison,
        interlopers=_interlopers(
            looked,
            np.nanmax(corrected.magnitude(looked[0].companions.reference)[primary]) + faintest,
            reach,
            rule,
            hosts,
            scatter,
            band,
            ctx,
        ),
    )


def _interlopers(
    looked: Sequence[Looked],
    limit: float,
    reach: float,
    rule: PhotoZRule,
    hosts: HostChoice,
    scatter: RedshiftScatter | None,
    band: str,
    ctx: Context,
) -> FieldGalaxies | None:
    """Field galaxies with their redshifts, by the same rule and with the same scatter."""
    field, area = _field(looked, limit, reach)
    if not len(field):
        return None
    found = rule.estimate(_corrected(field, hosts).with_floor(hosts.companion_floor), ctx)
    galaxies = ~found.star
    redshifts = found.redshifts.select(galaxies)
    width = 0.0 if scatter is None else scatter.widths(field.magnitude(band)[galaxies], redshifts)
    return FieldGalaxies(
        area=area,
        magnitude=field.magnitude(looked[0].companions.reference)[galaxies],
        redshifts=broadened(redshifts, width)[0],
    )


def targets_of(targets: Catalogue, dissected: Sequence[Dissected]) -> Catalogue:
    """The rows of the targets in the order of the AGN that were taken apart."""
    place = {str(name): row for row, name in enumerate(targets["name"])}
    return targets.select(np.array([place[each.name] for each in dissected], dtype=np.int64))


def joined(agn: Sequence[str], tables: Sequence[Photometry]) -> Photometry:
    """One table of those of several AGN, which must have the same bands; names by `full_name`."""
    bands = tables[0].bands
    for table in tables:
        if [band.digest for band in table.bands] != [band.digest for band in bands]:
            raise DataError("the cutouts of a sample have different bands: their redshifts cannot be compared")
    return Photometry(
        names=tuple(full_name(name, source) for name, table in zip(agn, tables, strict=True) for source in table.names),
        bands=bands,
        flux=np.concatenate([table.flux for table in tables]),
        error=np.concatenate([table.error for table in tables]),
    )


def _corrected(photometry: Photometry, hosts: HostChoice) -> Photometry:
    return without_galactic_extinction(photometry, hosts.ebv) if hosts.ebv > 0 else photometry


def _scatter(choice: BroadeningChoice, comparison: SpecComparison | None, ctx: Context) -> RedshiftScatter | None:
    """What distributions are brought to: measured where enough redshifts are known, else as published."""
    if choice.by == "none":
        return None
    if choice.by == "measured":
        if comparison is not None and comparison.number.min() >= _ENOUGH:
            return RedshiftScatter.measured(comparison)
        known = 0 if comparison is None else int(comparison.number.sum())
        ctx.warn(
            f"{known} spectroscopic redshifts do not tell the scatter in {len(choice.scatter.edges) + 1} bins of magnitude "
            f"({_ENOUGH} are needed in each): that of [broadening.scatter] is used"
        )
    return choice.scatter


def _field(looked: Sequence[Looked], limit: float, reach: float) -> tuple[Photometry, float]:
    """Galaxies beyond the reach of the pairs that are no fainter than any companion that counts, and their area [arcsec^2]."""
    tables, area = [], 0.0
    for each in looked:
        sources = each.companions.sources
        magnitude = ab_magnitude(np.asarray(sources["auto_flux"], dtype=float))
        keep = (sources["angle"] > reach) & (magnitude <= limit) & (sources["point_like"] == 0)
        keep[each.companions.primary] = False
        tables.append(each.photometry.select(np.asarray(keep)))
        area += each.area - np.pi * reach**2
    return joined([each.name for each in looked], tables), area
