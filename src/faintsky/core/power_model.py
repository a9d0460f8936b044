"""The kind ``power_models``: a parametric P(q) that bandpowers are fitted with."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from faintsky.core.power_spectrum import PowerSpectrum

__all__ = ["SPECTRUM_UNIT", "PowerModel"]

#: The unit of a parameter that is a power: that of the spectrum the model is fitted to.
SPECTRUM_UNIT = "unit of the spectrum"


@runtime_checkable
class PowerModel(Protocol):
    """A model power spectrum with parameters (a `faintsky.core.parameter.Parametric`)."""

    @abstractmethod
    def power(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """P at `q` of shape (m,) [rad^-1]: (m,), or (n, m) where the parameters are columns of shape (n, 1).

        The unit is that of the power spectrum it is compared with.
        """

    def for_spectrum(self, spectrum: PowerSpectrum, chosen: NDArray[np.bool_]) -> PowerModel:
        """The model made ready for a spectrum: default priors that reach as far as it does, templates of its own maps.

        Itself where the model needs neither.

        Parameters
        ----------
        spectrum : PowerSpectrum
        chosen : ndarray of bool, shape (nbin,)
            The bins that are fitted.
        """
        return self
