"""SACC files: spectra with their windows and their joint covariance, as other cosmology codes read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.extras import require
from faintsky.core.power_spectrum import PowerSpectrum, Window

__all__ = ["read_covariance", "read_sacc", "write_sacc"]

Array = NDArray[np.float64]

_TYPE = "cl_00"
_MARK = "faintsky"
#: What SACC has no place for; small arrays are written with all their digits.
_ARRAYS = ("edges", "q", "modes", "pseudo", "noise")
_TEXTS = ("unit", "estimator", "beam", "f_sky", "shot")


def write_sacc(
    spectra: Mapping[str, PowerSpectrum], path: Path, *, covariance: Array | None = None, meta: Mapping[str, Any] | None = None
) -> None:
    """Write spectra, their windows and their covariance.

    A data point is a bandpower of type ``cl_00`` at ell = q between two ``Misc`` tracers, the maps. Bandpowers that are not
    finite (where a beam left nothing) are written as they are, with an infinite variance.

    Parameters
    ----------
    spectra : mapping of name to PowerSpectrum
    path : Path
    covariance : ndarray, shape (n, n), optional
        Of all bandpowers in the order of the spectra; default: block diagonal, of each spectrum its own.
    meta : mapping, optional
        Texts and numbers for the header.

    Raises
    ------
    DataError
        Where the covariance has another size than the bandpowers.
    PluginError
        Where the package sacc is not installed; the message is the line that installs it.
    """
    sacc = require("sacc", "sacc")
    number = sum(len(s.power) for s in spectra.values())
    joint = _block_diagonal(spectra) if covariance is None else np.asarray(covariance, dtype=float)
    if joint.shape != (number, number):
        raise DataError(f"the covariance has the shape {joint.shape}, the spectra hold {number} bandpowers")
    file = sacc.Sacc()
    for name in dict.fromkeys(n for s in spectra.values() for n in s.names):
        file.add_tracer("Misc", name or "map", quantity="generic")
    for name, s in spectra.items():
        first, second = (n or "map" for n in s.names)
        window = sacc.BandpowerWindow(s.window.q, np.ascontiguousarray(s.window.matrix.T))
        # Two spectra may be of one pair (a total and a noise-free one): the tag tells them apart.
        for i, power in enumerate(s.power):
            file.add_data_point(
                _TYPE, (first, second), float(power), ell=float(s.q[i]), window=window, window_ind=i, spectrum=name
            )
        file.metadata[f"{_MARK} {name}"] = json.dumps(_said(s))
    file.metadata[f"{_MARK} spectra"] = json.dumps(list(spectra))
    for key, value in (meta or {}).items():
        file.metadata[key] = value
    file.add_covariance(np.where(np.isfinite(joint), joint, np.where(np.eye(number, dtype=bool), 1e300, 0.0)))
    file.save_fits(str(path), overwrite=True)


def read_sacc(path: Path) -> dict[str, PowerSpectrum]:
    """Read what `write_sacc` wrote; dF/dz and the options of the estimator are not in a SACC file.

    Raises
    ------
    DataError
        Where the file is of another program: edges of bins, modes and units are not in the format.
    """
    file = _loaded(path)
    names = json.loads(file.metadata.get(f"{_MARK} spectra", "null"))
    if names is None:
        raise DataError(
            f"{path.name} was not written by faintsky: the format does not hold the edges of bins, their modes and units, "
            "without which a spectrum cannot be binned, stacked or fitted again"
        )
    dense = file.covariance.dense
    found = {}
    for name in names:
        rows = file.indices(spectrum=name)
        said = json.loads(file.metadata[f"{_MARK} {name}"])
        points = [file.data[i] for i in rows]
        window = points[0].get_tag("window")
        covariance = np.array(dense[np.ix_(rows, rows)])
        covariance[covariance >= 1e299] = np.nan
        found[name] = PowerSpectrum(
            power=np.array([p.value for p in points]),
            covariance=covariance,
            window=Window(q=np.array(window.values), matrix=np.array(window.weight).T),
            names=(said["names"][0], said["names"][1]),
            auto=tuple(np.array(a, dtype=float) for a in said["auto"]),
            flags={key: tuple(bool(v) for v in values) for key, values in said["flags"].items()},
            edges=np.array(said["edges"]),
            q=np.array(said["q"]),
            modes=np.array(said["modes"], dtype=np.int64),
            pseudo=np.array(said["pseudo"]),
            noise=None if said["noise"] is None else np.array(said["noise"]),
            unit=said["unit"],
            estimator=said["estimator"],
            beam=said["beam"],
            f_sky=said["f_sky"],
            shot=said["shot"],
        )
    return found


def read_covariance(path: Path) -> Array:
    """The covariance of all bandpowers of a SACC file, shape (n, n)."""
    return np.array(_loaded(path).covariance.dense, dtype=float)


def _loaded(path: Path) -> Any:
    sacc = require("sacc", "sacc")
    if not path.exists():
        raise DataError(f"there is no file {path}")
    try:
        return sacc.Sacc.load_fits(str(path))
    except Exception as error:  # sacc raises whatever its reader of FITS tables does
        raise DataError(f"{path.name} is no SACC file: {type(error).__name__}: {error}") from None


def _said(s: PowerSpectrum) -> dict[str, Any]:
    arrays = {key: None if getattr(s, key) is None else np.asarray(getattr(s, key)).tolist() for key in _ARRAYS}
    texts = {key: getattr(s, key) for key in _TEXTS}
    flags = {key: [bool(v) for v in values] for key, values in s.flags.items()}
    return {**arrays, **texts, "names": list(s.names), "auto": [a.tolist() for a in s.auto], "flags": flags}


def _block_diagonal(spectra: Mapping[str, PowerSpectrum]) -> Array:
    from scipy.linalg import block_diag

    return np.asarray(block_diag(*(s.covariance for s in spectra.values())))
