"""The option tables of the study: ``[sed.NAME]``, ``[models.NAME]``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from attrs import frozen

from faintsky.core.band import Band
from faintsky.core.component import option, slot
from faintsky.core.errors import DataError, nearest
from faintsky.core.paths import as_path
from faintsky.core.spectrum import Spectrum
from faintsky.studies.cross_sed.measured import CrossPowers

__all__ = ["FamilyChoice", "SedChoice"]


@frozen(kw_only=True)
class SedChoice:
    """``[sed.NAME]``: cross-powers in bands, from a table: one of a paper, or ``broadband-*`` of a run of `coherence`."""

    path: Path = option(help="table with a row per band (ECSV, FITS, ...)", converter=as_path)
    where: Mapping[str, str] = option(factory=dict, help="rows to take: column = value, such as { field = 'STACK' }")
    band: str = option("band", help="column that tells the band")
    bands: Mapping[str, str] = option(
        factory=dict, help="what its entries mean, such as { 'ch1 x soft' = '0.5-2 keV' }; default: they are bands themselves"
    )
    value: str = option("value", help="column of the cross-power, per band")
    error: str = option("error", help="column of its error")
    label: str = option("", help="its name in figures; default: the table's key")

    def read(self, wanted: tuple[Band, ...], label: str) -> CrossPowers:
        """The cross-powers of the wanted bands, in their order.

        Raises
        ------
        DataError
            Where a column or a band is missing, a band stands twice, or a value is no number.
        """
        from astropy.table import Table

        table = Table.read(self.path)
        for name in (self.band, self.value, self.error, *self.where):
            if name not in table.colnames:
                raise DataError(f"{self.path.name} has no column {name!r}. {nearest(name, table.colnames)}")
        keep = np.ones(len(table), bool)
        for name, text in self.where.items():
            keep &= np.array([_same(entry, text) for entry in table[name]])
        if not keep.any():
            raise DataError(f"{self.path.name} has no row with {dict(self.where)}")
        found: dict[Band, tuple[float, float]] = {}
        for row in table[keep]:
            said = str(row[self.band])
            if self.bands and said not in self.bands:
                continue
            band = Band.parse(self.bands.get(said, said))
            if band in found:
                raise DataError(f"{self.path.name}: {band} stands in more than one row: narrow them down with where = {{ ... }}")
            found[band] = (float(row[self.value]), float(row[self.error]))
        missing = [str(band) for band in wanted if band not in found]
        if missing:
            raise DataError(f"{self.path.name} has no row of {', '.join(missing)}; it has {', '.join(map(str, found)) or 'none'}")
        values = np.array([found[band] for band in wanted])
        if not np.all(np.isfinite(values)) or np.any(values[:, 1] <= 0) or np.any(np.isin(values, (-99, -999, -9999))):
            raise DataError(
                f"{self.path.name}: a value or an error is missing (NaN, -99) or not positive in {', '.join(map(str, wanted))}"
            )
        unit = table[self.value].unit or (str(table["unit"][keep][0]) if "unit" in table.colnames else "")
        return CrossPowers(label=self.label or label, bands=wanted, value=values[:, 0], error=values[:, 1], unit=str(unit))


def _same(entry: object, text: str) -> bool:
    """Whether a cell of a table is what a study file says, as a text or as a number."""
    try:
        return float(str(entry)) == float(text)
    except ValueError:
        return str(entry).strip() == text


@frozen(kw_only=True)
class FamilyChoice:
    """``[models.NAME]``: a model, with none, one or two parameters that vary: a point, a track or a grid of colours."""

    model: Spectrum = slot(help="the spectral model; its norm does not matter")
    vary: Mapping[str, tuple[float, ...]] = option(
        factory=dict, help="values of parameters, such as { 'brems.kt' = [0.5, 1, 2] }"
    )
    title: str = option("", help="its name in figures; default: the table's key")
    plane: bool = option(True, help="whether it is drawn on the plane of hardness ratios")
    sed: bool = option(False, help="whether its points are drawn as spectra, scaled in the reference band")
    panel: str = option("", help="families of one panel share a plane of hardness ratios; default: one panel for all")

    def __attrs_post_init__(self) -> None:
        if len(self.vary) > 2:
            raise DataError(f"at most two parameters can vary, got {', '.join(self.vary)}: write two families")
        for name, values in self.vary.items():
            if not values:
                raise DataError(f"vary: {name} has no values")
