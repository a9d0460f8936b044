"""The sample of a survey from a table of sources and an area curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.area_curve import QUANTITIES, AreaCurve
from faintsky.core.band import Band
from faintsky.core.brightness_conversion import BrightnessConversion
from faintsky.core.catalogue import MISSING, Catalogue
from faintsky.core.component import component, option, slot
from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError, nearest
from faintsky.core.paths import as_path, as_paths
from faintsky.core.redshift import Redshifts, redshift_grid
from faintsky.core.registry import make
from faintsky.core.response import ResponseSource
from faintsky.core.source_sample import SourceSample, SourceSampleSource
from faintsky.core.spectral_conversion import spectral_conversion
from faintsky.core.spectrum import Spectrum
from faintsky.core.units import unit_factor
from faintsky.plugins.surveys.area_file import FALLS, read_area
from faintsky.plugins.surveys.density_file import read_densities

__all__ = ["SampleTable"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@component()
@frozen(kw_only=True)
class SampleTable(SourceSampleSource):
    """Sources of a FITS, ECSV, CSV or VOTable file, with the area curve that they were selected with.

    Brightness is a flux in an observed band, or a rate in cm^-2 s^-1 that is net and corrected for effective area; it may come
    from counts, background and exposure. A flux becomes a luminosity by a power law or by `spectrum`, a rate by `spectrum` and
    `response`. Where redshifts have flags, sources with neither a spectroscopic nor a photometric one are dropped, with a warning
    that counts them: the area stays, so that the density is too low by that part. Numbers for "no value" become NaN.
    """

    path: Path = option(help="the table of sources", converter=as_path)
    hdu: str = option("", help="name or number of the HDU of a FITS file; default: the first table")
    select: Mapping[str, str] = option(factory=dict, help="only rows with these values: column = value")
    name: str = option("", help="name of the field; default: that of the file")
    missing: tuple[float, ...] = option(MISSING, help="numbers that mean no value")
    quantity: str = option("flux", choices=tuple(QUANTITIES), help="what brightness is measured in")
    band: Band = option(converter=Band.of, help="band of the brightness, as observed")
    brightness: str = option("", help="column of the brightness; default: from counts")
    log: bool = option(False, help="the column holds log10 of the brightness")
    unit: str = option("", help="unit of the brightness where its column has none; default: erg / (s cm2) or 1 / (s cm2)")
    z: str = option("z", help="column of the best redshift")
    flag: str = option("", help="column of what kind of redshift it is")
    spectroscopic: tuple[float, ...] = option((1.0,), help="flags of spectroscopic redshifts")
    photometric: tuple[float, ...] = option((2.0,), help="flags of photometric redshifts")
    pdf: Path | None = option(
        None, help="file of redshift densities, rows as in the table: .npy, or HDF5 of qp", converter=as_path
    )
    pdf_z: tuple[float, ...] = option((), help="their grid: all its redshifts, or [first, last, number]; a file of qp holds it")
    pdf_values: str = option("density", choices=("density", "probability"), help="whether a row integrates, or sums, to 1")
    counts: str = option("", help="column of the aperture counts, background included")
    background: str = option("", help="column of the expected background counts in the aperture")
    exposure: str = option("", help="column of the effective exposure [cm2 s, unless it has a unit]")
    eef: str = option("", help="column of the share of the light in the aperture, or the share itself, such as '0.7'")
    others: Mapping[str, tuple[str, str, str]] = option(
        factory=dict, help="columns of [counts, background, exposure] in other bands: band = the three"
    )
    columns: Mapping[str, str] = option(factory=dict, help="further columns: the name that is used here = the table's name")
    area: tuple[Path, ...] = option(help="table of the area curve; several are added", converter=as_paths)
    area_columns: tuple[str, str] = option(("", ""), help="its columns of brightness and area; default: the first two")
    area_log: bool = option(False, help="its brightness is log10")
    area_unit: str = option("", help="unit of its brightness; default: that of the quantity")
    area_falls: str = option("refuse", choices=FALLS, help="a curve that falls: refused, or the nearest rising one")
    cosmology: Cosmology = slot(help="distances")
    rest_band: Band = option("2-10 keV", converter=Band.of, help="band of the luminosities, at the source")
    photon_index: float = option(1.9, help="of the power law for fluxes, where there is no `spectrum`")
    spectrum: Spectrum | None = option(None, help="spectrum of the sources, with parameters called redshift")
    response: ResponseSource | None = option(None, help="what rates were measured through")
    z_max: float = option(10.0, gt=0, help="end of the conversion to luminosities")

    def __attrs_post_init__(self) -> None:
        rates = self.quantity == "rate"
        if rates and (self.spectrum is None or self.response is None):
            raise DataError("a rate becomes a luminosity by a spectrum and a response: name both, or give fluxes")
        if not rates and self.response is not None:
            raise DataError("a response converts rates, but quantity is 'flux'")
        if not self.area:
            raise DataError("a sample needs its area curve: area = 'file'")
        needed = [self.counts, self.background, self.exposure, self.eef]
        if any(needed) and not all(needed):
            raise DataError("photometry needs all of counts, background, exposure and eef")
        if self.others and not self.eef:
            raise DataError("counts in other bands need eef, the share of the light in the aperture")
        if not self.brightness and not (self.counts and rates):
            raise DataError("name the column of the brightness, or for rates those of counts, background, exposure and eef")
        if self.pdf is not None and self.pdf.suffix == ".npy" and not self.pdf_z:
            raise DataError(
                f"the densities of {self.pdf.name} have no grid: give pdf_z, their redshifts, or [first, last, number]"
            )

    def load(self, ctx: Context) -> SourceSample:
        """Read the sample.

        Raises
        ------
        DataError
            Where a column or file is missing, no row is left, counts are not whole, the area falls, or densities lack a grid.
        """
        table = self._table()
        rows = self._selected(table)
        read = Catalogue.from_table(table, {**self.columns, "_z": self.z}, missing=self.missing, name=self.path.name)
        rows, spectroscopic = self._with_redshift(table, rows, ctx)
        z = read["_z"][rows]
        spectroscopic = spectroscopic[rows] & np.isfinite(z)
        unknown = int(np.isnan(z).sum())
        if unknown:
            ctx.warn(f"{unknown} of {z.size} sources of {self._called} have no redshift: they are kept without one")
        photometry = self._photometry(table, rows, (self.counts, self.background, self.exposure)) if self.counts else None
        return SourceSample(
            log_x=self._log_x(table, rows, photometry),
            z=z,
            area=self._area(),
            conversion=self._conversion(z, ctx),
            cosmology=self.cosmology,
            redshifts=self._redshifts(len(table), rows, z, spectroscopic),
            photometry=photometry,
            others={band: self._photometry(table, rows, names) for band, names in self.others.items()},
            spectroscopic=spectroscopic,
            table=Catalogue(
                columns={name: read[name][rows] for name in self.columns},
                units={name: unit for name, unit in read.units.items() if name in self.columns},
                name=self._called,
            )
            if self.columns
            else None,
            name=self._called,
        )

    @property
    def _called(self) -> str:
        chosen = " ".join(self.select.values())
        return self.name or f"{self.path.stem} {chosen}".strip()

    def _table(self) -> Any:
        from astropy.table import Table

        if not self.path.exists():
            raise DataError(f"there is no table {self.path}")
        if not self.hdu:
            return Table.read(self.path)
        return Table.read(self.path, hdu=int(self.hdu) if self.hdu.isdigit() else self.hdu)

    def _selected(self, table: Any) -> Flags:
        """Rows with all values of `select`; numbers are compared as numbers."""
        rows = np.ones(len(table), dtype=bool)
        for column, value in self.select.items():
            found = Catalogue.from_table(table, {column: column}, missing=(), name=self.path.name)[column]
            numbers = found.dtype.kind == "f"
            texts = [f"{item:g}" if numbers else str(item).strip() for item in found.tolist()]
            wanted = f"{float(value):g}" if numbers else value
            if wanted not in texts:
                some = ", ".join(sorted(set(texts))[:20])
                raise DataError(f"{column} of {self.path.name} is nowhere {value!r}. {nearest(wanted, texts)} Values: {some}")
            rows &= np.array([text == wanted for text in texts])
        return rows

    def _with_redshift(self, table: Any, rows: Flags, ctx: Context) -> tuple[Flags, Flags]:
        """The rows that are kept, and those of the table with spectroscopic redshifts."""
        spectroscopic = np.zeros(len(table), dtype=bool)
        kept = rows
        if self.flag:
            # A flag of -99 is a value, and not a missing one.
            flags = Catalogue.from_table(table, {"flag": self.flag}, missing=(), name=self.path.name)["flag"]
            spectroscopic = np.isin(flags, self.spectroscopic)
            known = spectroscopic | np.isin(flags, self.photometric)
            kept, dropped = rows & known, rows & ~known
            if dropped.any():
                codes = ", ".join(f"{code:g}" for code in np.unique(flags[dropped]))
                ctx.warn(
                    f"{int(dropped.sum())} of {int(rows.sum())} sources of {self._called} have no redshift (flag {codes}) and "
                    "are dropped; the area stays"
                )
        if not kept.any():
            raise DataError(f"no source of {self._called} is left")
        return kept, spectroscopic

    def _log_x(self, table: Any, rows: Flags, photometry: AperturePhotometry | None) -> Array:
        if self.brightness:
            canonical = QUANTITIES[self.quantity]
            units = {} if self.log else {"x": canonical}
            read = Catalogue.from_table(table, {"x": self.brightness}, units=units, missing=self.missing, name=self.path.name)
            own_unit = not self.log and _has_unit(table, self.brightness)
            factor = 1.0 if own_unit or not self.unit else unit_factor(self.unit, canonical)
            if self.log:
                return np.asarray(read["x"][rows] + np.log10(factor))
            values = factor * read["x"][rows]
        else:
            assert photometry is not None
            values = photometry.rate
        return np.log10(values, out=np.full(values.size, np.nan), where=values > 0)

    def _photometry(self, table: Any, rows: Flags, names: Sequence[str]) -> AperturePhotometry:
        columns = dict(zip(("counts", "background", "exposure"), names, strict=True))
        try:
            share: float | None = float(self.eef)
        except ValueError:
            share = None
            columns["eef"] = self.eef
        read = Catalogue.from_table(table, columns, units={"exposure": "cm2 s"}, missing=self.missing, name=self.path.name)
        eef = read["eef"][rows] if share is None else np.full(int(rows.sum()), share)
        return AperturePhotometry(
            counts=read["counts"][rows], background=read["background"][rows], exposure=read["exposure"][rows], eef=eef
        )

    def _area(self) -> AreaCurve:
        curves = [
            read_area(
                path,
                quantity=self.quantity,
                band=self.band,
                columns=self.area_columns,
                log=self.area_log,
                unit=self.area_unit,
                falls=self.area_falls,
            )
            for path in self.area
        ]
        return curves[0] if len(curves) == 1 else AreaCurve.summed(curves, name=self._called)

    def _conversion(self, z: Array, ctx: Context) -> BrightnessConversion:
        low = min(1e-3, 0.5 * float(np.min(z, where=z > 0, initial=np.inf)))
        spectrum = make("spectra", "powerlaw", photon_index=self.photon_index) if self.spectrum is None else self.spectrum
        response = None if self.response is None else self.response.load(ctx)
        high = max(self.z_max, float(np.nanmax(z, initial=0.0)))
        return spectral_conversion(spectrum, self.band, self.rest_band, self.cosmology, z=(low, high), response=response)

    def _redshifts(self, number: int, rows: Flags, z: Array, spectroscopic: Flags) -> Redshifts | None:
        if self.pdf is None:
            return None
        made = read_densities(self.pdf, redshift_grid(self.pdf_z), self.pdf_values)
        if len(made) != number:
            raise DataError(f"{self.pdf.name} holds {len(made)} densities, {self.path.name} {number} sources: a row for each")
        made = made.select(rows)
        steps = Redshifts.from_spec(np.where(spectroscopic, z, -1.0), made.z)
        return attrs.evolve(
            made,
            cdf=np.where(spectroscopic[:, None], steps.cdf, made.cdf),
            mass=np.where(spectroscopic, steps.mass, made.mass),
            spectroscopic=spectroscopic,
        )


def _has_unit(table: Any, name: str) -> bool:
    return any(found.lower() == name.lower() and table[found].unit is not None for found in table.colnames)
