"""Fits of template spectra to photometry: stars alone, with dust, and with an AGN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError, nearest
from faintsky.core.owned_array import owned_floats, owned_indices

__all__ = ["MODELS", "SedFits"]

Array = NDArray[np.float64]

#: The models that are compared, and the role of the component that each adds to the stars.
MODELS = {"stars": "", "stars+dust": "dust", "stars+agn": "agn"}


def _parameters(values: Mapping[str, Any]) -> dict[str, Array]:
    return {name: owned_floats(column) for name, column in values.items()}


@frozen(kw_only=True, eq=False)
class SedFits:
    """The best of each of m models for n sources, each at its own redshift.

    Attributes
    ----------
    names : tuple of str
    redshift : ndarray, shape (n,)
    models : tuple of str
        Of `MODELS`, ``stars`` first.
    free : ndarray, shape (m,)
        Free parameters k of each model: the amplitude of each component that has its own, and each parameter of the templates
        that takes more than one value.
    bands_used : ndarray, shape (n,)
        Bands with a flux and an error.
    chi2 : ndarray, shape (n, m)
        Smallest chi2; NaN where a source has no band.
    parameters : mapping of str to ndarray, shape (n, m)
        Of the best templates, such as ``age`` [Gyr], ``tau`` [Gyr], ``ebv`` [mag], ``alpha``, ``inclination`` [deg]; NaN where
        a model has none of that name.
    amplitude : ndarray, shape (n, m, 2)
        Of the stars [Msun], and of the added component in the unit of its templates.
    template : ndarray of int, shape (n, m, 2)
        Which templates fit best: number of the stellar one and of the added one; -1 where there is none.
    mass, mass_low, mass_high : ndarray, shape (n,)
        Stellar mass [Msun] of the model ``stars``: median and 68 % interval over all templates and amplitudes.
    agn_fraction : ndarray, shape (n,)
        Share of the AGN in the flux of the reddest band that was used, by the best ``stars+agn``; NaN without that model.
    threshold : float
        Difference of BIC above which an AGN is said to be there.
    demonstration : bool
        Whether a template was made up for demonstrations, so that no number here is science.
    notes : tuple of str
        A remark on each source, or an empty text.
    """

    names: tuple[str, ...]
    redshift: Array = field(converter=owned_floats, repr=False)
    models: tuple[str, ...]
    free: Array = field(converter=owned_floats)
    bands_used: Array = field(converter=owned_floats, repr=False)
    chi2: Array = field(converter=owned_floats, repr=False)
    parameters: Mapping[str, Array] = field(converter=_parameters, repr=False)
    amplitude: Array = field(converter=owned_floats, repr=False)
    template: NDArray[np.int32] = field(converter=owned_indices, repr=False)
    mass: Array = field(converter=owned_floats, repr=False)
    mass_low: Array = field(converter=owned_floats, repr=False)
    mass_high: Array = field(converter=owned_floats, repr=False)
    agn_fraction: Array = field(converter=owned_floats, repr=False)
    threshold: float = 10.0
    demonstration: bool = False
    notes: tuple[str, ...] = field(default=(), repr=False)

    def __attrs_post_init__(self) -> None:
        n, m = len(self.names), len(self.models)
        wanted = {
            "redshift": (n,), "bands_used": (n,), "chi2": (n, m), "free": (m,), "amplitude": (n, m, 2), "template": (n, m, 2),
            "mass": (n,), "mass_low": (n,), "mass_high": (n,), "agn_fraction": (n,),
        }  # fmt: skip
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise DataError(f"{name} of shape {getattr(self, name).shape} does not fit {n} sources and {m} models")
        unknown = [model for model in self.models if model not in MODELS]
        if unknown or not self.models or self.models[0] != "stars":
            raise DataError(f"the models are some of {', '.join(MODELS)}, 'stars' first; got {', '.join(self.models)}")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def dof(self) -> Array:
        """Degrees of freedom, bands less free parameters, shape (n, m); negative where a model has more parameters than data."""
        return np.asarray(self.bands_used[:, None] - self.free)

    @property
    def bic(self) -> Array:
        """Bayesian information criterion chi2 + k ln N, shape (n, m), with N the number of bands."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.chi2 + self.free * np.log(self.bands_used)[:, None])

    @property
    def delta_bic(self) -> Array:
        """The smaller of the BIC of stars and of stars with dust, less that of stars with an AGN, shape (n,).

        It is above the threshold where the AGN beats both. NaN without an AGN model, or without a band.
        """
        if "stars+agn" not in self.models:
            return np.full(len(self), np.nan)
        bic, agn = self.bic, self.models.index("stars+agn")
        return np.asarray(np.min(np.delete(bic, agn, axis=1), axis=1) - bic[:, agn])

    @property
    def dual(self) -> NDArray[np.bool_]:
        """Whether an AGN is said to be there, shape (n,): it beats both other models by more than the threshold."""
        return np.asarray(self.delta_bic > self.threshold)

    def best(self, name: str, model: str) -> Array:
        """A parameter of the best template of a model, shape (n,).

        Raises
        ------
        DataError
            For an unknown parameter or model.
        """
        for given, known in ((name, tuple(self.parameters)), (model, self.models)):
            if given not in known:
                raise DataError(f"the fits have no {given!r}. {nearest(given, known)} They have: {', '.join(known)}")
        return self.parameters[name][:, self.models.index(model)]

    def to_table(self) -> Any:
        """An astropy QTable with a row for each source; NaN where there is no value."""
        from astropy import units as u
        from astropy.table import QTable

        table = QTable({"name": list(self.names), "redshift": self.redshift, "bands": self.bands_used.astype(int)})
        for m, model in enumerate(self.models):
            end = model.replace("+", "_")
            table[f"chi2_{end}"], table[f"dof_{end}"], table[f"bic_{end}"] = self.chi2[:, m], self.dof[:, m], self.bic[:, m]
        table["delta_bic"], table["dual"] = self.delta_bic, self.dual
        for name in ("mass", "mass_low", "mass_high"):
            table[name] = getattr(self, name) * u.Msun
        table["agn_fraction"] = self.agn_fraction
        table["note"] = list(self.notes) or [""] * len(self)
        table.meta.update({f"k_{model}": int(k) for model, k in zip(self.models, self.free, strict=True)})
        table.meta |= {"threshold": self.threshold, "demonstration": self.demonstration}
        return table

    @property
    def digest(self) -> str:
        """Identity of the fits."""
        arrays = (self.redshift, self.free, self.bands_used, self.chi2, self.amplitude, self.template, self.mass)
        return json_digest([self.names, self.models, self.threshold, [array_digest(each) for each in arrays]])
