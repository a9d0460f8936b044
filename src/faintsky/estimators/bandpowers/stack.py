"""Stacking: the mean spectrum of several fields, bin by bin."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from faintsky.core.bins import Bins
from faintsky.core.errors import DataError, nearest
from faintsky.core.power_spectrum import PowerSpectrum, Window
from faintsky.core.units import ARCSEC

__all__ = ["STACKINGS", "stacked"]

Array = NDArray[np.float64]

STACKINGS = ("uniform", "inverse-variance", "modes", "area")


def _places(spectrum: PowerSpectrum, bins: Bins, name: str) -> NDArray[np.int64]:
    """Which of the common bins each bin of a field is."""
    found = np.searchsorted(bins.edges * (1 - 1e-9), spectrum.edges, side="right") - 1
    same = np.clip(found, 0, len(bins))
    fits = np.allclose(bins.edges[same], spectrum.edges, rtol=1e-6) and np.all(np.diff(same) == 1)
    if not fits:
        shown = ", ".join(f"{2 * np.pi / q / ARCSEC:.4g}" for q in spectrum.edges[:4])
        raise DataError(
            f"the field {name!r} has other bins ({shown}, ... arcsec) than the stack: fields are stacked bin by bin, over "
            "identical edges. Give every field the same [bins], wide enough that none is merged"
        )
    return np.asarray(same[:-1])


def stacked(spectra: Mapping[str, PowerSpectrum], bins: Bins, weights: str = "uniform") -> PowerSpectrum:
    """The weighted mean of the spectra of independent fields.

    A bin is the mean of the fields that have modes in it; its errors are sqrt(sum w^2 sigma^2) with the weights of those fields.
    The default is the plain mean of the papers: weights from measured errors favour fields that fluctuate low.

    Parameters
    ----------
    spectra : mapping of field to PowerSpectrum
    bins : Bins
        The common bins, identical edges in every field; a field may lack bins at either end.
    weights : {"uniform", "inverse-variance", "modes", "area"}
        ``inverse-variance`` takes the errors, which are those of smoothed powers by default.

    Raises
    ------
    DataError
        Where edges, units or the treatment of beams differ.
    """
    if weights not in STACKINGS:
        raise DataError(f"no stacking is called {weights!r}. {nearest(weights, STACKINGS)} Known: {', '.join(STACKINGS)}")
    if not spectra:
        raise DataError("there is no spectrum to stack")
    fields = list(spectra.values())
    first = fields[0]
    for name, s in spectra.items():
        if s.unit != first.unit or s.beam != first.beam:
            raise DataError(f"the field {name!r} is in {s.unit} ({s.beam}), the first one in {first.unit} ({first.beam})")
    kept, counted = _members(spectra, bins)
    given = [put * _weight(s, weights) for put, s in zip(counted, fields, strict=True)]
    total = np.sum([w.sum(axis=1) for w in given], axis=0)
    shares = [w / total[:, None] for w in given]
    modes = np.sum([put @ s.modes for put, s in zip(counted, fields, strict=True)], axis=0)
    effective = np.sum([put @ (s.modes * s.f_sky) for put, s in zip(counted, fields, strict=True)])
    return evolve(
        first,
        edges=bins.edges[kept[0] : kept[-1] + 2].copy(),
        q=np.sum([put @ (s.modes * s.q) for put, s in zip(counted, fields, strict=True)], axis=0) / modes,
        modes=np.rint(modes).astype(np.int64),
        power=sum(w @ _clean(s.power) for w, s in zip(shares, fields, strict=True)),
        covariance=sum(w @ _clean(s.covariance) @ w.T for w, s in zip(shares, fields, strict=True)),
        pseudo=sum(w @ _clean(s.pseudo) for w, s in zip(shares, fields, strict=True)),
        noise=None,
        auto=tuple(sum(w @ _clean(s.auto[i]) for w, s in zip(shares, fields, strict=True)) for i in range(len(first.auto))),
        # The fields see the model through windows of their own: one operator over all their wavenumbers.
        window=Window(
            q=np.concatenate([s.window.q for s in fields]),
            matrix=np.concatenate([w @ s.window.matrix for w, s in zip(shares, fields, strict=True)], axis=1),
        ),
        f_sky=float(effective / np.sum(modes)),
        shot=_mean([s.shot for s in fields]),
        flags={},
    )


def _members(spectra: Mapping[str, PowerSpectrum], bins: Bins) -> tuple[NDArray[np.int64], list[Array]]:
    """The common bins that any field fills, and for each field the 0/1 matrix from its bins to those, (n, nbin of the field)."""
    places = [_places(s, bins, name) for name, s in spectra.items()]
    filled = [np.isfinite(s.power) & (s.modes > 0) for s in spectra.values()]
    kept = np.unique(np.concatenate([p[f] for p, f in zip(places, filled, strict=True)]))
    if not np.all(np.diff(kept) == 1):
        raise DataError("no field has a mode in one of the inner bins of the stack: use fewer bins per decade")
    return kept, [((p == kept[:, None]) & f).astype(float) for p, f in zip(places, filled, strict=True)]


def _weight(s: PowerSpectrum, kind: str) -> Array:
    """Weight of each bin of a field, shape (nbin,)."""
    if kind == "uniform":
        return np.ones(len(s.q))
    if kind == "modes":
        return np.asarray(s.modes * s.f_sky)
    if kind == "area":
        return np.full(len(s.q), s.f_sky * float(s.modes.sum()))
    return np.asarray(1 / np.where(np.isfinite(s.error), s.error, np.inf) ** 2)


def _clean(values: Array) -> Array:
    """Zeros where a beam left nothing: those bins have no weight."""
    return np.nan_to_num(values, nan=0.0)


def _mean(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if len(known) == len(values) else None
