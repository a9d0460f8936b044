"""Files of table models: OGIP memo 92-009, a grid of spectra over some parameters."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.parameter import Declared
from faintsky.core.prior import LogUniform, Prior, Uniform
from faintsky.core.source_frame import REDSHIFTS
from faintsky.plugins.ogip.table_hdu import column, opened, table_hdu
from faintsky.plugins.spectra.table_grid import Axis, TableGrid

__all__ = ["read_table"]

#: Tables of up to this size are held in memory and checked as a whole; of larger ones only rows that are needed are read [bytes].
_SMALL = 1 << 26
_CLASS = "XSPEC TABLE MODEL"


def read_table(path: Path) -> TableGrid:
    """The grid of a table model's file; read once per process while the file stays as it is.

    Raises
    ------
    DataError
        Where there is no such file, or it is no table model; the message names the file and what is wrong.
    """
    if not path.exists():
        raise DataError(f"there is no file {path}")
    stat = path.stat()
    return _read(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _read(path: Path, size: int, mtime_ns: int) -> TableGrid:
    with opened(path) as hdus:
        header = hdus[0].header
        said = str(header.get("HDUCLAS1", "")).strip()
        if said != _CLASS:
            raise DataError(f"{path.name} is no table model: its HDUCLAS1 is {said!r}, not {_CLASS!r}")
        if int(header.get("NXFLTEXP", 1)) > 1:
            raise DataError(f"{path.name} holds {header['NXFLTEXP']} spectra per point (NXFLTEXP); only one can be read")
        energies = table_hdu(hdus, path, ["ENERGIES"], ["ENERGIES"], "energies")
        axes, more = _parameters(table_hdu(hdus, path, ["PARAMETERS"], ["PARAMETERS"], "parameters"), path)
        spectra = table_hdu(hdus, path, ["SPECTRA"], ["MODEL SPECTRA"], "spectra")
        # A name of the file that is ours already gets a number, as a second component in a formula does.
        declared = [*(axis.declared for axis in axes), *more]
        if header.get("REDSHIFT", False):
            declared.append(Declared(name="redshift", prior=REDSHIFTS, default=0.0, latex="$z$", frozen=True, source=path.name))
        if header.get("ESCALE", False):
            scales = LogUniform(low=0.1, high=10.0)
            declared.append(Declared(name="escale", prior=scales, default=1.0, frozen=True, source=path.name))
        names = sorted(n for n in spectra.columns.names if n.upper().startswith("ADDSP"))
        if len(names) < len(more):
            raise DataError(f"{path.name} declares {len(more)} additional parameters and holds {len(names)} columns ADDSPnnn")
        edges, raw = _edges(energies, path), _rows(spectra, path)
        shape = (len(raw), len(edges) - 1)
        if shape[0] != np.prod([len(axis.grid) for axis in axes], dtype=int):
            raise DataError(f"{path.name} holds {shape[0]} spectra for {' x '.join(str(len(a.grid)) for a in axes)} points")
        grid = TableGrid(
            name=path.name,
            additive=bool(header.get("ADDMODEL", False)),
            edges=edges,
            axes=tuple(axes),
            more=tuple(d.name for d in more),
            declared=tuple(declared),
            spectra=tuple(_spectra(raw, n, shape, path) for n in ("INTPSPEC", *names[: len(more)])),
            limits=(_limit(header, "LOELIMIT"), _limit(header, "HIELIMIT")),
        )
        _check_order(raw, grid)
    return grid


def _parameters(hdu: Any, path: Path) -> tuple[list[Axis], list[Declared]]:
    """The interpolated parameters and the additional ones; the latter have no values, or the method -1."""
    count, values = int(hdu.header["NINTPARM"]), column(hdu, "VALUE", path).reshape(len(hdu.data), -1)
    columns = {n: column(hdu, n, path) for n in ("NAME", "METHOD", "NUMBVALS", "INITIAL", "DELTA", "MINIMUM", "MAXIMUM")}
    axes: list[Axis] = []
    more: list[Declared] = []
    taken = {"norm", "redshift", "escale"}
    for i in range(len(hdu.data)):
        row = {n: c[i] for n, c in columns.items()}
        name, number = _free_name("_".join(str(row["NAME"]).replace(".", " ").split()), taken), int(row["NUMBVALS"])
        low, high, start = (_decimal(row[n]) for n in ("MINIMUM", "MAXIMUM", "INITIAL"))
        interpolated = number > 0 and int(row["METHOD"]) >= 0 and len(axes) < count
        points, logarithmic = _decimals(values[i, :number]) if interpolated else np.empty(0), int(row["METHOD"]) == 1
        if interpolated:
            low, high = max(low, float(points[0])), min(high, float(points[-1]))
            if not np.all(np.diff(points) > 0) or (logarithmic and not points[0] > 0):
                wrong = (
                    "do not increase" if np.any(np.diff(points) <= 0) else "are not positive, as logarithmic interpolation needs"
                )
                raise DataError(f"{path.name}: the values of {name} {wrong}")
        prior: Prior | None = None
        if low < high:
            prior = LogUniform(low=low, high=high) if logarithmic and low > 0 and interpolated else Uniform(low=low, high=high)
        declared = Declared(
            name=name, prior=prior, default=float(np.clip(start, low, high)), possible=(low, high), source=path.name,
            frozen=bool(row["DELTA"] < 0) or prior is None,
        )  # fmt: skip
        if interpolated:
            axes.append(Axis(declared=declared, grid=points, logarithmic=logarithmic))
        else:
            more.append(declared)
    if len(axes) != count:
        raise DataError(f"{path.name} declares {count} interpolated parameters (NINTPARM) and holds {len(axes)}")
    return axes, more


def _free_name(name: str, taken: set[str]) -> str:
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found)
    return found


def _decimals(values: NDArray[Any]) -> NDArray[np.float64]:
    """Numbers as a person wrote them: 0.1 in single precision is 0.1, not 0.10000000149."""
    native = np.asarray(values)
    return native.astype(native.dtype.newbyteorder("=")).astype(str).astype(float)


def _decimal(value: Any) -> float:
    return float(_decimals(np.atleast_1d(value))[0])


def _limit(header: Any, key: str) -> float | None:
    return float(header[key]) if key in header else None


def _edges(hdu: Any, path: Path) -> NDArray[np.float64]:
    low, high = (_decimals(column(hdu, name, path)) for name in ("ENERG_LO", "ENERG_HI"))
    if not np.allclose(low[1:], high[:-1], rtol=1e-5) or not np.all(high > low):
        raise DataError(f"{path.name}: the energy bins are not contiguous and increasing")
    return np.append(low, high[-1])


def _rows(hdu: Any, path: Path) -> NDArray[Any]:
    """The rows of the spectra where they lie in the file, as big-endian records."""
    dtype = hdu.columns.dtype.newbyteorder(">")
    info = hdu.fileinfo()
    plain = dtype.itemsize == hdu.header["NAXIS1"] and not any("TSCAL" in key or "TZERO" in key for key in hdu.header)
    if info["file"].compression or not plain:
        return np.asarray(hdu.data)
    return np.memmap(path, dtype=dtype, mode="r", offset=info["datLoc"], shape=(hdu.header["NAXIS2"],))


def _spectra(rows: NDArray[Any], name: str, shape: tuple[int, int], path: Path) -> NDArray[Any]:
    if name not in (rows.dtype.names or ()):
        raise DataError(f"{path.name} has no column {name}; it has {', '.join(rows.dtype.names or ())}")
    found = rows[name].reshape(len(rows), -1)
    if found.shape != shape:
        raise DataError(f"{path.name}: {name} has {found.shape[1]} energy bins where there are {shape[1]}")
    if found.nbytes > _SMALL:
        return found
    kept = np.ascontiguousarray(found, dtype=found.dtype.newbyteorder("="))
    bad = np.flatnonzero(~np.isfinite(kept).all(axis=1))
    if bad.size:
        raise DataError(f"{path.name}: {name} is not finite in row {bad[0] + 1}")
    return kept


def _check_order(rows: NDArray[Any], grid: TableGrid) -> None:
    """The last parameter must change fastest; a look at some rows tells."""
    if "PARAMVAL" not in (rows.dtype.names or ()):
        return
    some = np.unique(np.linspace(0, len(rows) - 1, 50).astype(int))
    said = np.asarray(rows["PARAMVAL"][some], dtype=float).reshape(len(some), -1)
    place = np.unravel_index(some, [len(axis.grid) for axis in grid.axes])
    for axis, index, values in zip(grid.axes, place, said.T, strict=True):
        if not np.allclose(axis.grid[index], values, rtol=1e-4, atol=1e-12):
            raise DataError(f"{grid.name}: its spectra do not stand in the order of the values of {axis.declared.name}")
