"""Redshift distributions from template spectra."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.attenuation import screens
from faintsky.core.component import component, option, slot
from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError, nearest
from faintsky.core.photo_z import PhotoZ, PhotoZRule
from faintsky.core.photometry import Photometry
from faintsky.core.redshift import Redshifts
from faintsky.core.sed_library import ROLES, SedLibrary, SedTemplates
from faintsky.core.universe_age import universe_age
from faintsky.estimators.photo_z.magnitude_prior import prior_of_sources
from faintsky.estimators.photo_z.template_scan import TemplateScan
from faintsky.estimators.seds.model_fluxes import IGM, model_fluxes

__all__ = ["Templates"]

Array = NDArray[np.float64]

#: Probability of a single cell above which a distribution is narrower than its grid.
_NARROW = 0.5


def _roles(_: object, __: object, value: tuple[str, ...]) -> None:
    for role in value:
        if role not in ROLES[:3]:
            raise ValueError(f"roles of galaxies are {', '.join(ROLES[:3])}; got {role!r}. {nearest(role, ROLES[:3])}".strip())
    if not value:
        raise ValueError("roles must name at least one kind of templates, such as stars")


@component(references=["Arnouts1999", "Ilbert2006", "Ilbert2013", "Calzetti2000", "Inoue2014", "Benitez2000"])
@frozen(kw_only=True)
class Templates(PhotoZRule):
    """Redshift distributions of sources from template spectra behind dust.

    Every template of the library behind every screen is moved to every redshift, and its amplitude is fitted, which is not
    negative. The likelihood is exp(-chi2 / 2) in flux densities, so that a band without a detection counts with its error. With
    ``likelihood = "marginal"`` templates are averaged, each with the same prior; with ``best`` only the best one at each redshift
    counts, as in LePhare. The amplitude with the smallest chi2 stands for all: that is the average over a prior that is flat in
    the total signal to noise of the model, which favours no template for its unit. Stars of our Galaxy are fitted at redshift 0
    without dust: `PhotoZ.star` compares chi2.

    The distribution is the prior times the likelihood at redshifts that are equally spaced in ln(1 + z), linear between; cells
    of the grid hold its integral. The flat prior is flat in z. A source without any measured band has the prior as its
    distribution, with a warning.

    References
    ----------
    Arnouts et al. 1999, MNRAS 310, 540; Ilbert et al. 2006, A&A 457, 841 (LePhare); Ilbert et al. 2013, A&A 556, A55; Calzetti et
    al. 2000, ApJ 533, 682; Inoue et al. 2014, MNRAS 442, 1805; Benitez 2000, ApJ 536, 571.
    """

    library: SedLibrary = slot(help="template spectra")
    roles: tuple[str, ...] = option(("stars",), validator=_roles, help="templates that stand for galaxies: stars, agn, dust")
    z_min: float = option(0.01, ge=0, help="first redshift")
    z_max: float = option(7.0, gt=0, help="last redshift")
    step: float = option(0.005, gt=0, le=0.5, help="largest step in ln(1 + z)")
    ebv: tuple[float, ...] = option((0.0, 0.1, 0.2, 0.3, 0.4, 0.5), ge=0, help="E(B-V) of the dust in front of galaxies")
    law: str = option("calzetti", help="its attenuation: calzetti, or a law of the package dust_extinction")
    igm: str = option("inoue14", choices=IGM, help="absorption by the intergalactic medium")
    likelihood: str = option(
        "marginal", choices=("marginal", "best"), help="templates at one redshift are averaged, or the best counts"
    )
    prior: str = option("flat", choices=("flat", "benitez00"), help="of the redshift: flat, or by the apparent magnitude")
    prior_band: str = option("", help="band of the magnitude for the prior benitez00, near 0.8 um")
    floor: float = option(
        0.0, ge=0, help="error [mag] added in quadrature to every flux; the paper: 0.1 of AGN hosts, 0.02 of others"
    )
    cosmology: Cosmology | None = option(
        None, help="leaves out templates that are older than its universe; default: all are used"
    )

    def __attrs_post_init__(self) -> None:
        if not self.z_min < self.z_max:
            raise DataError(f"z_min must lie below z_max, got {self.z_min:g} and {self.z_max:g}")
        if (self.prior == "benitez00") is not bool(self.prior_band):
            raise DataError("the prior benitez00 needs prior_band, the band of its magnitude; the flat one needs none")
        if not self.ebv:
            raise DataError("ebv is empty: give (0,) for no dust")

    @property
    def grid(self) -> Array:
        """Redshifts, uniform in ln(1 + z); shape (m,)."""
        first, last = np.log1p(self.z_min), np.log1p(self.z_max)
        return np.expm1(np.linspace(first, last, 1 + max(1, int(np.ceil((last - first) / self.step - 1e-9)))))

    def estimate(self, photometry: Photometry, ctx: Context) -> PhotoZ:
        """Redshifts of all sources.

        Parameters
        ----------
        photometry : Photometry
            n sources in b bands; see `without_galactic_extinction` for the dust of our Galaxy.

        Raises
        ------
        DataError
            Where the library lacks a role, a band leaves the templates at some redshift, the band of the prior is missing, or
            templates have no age while a cosmology asks for it.
        PluginError
            Where the attenuation law needs a package that is not installed.
        """
        z = self.grid
        prior = prior_of_sources(z, photometry, self.prior_band)
        used = photometry.with_floor(self.floor) if self.floor else photometry
        templates = self.library.load(ctx)
        scan = TemplateScan(used)
        best, log_likelihood = self._galaxies(templates, used, scan, z, ctx)
        with np.errstate(divide="ignore"):  # a prior may vanish, such as that by magnitude at redshift 0
            log_posterior = np.log(prior) + log_likelihood
        density = np.exp(log_posterior - log_posterior.max(axis=1, keepdims=True))
        density /= np.sum(0.5 * (density[:, 1:] + density[:, :-1]) * np.diff(z), axis=1, keepdims=True)
        redshifts = Redshifts.from_pdf(z, density, values="density")
        bands = used.measured.sum(axis=1)
        self._warn(photometry, bands, redshifts, ctx)
        place = np.argmax(best, axis=1)
        return PhotoZ(
            names=photometry.names,
            redshifts=redshifts,
            z_best=np.where(bands > 0, z[place], np.nan),
            galaxy_chi2=scan.null - 2 * np.take_along_axis(best, place[:, None], axis=1)[:, 0],
            star_chi2=self._stars(templates, used, scan),
            bands=bands,
        )

    def _galaxies(
        self, templates: Mapping[str, SedTemplates], photometry: Photometry, scan: TemplateScan, z: Array, ctx: Context
    ) -> tuple[Array, Array]:
        """Largest gain in chi2 / 2 and logarithm of the likelihood, each of shape (n, m)."""
        if missing := [role for role in self.roles if role not in templates]:
            raise DataError(f"the library has no templates of {', '.join(missing)}; it has {', '.join(templates)}")
        chosen = [templates[role] for role in self.roles]
        if any(each.demonstration for each in chosen):
            ctx.warn("the templates of galaxies are made up for demonstrations: no redshift from them is science")
        through = [screens(each.wavelength, self.ebv, self.law) for each in chosen]
        oldest = None if self.cosmology is None else universe_age(self.cosmology, z)
        best, log_likelihood = np.empty((2, len(photometry), z.size))
        for k, redshift in enumerate(z):
            models = [
                model_fluxes(each, photometry.bands, redshift, igm=self.igm, screens=screen)[0][self._young(each, oldest, k)]
                for each, screen in zip(chosen, through, strict=True)
            ]
            found = scan.scan(np.concatenate(models))
            best[:, k] = found.best
            log_likelihood[:, k] = found.best if self.likelihood == "best" else found.mean
            ctx.progress(k + 1, z.size, "redshifts")
        return best, log_likelihood

    def _young(self, templates: SedTemplates, oldest: Array | None, place: int) -> NDArray[np.bool_]:
        """Templates behind screens that are no older than the universe, shape (n e,)."""
        if oldest is None or templates.role != "stars":
            return np.ones(len(templates) * len(self.ebv), dtype=bool)
        if "age" not in templates.parameters:
            raise DataError(
                f"the templates {templates.name!r} have no parameter 'age', which a cosmology is compared with: leave it out. "
                f"Parameters: {', '.join(templates.parameters) or 'none'}"
            )
        age = templates.parameters["age"]
        # The youngest ones stay, so that there is a redshift at all.
        return np.repeat(age <= max(float(oldest[place]), float(age.min())), len(self.ebv))

    def _stars(self, templates: Mapping[str, SedTemplates], photometry: Photometry, scan: TemplateScan) -> Array:
        if "star" not in templates:
            return np.full(len(photometry), np.nan)
        return scan.null - 2 * scan.best(model_fluxes(templates["star"], photometry.bands, 0.0)[0])[1]

    def _warn(self, photometry: Photometry, bands: NDArray[np.int64], redshifts: Redshifts, ctx: Context) -> None:
        if np.any(bands < 2):
            which = [photometry.names[i] for i in np.flatnonzero(bands < 2)]
            ctx.warn(
                f"{len(which)} of {len(photometry)} sources have fewer than two measured bands, so no colour: their "
                f"distributions are next to the prior ({', '.join(which[:5])}{' ...' if len(which) > 5 else ''})"
            )
        if narrow := int(np.sum(redshifts.cells.max(axis=1, initial=0.0) > _NARROW)):
            ctx.warn(
                f"{narrow} of {len(photometry)} distributions have more than half of their probability in one cell of the grid: "
                f"step = {self.step:g} is too coarse for these errors, or they are too small; give a floor"
            )
