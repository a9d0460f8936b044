"""The sample of projected pairs: all candidates, the cuts that each passed, and what is known of its two members."""

from __future__ import annotations

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.ab_magnitude import ab_magnitude
from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.pair_sample import PairSample
from faintsky.core.step import step
from faintsky.estimators.companions.cuts import PairCuts
from faintsky.studies.pairs.choices import HostChoice
from faintsky.studies.pairs.dissecting import Dissected
from faintsky.studies.pairs.looking import Looked
from faintsky.studies.pairs.redshifts import SampleRedshifts, full_name, targets_of
from faintsky.studies.pairs.spectra import SampleSpectra, agn_redshifts

__all__ = ["Assembled", "assemble"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Assembled:
    """Candidates and pairs.

    Attributes
    ----------
    sample : PairSample
        Companions that pass the cuts in separation and magnitude, for these are what interlopers of the field pass as well.
    final : ndarray of bool, shape (n,)
        Companions that pass the cut in mass ratio too, and are no stars.
    candidates : Catalogue
        A row for every companion within reach: ``agn``, ``name``, ``separation`` [kpc], ``magnitude``, ``host_magnitude``,
        ``log_mass``, ``host_log_mass``, ``star``, ``kept`` (1 or 0), ``cut`` and ``reason``.
    """

    sample: PairSample
    final: NDArray[np.bool_]
    candidates: Catalogue

    @property
    def digest(self) -> str:
        """Identity of the pairs."""
        return json_digest([self.sample.digest, array_digest(self.final), self.candidates.digest])


@step(title="pairs")
def assemble(
    *,
    targets: Catalogue,
    looked: tuple[Looked, ...],
    dissected: tuple[Dissected, ...],
    redshifts: SampleRedshifts,
    spectra: SampleSpectra,
    cuts: PairCuts,
    hosts: HostChoice,
    reach: float,
    cosmology: Cosmology,
    title: str,
    ctx: Context,
) -> Assembled:
    """Put AGN and companions together, and cut."""
    agn = _agn(targets, dissected, redshifts, spectra)
    widest = cuts.reach(agn["z"], cosmology)
    if np.any(widest > reach):
        far = int(np.sum(widest > reach))
        ctx.warn(
            f"{cuts.max_separation:g} kpc are more than the reach of {reach:g} arcsec about {far} of {len(widest)} AGN: "
            "companions beyond it are not looked for. Raise dissection.reach"
        )
    candidates = _candidates(agn, looked, dissected, redshifts, spectra, hosts)
    first = cuts.select(_without(candidates, ("star", "log_mass", "host_log_mass")), cosmology)
    last = cuts.select(candidates, cosmology)
    rows = np.flatnonzero(first["kept"] == 1)
    names = [str(name) for name in candidates["name"][rows]]
    companions = attrs.evolve(
        last.select(rows), redshifts=redshifts.broad.select(np.array([redshifts.row(name) for name in names], dtype=np.int64))
    )
    owner = {str(name): i for i, name in enumerate(agn["name"])}
    return Assembled(
        sample=PairSample(
            agn=agn,
            companions=companions,
            owner=np.array([owner[str(name)] for name in candidates["agn"][rows]], dtype=np.int32),
            reach=np.minimum(widest, reach),
            faintest=agn["magnitude"] + cuts.max_difference,
            interlopers=redshifts.interlopers,
        ),
        final=np.asarray(last["kept"][rows] == 1),
        candidates=last,
    )


def _agn(targets: Catalogue, dissected: tuple[Dissected, ...], redshifts: SampleRedshifts, spectra: SampleSpectra) -> Catalogue:
    """The parent sample: AGN whose host was measured."""
    ours = targets_of(targets, dissected)
    own = np.array([redshifts.row(full_name(each.name, each.primary)) for each in dissected], dtype=np.int64)
    magnitude = redshifts.hosts.magnitude(dissected[0].reference)[own]
    if np.isnan(magnitude).any():
        raise DataError(
            f"the host of {dissected[int(np.flatnonzero(np.isnan(magnitude))[0])].name} has no flux in the reference band"
        )
    known = {name: ours[name] for name in ("ra", "dec", "log_lbol", "log_nh") if name in ours.columns}
    return Catalogue(
        columns={
            "name": np.array([each.name for each in dissected]),
            "source": np.array([each.primary for each in dissected]),
            "z": agn_redshifts(targets, dissected, redshifts),
            "z_spec": np.asarray(ours["z_spec"], dtype=float),
            "z_phot": redshifts.photo_z.z_ml[own],
            "magnitude": magnitude,
            "log_mass": np.log10(spectra.hosts.mass[own]),
            **known,
        },
        redshifts=redshifts.broad.select(own),
    )


def _without(table: Catalogue, names: tuple[str, ...]) -> Catalogue:
    return attrs.evolve(table, columns={name: column for name, column in table.columns.items() if name not in names})


def _candidates(
    agn: Catalogue,
    looked: tuple[Looked, ...],
    dissected: tuple[Dissected, ...],
    redshifts: SampleRedshifts,
    spectra: SampleSpectra,
    hosts: HostChoice,
) -> Catalogue:
    """All companions within reach."""
    rows = []
    median, gained, dual = redshifts.photo_z.z_ml, spectra.nuclei.delta_bic, spectra.nuclei.dual
    decomposed = redshifts.hosts.magnitude(dissected[0].reference)
    for i, (about, each) in enumerate(zip(looked, dissected, strict=True)):
        sources = about.companions.sources
        place = {str(name): row for row, name in enumerate(sources["name"])}
        for source in each.companions:
            name = full_name(each.name, source)
            own, row = redshifts.row(name), place[source]
            nucleus = spectra.nuclei.names.index(name)
            truth = each.truth.get(source)
            rows.append(
                {
                    "agn": each.name,
                    "name": name,
                    "source": source,
                    "ra": sources["ra"][row],
                    "dec": sources["dec"][row],
                    "angle": each.angle[source],
                    "redshift": agn["z"][i],
                    "z_phot": median[own],
                    "magnitude": decomposed[own]
                    if hosts.magnitude == "decomposed"
                    else float(ab_magnitude(sources["auto_flux"][row])),
                    "host_magnitude": agn["magnitude"][i],
                    "log_mass": np.log10(spectra.hosts.mass[own]),
                    "host_log_mass": agn["log_mass"][i],
                    "star": float(_is_star(redshifts, own, bool(sources["point_like"][row]))),
                    "delta_bic": gained[nucleus],
                    "dual": float(dual[nucleus]),
                    "second_point": each.second_point.get(source, np.nan),
                    "real": np.nan if truth is None else float(truth.kind == "companion"),
                    "kind": "" if truth is None else truth.kind,
                    "active": np.nan if truth is None else float(truth.active),
                }
            )
    return Catalogue(columns={name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else _COLUMNS)})


_COLUMNS = (
    "agn", "name", "source", "ra", "dec", "angle", "redshift", "z_phot", "magnitude", "host_magnitude", "log_mass",
    "host_log_mass", "star", "delta_bic", "dual", "second_point", "real", "kind", "active",
)  # fmt: skip


def _is_star(redshifts: SampleRedshifts, row: int, point_like: bool) -> bool:
    """A point whose colours are those of a star, where the templates hold stars; else any point."""
    if np.isnan(redshifts.photo_z.star_chi2[row]):
        return point_like
    return point_like and bool(redshifts.photo_z.star[row])
