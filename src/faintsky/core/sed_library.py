"""Template spectra of galaxies and AGN (kind ``sed_libraries``)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats, owned_reals

__all__ = ["ROLES", "SedLibrary", "SedTemplates"]

Array = NDArray[np.float64]

#: What templates are of: stellar populations, tori and discs of AGN, dust of a galaxy, and single stars of ours (at redshift 0).
ROLES = ("stars", "agn", "dust", "star")


def _parameters(values: Mapping[str, Array]) -> dict[str, Array]:
    return {name: owned_floats(column) for name, column in values.items()}


@frozen(kw_only=True, eq=False)
class SedTemplates:
    """n spectra in the rest frame.

    Attributes
    ----------
    role : str
        One of `ROLES`.
    wavelength : ndarray, shape (w,)
        Increasing [um]; luminosities are linear between, and 0 outside.
    luminosity : ndarray, shape (n, w)
        L_nu [erg/s/Hz]: of stellar populations per solar mass of stars that live, of others up to a constant.
    parameters : mapping of str to ndarray, shape (n,)
        What each template is, such as ``age`` [Gyr], ``tau`` [Gyr], ``inclination`` [deg].
    name : str
    demonstration : bool
        Whether the templates are made up for demonstrations, so that no number from them is science.
    """

    role: str
    wavelength: Array = field(converter=owned_floats, repr=False)
    luminosity: Array = field(converter=owned_reals, repr=False)
    parameters: Mapping[str, Array] = field(factory=dict, converter=_parameters)
    name: str = ""
    demonstration: bool = False

    def __attrs_post_init__(self) -> None:
        if self.role not in ROLES:
            raise DataError(f"the role of templates is one of {', '.join(ROLES)}, not {self.role!r}")
        if self.wavelength.ndim != 1 or not np.all(np.diff(self.wavelength) > 0) or self.wavelength[0] <= 0:
            raise DataError(f"the wavelengths [um] of the templates {self.name!r} must increase from above 0")
        if self.luminosity.ndim != 2 or self.luminosity.shape[1] != self.wavelength.size or not len(self.luminosity):
            raise DataError(f"luminosities of shape {self.luminosity.shape} do not fit {self.wavelength.size} wavelengths")
        if not np.all(np.isfinite(self.luminosity)) or np.any(self.luminosity < 0):
            raise DataError(f"a luminosity of the templates {self.name!r} is negative or not finite")
        for name, column in self.parameters.items():
            if column.shape != (len(self.luminosity),):
                raise DataError(f"the parameter {name!r} has the shape {column.shape} for {len(self.luminosity)} templates")

    def __len__(self) -> int:
        return len(self.luminosity)

    @property
    def digest(self) -> str:
        """Identity of the templates."""
        said = [[name, array_digest(column)] for name, column in sorted(self.parameters.items())]
        return json_digest([self.role, array_digest(self.wavelength), array_digest(self.luminosity), said, self.demonstration])


@runtime_checkable
class SedLibrary(Protocol):
    """A component of kind ``sed_libraries``: reads or makes template spectra."""

    @abstractmethod
    def load(self, ctx: Context) -> Mapping[str, SedTemplates]:
        """Templates by role; ``stars`` always, the others where the library has them.

        Raises
        ------
        DataError
            Where files are not what they are said to be: units, wavelengths, parameters.
        """
