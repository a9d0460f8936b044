"""The spectrum that fits best, for figures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.attenuation import screens
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError, nearest
from faintsky.core.igm import igm_transmission
from faintsky.core.owned_array import owned_floats
from faintsky.core.sed_fit import MODELS, SedFits
from faintsky.core.sed_library import SedTemplates
from faintsky.estimators.seds.model_fluxes import flux_factor
from faintsky.estimators.seds.settings import SedFitSettings

__all__ = ["BestSpectrum", "best_spectrum"]

Array = NDArray[np.float64]


def _curves(values: Mapping[str, Array]) -> dict[str, Array]:
    return {name: owned_floats(curve) for name, curve in values.items()}


@frozen(kw_only=True, eq=False)
class BestSpectrum:
    """A spectrum as it is observed.

    Attributes
    ----------
    wavelength : ndarray, shape (w,)
        Observed [um].
    components : mapping of str to ndarray, shape (w,)
        f_nu [uJy] of ``stars``, and of ``dust`` or ``agn``.
    """

    wavelength: Array = field(converter=owned_floats, repr=False)
    components: Mapping[str, Array] = field(converter=_curves, repr=False)

    @property
    def total(self) -> Array:
        """Sum of the components [uJy], shape (w,)."""
        return np.asarray(np.sum(list(self.components.values()), axis=0))


def best_spectrum(
    fits: SedFits,
    row: int,
    model: str,
    templates: Mapping[str, SedTemplates],
    cosmology: Cosmology,
    settings: SedFitSettings | None = None,
) -> BestSpectrum:
    """The best of a model for one source.

    Parameters
    ----------
    fits : SedFits
    row : int
        Of the source.
    model : str
    templates, cosmology, settings
        Those of the fit.

    Raises
    ------
    DataError
        For an unknown model, a source that was not fitted, or other templates than those of the fit.
    """
    settings = settings or SedFitSettings()
    if model not in fits.models:
        raise DataError(f"no model {model!r} was fitted. {nearest(model, fits.models)} Models: {', '.join(fits.models)}")
    m, z = fits.models.index(model), float(fits.redshift[row])
    if not np.isfinite(fits.chi2[row, m]):
        raise DataError(f"{fits.names[row]} was not fitted: {fits.notes[row]}")
    stars = templates["stars"]
    ebv = (0.0,) if "ebv" in stars.parameters else settings.ebv
    which, screen = divmod(int(fits.template[row, m, 0]), len(ebv))
    if which >= len(stars):
        raise DataError(f"{fits.names[row]} was fitted with another library: it has no stellar template {which}")
    through = screens(stars.wavelength, ebv[screen], settings.law)[0]
    spectra = {"stars": fits.amplitude[row, m, 0] * through * stars.luminosity[which]}
    if role := MODELS[model]:
        other = templates[role]
        light = np.interp(stars.wavelength, other.wavelength, other.luminosity[fits.template[row, m, 1]], left=0, right=0)
        spectra[role] = fits.amplitude[row, m, 1] * light
    observed = stars.wavelength * (1 + z)
    seen = float(flux_factor(z, cosmology)) * (igm_transmission(observed, z) if settings.igm == "inoue14" else 1.0)
    return BestSpectrum(wavelength=observed, components={role: seen * curve for role, curve in spectra.items()})
