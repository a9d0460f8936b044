"""Template spectra fitted to nuclei and to hosts, at the redshift of their AGN."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.digest import json_digest
from faintsky.core.photometry import Photometry
from faintsky.core.sed_fit import SedFits
from faintsky.core.sed_library import SedLibrary
from faintsky.core.step import step
from faintsky.estimators.seds.grid_fit import fit_seds
from faintsky.estimators.seds.settings import SedFitSettings
from faintsky.studies.pairs.dissecting import Dissected
from faintsky.studies.pairs.redshifts import SampleRedshifts, full_name, joined, targets_of

__all__ = ["SampleSpectra", "agn_redshifts", "fit_spectra"]


def agn_redshifts(targets: Catalogue, dissected: tuple[Dissected, ...], redshifts: SampleRedshifts) -> NDArray[np.float64]:
    """The best known redshift of each AGN, shape (N,): spectroscopic, else the median of its photometric distribution."""
    median = redshifts.photo_z.z_ml
    rows = [redshifts.row(full_name(each.name, each.primary)) for each in dissected]
    known = np.asarray(targets_of(targets, dissected)["z_spec"], dtype=float)
    return np.where(np.isfinite(known), known, median[rows])


@frozen(kw_only=True, eq=False)
class SampleSpectra:
    """Fits of a sample.

    Attributes
    ----------
    photometry : Photometry
        Of the nuclei.
    nuclei : SedFits
        Of the nuclei of all companions: stars, stars with dust, stars with an AGN.
    hosts : SedFits
        Of the galaxies of AGN and companions: stars, for their masses.
    """

    photometry: Photometry
    nuclei: SedFits
    hosts: SedFits

    @property
    def digest(self) -> str:
        """Identity of the fits."""
        return json_digest([self.photometry.digest, self.nuclei.digest, self.hosts.digest])


@step(title="spectra")
def fit_spectra(
    *,
    targets: Catalogue,
    dissected: tuple[Dissected, ...],
    redshifts: SampleRedshifts,
    library: SedLibrary,
    cosmology: Cosmology,
    settings: SedFitSettings,
    title: str,
    ctx: Context,
) -> SampleSpectra:
    """Fit all nuclei and hosts, companions at the redshift of their AGN: that is what a pair would have."""
    z = dict(zip([each.name for each in dissected], agn_redshifts(targets, dissected, redshifts), strict=True))
    templates = library.load(ctx)
    photometry = joined([each.name for each in dissected], [each.nuclei for each in dissected])
    at = np.array([z[each.name] for each in dissected for _ in each.nuclei.names])
    of_hosts = np.array([z[each.name] for each in dissected for _ in each.hosts.names])
    return SampleSpectra(
        photometry=photometry,
        nuclei=fit_seds(photometry, at, templates, cosmology, settings, ctx),
        hosts=fit_seds(redshifts.hosts, of_hosts, {"stars": templates["stars"]}, cosmology, settings, ctx),
    )
