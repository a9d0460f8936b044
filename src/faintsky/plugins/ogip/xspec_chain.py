"""Posteriors as chains that XSPEC loads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.parameter import at, declared_parameters, values_of
from faintsky.core.sampler import Posterior
from faintsky.core.spectrum import Formula, Spectrum
from faintsky.core.storage import write_atomically

__all__ = ["chain_columns", "write_chain"]

Array = NDArray[np.float64]


def chain_columns(model: Spectrum, posterior: Posterior, rows: Array) -> dict[str, Array]:
    """The columns of a chain: every free parameter as ``NAME__NUMBER``, with XSPEC's name, number, and conventions.

    XSPEC numbers all parameters of a model as its components stand in the expression, the fixed and tied ones too. Norms that
    XSPEC takes at another energy (zpowerlw: 1 keV of the source) are turned into its own.

    Parameters
    ----------
    model : Spectrum
        The model that was fitted.
    posterior : Posterior
    rows : ndarray, shape (n, d)
        Samples of equal weight.

    Raises
    ------
    DataError
        Where a part of the model is none of XSPEC's.
    """
    columns: dict[str, Array] = {}
    numbers: dict[str, tuple[int, str]] = {}
    for name, declared in declared_parameters(model).items():
        if declared.xspec:
            numbers[name] = (len(numbers) + 1, declared.xspec)
    for name in posterior.names:
        if name not in numbers:
            raise DataError(f"{name} is no parameter that XSPEC knows: a chain of {model} cannot be written")
    values = _in_xspec(model, rows)
    for name in posterior.names:
        number, said = numbers[name]
        columns[f"{said}__{number}"] = np.broadcast_to(np.ravel(values[name]), (len(rows),))
    return columns


def _in_xspec(model: Spectrum, rows: Array) -> dict[str, Array]:
    """Values of all parameters, with the conventions of XSPEC."""
    moved = at(model, rows)
    found = values_of(moved)
    parts = moved.parts.items() if isinstance(moved, Formula) else (("", moved),)
    for name, part in parts:
        turned: dict[str, Array] = part.xspec_values() if hasattr(part, "xspec_values") else {}
        found |= {f"{name}.{key}" if name else key: value for key, value in turned.items()}
    return found


def write_chain(model: Spectrum, posterior: Posterior, path: Path, number: int = 10_000) -> int:
    """Write a chain: a table CHAIN with a column per free parameter and FIT_STATISTIC, as ``chain load`` of XSPEC reads it.

    Weighted samples are resampled to equal weights. Returns the length of the chain.

    Raises
    ------
    DataError
        Where a part of the model is none of XSPEC's.
    """
    from astropy.io import fits

    # Neighbours of a sorted engine are alike; a chain should not be ordered.
    chosen = np.random.default_rng(0).permutation(posterior.equal_weight(number))
    columns = chain_columns(model, posterior, posterior.samples[chosen])
    columns["FIT_STATISTIC"] = -2 * posterior.log_likelihood[chosen]
    table = fits.BinTableHDU.from_columns(
        [fits.Column(name=name, format="D", array=values) for name, values in columns.items()], name="CHAIN"
    )
    table.header["TEMPR001"] = (1.0, "temperature of the chain")
    table.header["STROW001"] = (1, "first row at this temperature")
    table.header["CREATOR"] = f"faintsky, {posterior.sampler}"
    table.header.add_comment(f"model: {model}")
    write_atomically(path, lambda temporary: table.writeto(temporary, overwrite=True))
    return number
