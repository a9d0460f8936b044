"""A simulated survey: clustered sources with magnitudes, redshift densities, unequal depth and X-rays, all of known truth."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from faintsky.core.catalogue import Catalogue, CatalogueSource
from faintsky.core.component import component, option, slot
from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.flux_production import FluxProduction
from faintsky.core.redshift import Redshifts
from faintsky.core.units import DEG2_PER_SR
from faintsky.models.catalogues.lognormal_field import lognormal_field
from faintsky.models.catalogues.population import Population
from faintsky.models.clustering.limber import POWERS, limber

__all__ = ["SimulatedCatalogue"]

Array = NDArray[np.float64]


@component()
@frozen(kw_only=True)
class SimulatedCatalogue(CatalogueSource):
    """Sources that are drawn from lognormal density fields, shell by shell, with the angular power that theory gives each shell.

    Columns: ``ra``, ``dec`` [deg], a magnitude for each band, ``z_true``, ``depth`` (2 or 4), ``eta`` and ``eta_own`` (the
    selection at the source's magnitude in the shallow part, and at its own depth), ``xray`` [erg / (s cm2)]. Each source has a
    redshift density of normal shape with a flat pedestal of outliers. The fields are linear unless `matter` says otherwise, so
    that a fit of linear theory must find the biases of the populations.
    """

    sky: str = option("survey", help="name of the sky: catalogues of one name and seed are the same")
    centre: tuple[float, float] = option(
        ("150.1 deg", "2.2 deg"), unit="deg", help="right ascension and declination of the centre"
    )
    size: tuple[float, float] = option(("44 arcmin", "44 arcmin"), unit="rad", help="height and width of the field")
    cell: float = option("5 arcsec", unit="rad", gt=0, help="cells of the density fields; clustering is absent below them")
    cosmology: Cosmology = slot(help="what clusters the sources")
    matter: str = option("linear", choices=POWERS, help="matter power of the density fields")
    populations: Mapping[str, Population] = option(factory=dict, help="[populations.NAME]: their sources make the survey")
    bands: Mapping[str, float] = option(factory=lambda: {"m": 0.0}, help="band = its magnitude minus that of the first")
    colour_scatter: float = option(0.3, ge=0, help="scatter of the magnitude differences")
    z_error: float = option(0.03, ge=1e-3, help="width of the redshift densities over 1 + z")
    outliers: float = option(
        0.02, ge=0, lt=1, help="share of sources with a redshift anywhere, and of each density that allows it"
    )
    z_max: float = option(13.0, gt=0, help="end of the redshift densities")
    detected: bool = option(True, help="leave out what is not detected at its depth; false: the complete sky")
    m50: tuple[float, float] = option((28.3, 28.7), help="magnitude of half detection with 2 and with 4 exposures")
    m50_width: float = option(0.35, gt=0, help="width of the logistic selection")
    stripes: float = option("400 arcsec", unit="rad", gt=0, help="period of the stripes of 2 and 4 exposures")
    xray_scatter: float = option(0.3, ge=0, help="scatter of the X-ray fluxes of a population, dex")

    def __attrs_post_init__(self) -> None:
        if not self.populations:
            raise DataError("a simulated catalogue needs at least one [populations.NAME]")

    def load(self, ctx: Context) -> Catalogue:
        """Draw the sources."""
        rng = ctx.shared_rng(f"catalogue:{self.sky}")
        parts: list[dict[str, Array]] = []
        for i, (name, population) in enumerate(self.populations.items()):
            ctx.progress(i, len(self.populations), f"population {name}")
            parts.append(self._population(population, rng))
        found = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        columns = self._observed(found, rng)
        if self.detected:
            seen = rng.random(found["z_true"].size) < columns["eta_own"]
            columns = {key: values[seen] for key, values in columns.items()}
        units = {"ra": "deg", "dec": "deg", "xray": "erg / (s cm2)"}
        return Catalogue(
            columns=columns, units=units, redshifts=self._redshifts(columns["z_true"], rng), name=f"simulated {self.sky}"
        )

    def _population(self, population: Population, rng: np.random.Generator) -> dict[str, Array]:
        shape = (max(4, round(self.size[0] / self.cell)), max(4, round(self.size[1] / self.cell)))
        scale = (self.size[0] / shape[0], self.size[1] / shape[1])
        number = population.density * DEG2_PER_SR * scale[0] * scale[1]
        redshifts = population.redshifts
        edges = population.edges
        q = np.geomspace(np.pi / (4 * max(self.size)), 2 * np.pi / min(scale), 120)
        found: dict[str, list[Array]] = {key: [] for key in ("x", "y", "z_true")}
        for low, high in pairwise(edges):
            shell = FluxProduction.of(redshifts.at, low, high, points=41)
            share = shell.total
            power = population.bias**2 * limber(q, self.cosmology, shell.normalised_to(1.0), power=self.matter)
            field = lognormal_field(q, power, shape, scale, rng) if population.bias else np.zeros(shape)
            drawn = rng.poisson((1 + field) * (number * share))
            cells = np.repeat(np.arange(drawn.size), drawn.ravel())
            found["y"].append((cells // shape[1] + rng.random(cells.size)) * scale[0])
            found["x"].append((cells % shape[1] + rng.random(cells.size)) * scale[1])
            found["z_true"].append(population.drawn_redshifts(low, high, cells.size, rng))
        made = {key: np.concatenate(values) for key, values in found.items()}
        total = made["z_true"].size
        made["m"] = population.drawn_magnitudes(total, rng)
        emits = rng.random(total) < population.xray_fraction
        spread = self.xray_scatter * np.log(10)
        brightness = emits * np.exp(spread * rng.standard_normal(total) - spread**2 / 2)
        made["xray"] = brightness * (population.xray / (population.density * population.xray_fraction))
        return made

    def _observed(self, found: Mapping[str, Array], rng: np.random.Generator) -> dict[str, Any]:
        """Positions on the sky, magnitudes of all bands, depth and selection."""
        y, x = found["y"] - self.size[0] / 2, found["x"] - self.size[1] / 2
        ra0, dec0 = np.deg2rad(self.centre)
        # Inverse gnomonic projection: on the tangential grid of a map the field is as flat as it was drawn.
        away = np.arctan(np.hypot(x, y))
        ratio = np.where(away > 0, np.sin(away) / np.maximum(np.hypot(x, y), 1e-30), 1.0)
        dec = np.arcsin(np.cos(away) * np.sin(dec0) + y * ratio * np.cos(dec0))
        ra = ra0 + np.arctan2(x * ratio, np.cos(dec0) * np.cos(away) - y * np.sin(dec0) * ratio)
        columns: dict[str, Any] = {"ra": np.rad2deg(ra) % 360, "dec": np.rad2deg(dec)}
        for i, (band, colour) in enumerate(self.bands.items()):
            scatter = self.colour_scatter * rng.standard_normal(y.size) if i else 0.0
            columns[band] = found["m"] + colour + scatter
        deep = (found["y"] / self.stripes) % 1.0 >= 0.52
        columns["depth"] = np.where(deep, 4.0, 2.0)
        first = found["m"]
        eta = {depth: expit(-(first - m50) / self.m50_width) for depth, m50 in zip((2, 4), self.m50, strict=True)}
        columns["eta"], columns["eta_own"] = eta[2], np.where(deep, eta[4], eta[2])
        columns["z_true"], columns["xray"] = found["z_true"], found["xray"]
        return columns

    def _redshifts(self, z: Array, rng: np.random.Generator) -> Redshifts:
        """Normal densities about a scattered redshift, some of them anywhere, on a grid uniform in ln(1 + z)."""
        width = self.z_error * (1 + z)
        seen = np.abs(z + width * rng.standard_normal(z.size))
        lost = rng.random(z.size) < self.outliers
        seen = np.where(lost, self.z_max * rng.random(z.size), seen)
        grid = np.expm1(np.linspace(0.0, np.log1p(self.z_max), 101)).astype(np.float32)
        cdf = np.empty((z.size, grid.size), dtype=np.float32)
        sigma = (self.z_error * (1 + seen)).astype(np.float32)
        for part in np.array_split(np.arange(z.size), max(1, z.size // 50_000)):
            normal = ndtr((grid - seen[part, None].astype(np.float32)) / sigma[part, None])
            low, high = normal[:, :1], normal[:, -1:]
            cdf[part] = (1 - self.outliers) * (normal - low) / np.maximum(high - low, 1e-6) + self.outliers * grid / grid[-1]
        return Redshifts(z=grid, cdf=cdf, mass=cdf[:, -1], spectroscopic=np.zeros(z.size, dtype=bool), origin="pdf")
