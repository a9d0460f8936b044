"""A map painted from a catalogue: what a background would look like if it were all made of these sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.flux_production import FluxProduction
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.painted_source import PaintedSource
from faintsky.core.paths import as_path
from faintsky.core.sources import Sources
from faintsky.core.units import per_steradian
from faintsky.plugins.catalogues.table import TableCatalogue
from faintsky.plugins.maps.flattening import depth_weights, thinned
from faintsky.plugins.maps.selection import Selection

__all__ = ["CatalogueMap"]

Array = NDArray[np.float64]

#: 3631 Jy in W m^-2 Hz^-1, and W m^-2 in nW m^-2.
_AB_ZERO, _NANO = 3631e-26, 1e9
_SPEED_OF_LIGHT = 299792458.0  # m/s


@component(references=["Kaminsky2025"])
@frozen(kw_only=True)
class CatalogueMap(PaintedSource):
    """Sources put into their pixels: F = sum of f w / Omega_pix with f = nu f_nu of an AB magnitude (or a flux column).

    The weight w is the probability of the redshift bin over the selection eta(m). Unequal depth is flattened either by the weight
    eta_shallow / eta_own (unbiased, no draw) or by thinning at random, as the paper does. Sources without magnitude, flagged, or
    outside the limits are left out and counted.
    """

    catalogue: str = option("", help="name of a [catalogues.NAME] of the study")
    path: Path | None = option(None, help="or a table of its own, with columns ra, dec and `columns`", converter=as_path)
    columns: Mapping[str, str] = option(factory=dict, help="columns of `path`: the name that is used here = the table's name")
    magnitude: str = option("magnitude", help="column of AB magnitudes")
    flux: str = option("", help="column of fluxes instead of magnitudes; its unit times 1/sr is the unit of the map")
    wavelength: float | None = option(None, unit="m", gt=0, help="effective wavelength, for nu f_nu of magnitudes")
    mag: tuple[float, float] | None = option(
        None, help="magnitude limits: brighter sources would have been masked, fainter are noise"
    )
    z: tuple[float, float] | None = option(None, help="redshift bin: every source counts with its probability of lying in it")
    flag: str = option("", help="column of flags; only sources with 0 are kept")
    without: tuple[str, ...] = option((), help="columns that are true for sources to leave out, such as X-ray counterparts")
    eta: str = option("", help="column of the selection at each source's magnitude, in the shallow part")
    eta_own: str = option("", help="column of the selection at its own depth, for flattening by weights")
    selection: Path | None = option(None, help="table magnitude, eta_2, eta_4: selection per depth", converter=as_path)
    eta_floor: float = option(0.15, gt=0, le=1, help="selection below this counts as this: 1/eta would blow up few sources")
    depth: str = option("", help="column of the number of exposures (depth) of each source")
    flatten: str = option(
        "weights",
        choices=("weights", "thinning", "none"),
        help="of unequal depth: weights eta_shallow/eta_own (no draw), random thinning (the paper), or not at all",
    )
    area_ratio: float | None = option(None, gt=0, help="thinning: area of the deep part over that of the shallow one")
    thinning_width: float = option(0.25, gt=0, help="thinning: width of the magnitude bins")
    realisations: int = option(20, ge=1, help="thinning: draws that tell its spread; the first makes the map")

    def __attrs_post_init__(self) -> None:
        if self.catalogue and self.path:
            raise DataError("a map takes its sources from a catalogue of the study or from a path, not from both")
        if not self.flux and self.wavelength is None:
            raise DataError("magnitudes need the wavelength of the band for nu f_nu, such as wavelength = '4.404 micron'")
        if self.z is not None and not 0 <= self.z[0] < self.z[1]:
            raise DataError(f"z must be [low, high], got {list(self.z)}")
        if self.mag is not None and not self.mag[0] < self.mag[1]:
            raise DataError(f"mag must be [bright, faint], got {list(self.mag)}")
        if self.flatten == "thinning" and self.depth and self.area_ratio is None:
            raise DataError("thinning needs area_ratio, the area of the deep part over that of the shallow one")

    def grid(self) -> None:
        """None: sources are painted on any grid that lies on the sky."""

    def load(self, grid: Grid | None, ctx: Context) -> Map:
        """Paint the sources of its own table.

        Raises
        ------
        DataError
            Without a path or a grid, and as `paint`.
        """
        if self.path is None:
            raise DataError(
                "a catalogue map outside a study needs path = ..., or paint(catalogue, grid, ctx)"
                if not self.catalogue
                else f"the catalogue {self.catalogue!r} is given by the study; call paint(catalogue, grid, ctx)"
            )
        if grid is None:
            raise DataError("a catalogue has no grid of its own: give [grid] wcs, like, or pixel, size and centre")
        own = {name: name for name in self._used()} | dict(self.columns)
        return self.paint(TableCatalogue(path=self.path, columns=own).load(ctx), grid, ctx)

    def _used(self) -> list[str]:
        found = [self.flux or self.magnitude, self.flag, self.eta, self.eta_own, self.depth, *self.without]
        if self.flux and self.mag is not None:
            found.append(self.magnitude)
        return [name for name in found if name]

    def paint(self, catalogue: Catalogue, grid: Grid, ctx: Context) -> Map:
        """The map of a catalogue on a grid.

        Raises
        ------
        DataError
            Where a column is missing, a redshift bin is asked for of sources without redshifts, a selection is 0, or no source
            is left on the grid.
        """
        if grid.wcs is None:
            raise DataError("sources are put on the sky: the grid needs a WCS ([grid] wcs, like, or pixel, size and centre)")
        keep, lost = self._kept(catalogue)
        x, y = grid.wcs.all_world2pix(catalogue["ra"][keep], catalogue["dec"][keep], 0)
        column, line = np.floor(x + 0.5).astype(int), np.floor(y + 0.5).astype(int)
        inside = (column >= 0) & (column < grid.shape[1]) & (line >= 0) & (line < grid.shape[0])
        lost["outside the grid"] = int(np.sum(~inside))
        rows = keep[inside]
        if not rows.size:
            raise DataError(f"none of the {len(catalogue)} sources is left: {_listed(lost)}")
        pixel = line[inside] * grid.shape[1] + column[inside]
        weight, chosen, said = self._weights(catalogue, rows, ctx)
        rows, pixel, weight = rows[chosen], pixel[chosen], weight[chosen]
        flux = self._flux(catalogue, rows)
        share, outside = self._share(catalogue, rows)
        painted = flux * weight * share
        sources = Sources(catalogue=catalogue.digest, row=rows, pixel=pixel, flux=painted)
        area = grid.area
        return Map(
            values=sources.painted(grid.shape) / grid.pixel_area,
            weight=np.ones(grid.shape, dtype=np.float32),
            grid=grid,
            unit=self._unit(catalogue),
            variance=sources.painted(grid.shape, 2) / grid.pixel_area**2,
            sources=sources,
            production=self._production(catalogue, rows, flux * weight, area, float(painted.sum()) / area),
            meta={
                "source": "catalogue",
                "sources": int(rows.size),
                "left out": _listed(lost),
                "mean flux of a source": float(flux.mean()),
                "redshift mass outside the grid": outside,
                "shot noise of the map": float(np.sum(painted**2)) / area,
                "selection": self._curves(catalogue, rows),
                "shot noise of the counts": float(np.sum(flux**2 * share**2 * weight)) / area,
                **said,
            },
        )

    def _kept(self, catalogue: Catalogue) -> tuple[NDArray[np.int64], dict[str, int]]:
        """Rows that take part, and how many were left out why."""
        lost: dict[str, int] = {}
        keep = np.isfinite(catalogue["ra"]) & np.isfinite(catalogue["dec"])
        lost["without position"] = int(np.sum(~keep))

        def leave(out: NDArray[np.bool_], why: str) -> None:
            lost[why] = int(np.sum(keep & out))
            keep[out] = False

        leave(~np.isfinite(catalogue[self.flux or self.magnitude]), "without flux")
        if self.mag is not None:
            magnitude = catalogue[self.magnitude]
            leave(~((magnitude > self.mag[0]) & (magnitude < self.mag[1])), "outside the magnitude limits")
        if self.flag:
            leave(catalogue[self.flag] != 0, "flagged")
        for name in self.without:
            leave(catalogue[name].astype(bool), f"with {name}")
        if self.z is not None and catalogue.redshifts is None:
            raise DataError(
                f"a redshift bin {list(self.z)} is asked for, but {catalogue.name or 'the catalogue'} has no redshifts"
            )
        return np.flatnonzero(keep), lost

    def _weights(
        self, catalogue: Catalogue, rows: NDArray[np.int64], ctx: Context
    ) -> tuple[Array, NDArray[np.bool_], dict[str, Any]]:
        """1 / eta with depth flattened; which rows stay; and what is to be told."""
        shallow, own = self._etas(catalogue, rows)
        said: dict[str, Any] = {}
        stay, weight = np.ones(rows.size, dtype=bool), np.ones(rows.size)
        if self.depth and self.flatten == "thinning":
            stay, said = self._thinned(catalogue, rows, ctx)
        elif self.depth and self.flatten == "weights":
            if own is None or shallow is None:
                raise DataError(
                    "flattening by weights needs the selection at both depths: give a table selection = ... of magnitude, eta_2, "
                    "eta_4, or the columns eta and eta_own; or flatten = 'thinning'"
                )
            weight = depth_weights(own, shallow)
        if shallow is not None:
            if (nothing := int(np.sum(~(shallow > 0)))) > 0:
                raise DataError(
                    f"the selection eta is 0, negative or missing for {nothing} of {rows.size} sources that were detected all "
                    "the same, and 1/eta does not exist: cut them with mag, or give their selection"
                )
            low = int(np.sum(shallow < self.eta_floor))
            if low:
                said["sources at the floor of the selection"] = low
                ctx.warn(f"the selection of {low} of {rows.size} sources lies below {self.eta_floor:g} and is taken to be that")
            weight = weight / np.maximum(shallow, self.eta_floor)
        return weight, stay, said

    def _curves(self, catalogue: Catalogue, rows: NDArray[np.int64]) -> dict[str, list[float]]:
        """Mean selection per magnitude, of the shallow part and at the sources' own depth, for a figure; empty without one."""
        shallow, own = self._etas(catalogue, rows)
        if shallow is None or (self.flux and self.mag is None):
            return {}
        magnitude = catalogue[self.magnitude][rows]
        edges = np.linspace(float(magnitude.min()), float(magnitude.max()), 25)
        index = np.clip(np.digitize(magnitude, edges) - 1, 0, 23)
        curves = {"magnitude": (0.5 * (edges[1:] + edges[:-1])).tolist()}
        deep = np.zeros(rows.size, bool) if not self.depth else catalogue[self.depth][rows] > catalogue[self.depth][rows].min()
        for name, eta, chosen in (("shallow", shallow, ~deep), ("deep", own, deep)):
            if eta is not None and chosen.any():
                number = np.bincount(index[chosen], minlength=24)
                total = np.bincount(index[chosen], eta[chosen], minlength=24)
                curves[name] = np.divide(total, number, out=np.full(24, np.nan), where=number > 0).tolist()
        return curves

    def _etas(self, catalogue: Catalogue, rows: NDArray[np.int64]) -> tuple[Array | None, Array | None]:
        """Selection at the shallow depth, and at each source's own."""
        if self.selection is None:
            found = (np.asarray(catalogue[name][rows], dtype=float) if name else None for name in (self.eta, self.eta_own))
            return next(found), next(found)
        table = Selection.read(self.selection)
        magnitude = catalogue[self.magnitude][rows]
        shallow = table.at(magnitude, table.shallowest)
        if not self.depth:
            return shallow, None
        depth = catalogue[self.depth][rows]
        own = np.empty(rows.size)
        for value in np.unique(depth):
            own[depth == value] = table.at(magnitude[depth == value], float(value))
        return shallow, own

    def _thinned(self, catalogue: Catalogue, rows: NDArray[np.int64], ctx: Context) -> tuple[NDArray[np.bool_], dict[str, Any]]:
        depth = catalogue[self.depth][rows]
        deep = depth > depth.min()
        if not deep.any():
            return np.ones(rows.size, dtype=bool), {}
        magnitude, flux = catalogue[self.magnitude][rows], self._flux(catalogue, rows)
        # The same draw for every redshift bin and band of a catalogue: their maps share their sources.
        rng = ctx.shared_rng(f"thinning:{catalogue.digest}")
        assert self.area_ratio is not None
        draws = [thinned(magnitude, deep, self.area_ratio, self.thinning_width, rng) for _ in range(self.realisations)]
        means = np.array([flux[deep & draw.keep].mean() for draw in draws])
        totals = np.array([flux[draw.keep].sum() for draw in draws])
        if draws[0].short:
            ctx.warn(
                f"thinning: {draws[0].short} magnitude bins of the deep part hold fewer sources than their target, so that the "
                "deep part comes out too faint; flatten = 'weights' has no such bias"
            )
        return draws[0].keep, {
            "mean flux of shallow sources": float(flux[~deep].mean()),
            "mean flux of deep sources": float(flux[deep].mean()),
            "mean flux of deep sources, thinned": float(means.mean()),
            "its spread over draws": float(means.std()),
            "relative spread of the map's mean over draws": float(totals.std() / totals.mean()),
        }

    def _flux(self, catalogue: Catalogue, rows: NDArray[np.int64]) -> Array:
        if self.flux:
            return np.asarray(catalogue[self.flux][rows], dtype=float)
        assert self.wavelength is not None
        frequency = _SPEED_OF_LIGHT / self.wavelength
        return np.asarray(_NANO * _AB_ZERO * frequency * 10 ** (-0.4 * catalogue[self.magnitude][rows]))

    def _unit(self, catalogue: Catalogue) -> str:
        if not self.flux:
            return "nW / (m2 sr)"
        unit = catalogue.units.get(self.flux, "")
        if not unit:
            raise DataError(f"the flux column {self.flux!r} has no unit")
        return per_steradian(unit)

    def _share(self, catalogue: Catalogue, rows: NDArray[np.int64]) -> tuple[Array, float]:
        """Probability of the redshift bin, and the mean probability outside the grid of the densities."""
        if catalogue.redshifts is None:
            return np.ones(rows.size), 0.0
        known = catalogue.redshifts.select(rows)
        outside = float(known.outside.mean())
        return (np.ones(rows.size) if self.z is None else known.probability(*self.z)), outside

    def _production(
        self, catalogue: Catalogue, rows: NDArray[np.int64], flux: Array, area: float, mean: float
    ) -> FluxProduction | None:
        """dF/dz = sum of f w p(z) / A, smooth between the redshifts of the densities, with the map's mean as its integral."""
        if catalogue.redshifts is None:
            return None
        grid = catalogue.redshifts.z
        cumulative = np.zeros(grid.size)
        for part in np.array_split(np.arange(rows.size), max(1, rows.size // 100_000)):
            cumulative += flux[part] @ catalogue.redshifts.cdf[rows[part]]
        low, high = (float(grid[0]), float(grid[-1])) if self.z is None else self.z
        low, high = max(low, float(grid[0])), min(high, float(grid[-1]))
        made = FluxProduction.from_cumulative(grid, cumulative / area, low, high, unit=self._unit(catalogue), source="catalogue")
        return made.normalised_to(mean) if made.total > 0 and mean > 0 else made


def _listed(lost: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {why}" for why, number in lost.items() if number) or "none"
