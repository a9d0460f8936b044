"""Images taken apart into galaxies and points (kind ``decompositions``)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from attrs import Factory, field, frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError, nearest
from faintsky.core.image_set import ImageSet
from faintsky.core.owned_array import owned_floats
from faintsky.core.scene import Scene

__all__ = ["Decomposition", "DecompositionRule"]

Array = NDArray[np.float64]


def _floats() -> Any:
    return field(converter=owned_floats, repr=False)


@frozen(kw_only=True, eq=False)
class Decomposition:
    """Best fit of a scene to images in b bands, of s sources with c components.

    Shapes of sources that are points only are NaN; so are errors of what was held fixed.

    Attributes
    ----------
    sources : tuple of str
    components : tuple of (str, str)
        Name of the source, and ``galaxy`` or ``point``.
    bands : tuple of str
        In the order of wavelength.
    flux : ndarray, shape (c, b)
        [uJy], of the whole profile.
    flux_covariance : ndarray, shape (b, c, c)
        Marginal over shapes and places [uJy^2].
    x, y : ndarray, shape (s, b)
        [pixel, 0-based]
    radius, index : ndarray, shape (s, b)
        Half-light radius along the major axis [pixel]; Sersic index.
    ellipticity, angle : ndarray, shape (s,)
        1 - b / a; angle of the major axis [rad], from +x towards +y.
    x_error, y_error, radius_error, index_error : ndarray, shape (s, b)
    ellipticity_error, angle_error : ndarray, shape (s,)
    chi2 : ndarray, shape (b,)
        With the term for errors of the PSF where one was used.
    pixels : ndarray, shape (b,)
        Pixels that were fitted.
    parameters : int
        Free parameters, amplitudes included.
    bic : float
        -2 ln L + k ln N; the determinant of the errors is part of L where a term depends on the fluxes.
    psf_error : ndarray, shape (b,)
        Relative error of the PSF that was added to the errors of pixels; 0 where none was.
    at_bound : tuple of str
        Parameters that ended at a bound: their errors mean nothing.
    converged : bool
    notes : tuple of str
    cpu_seconds : float
    sky : ndarray, shape (b,)
        Constant that was fitted beside the components [uJy per pixel]; 0 where none was.
    single : mapping of str to Decomposition
        Fits of single bands, where each was fitted on its own: shapes of this one are then those of the band of the best signal.
    """

    sources: tuple[str, ...]
    components: tuple[tuple[str, str], ...]
    bands: tuple[str, ...]
    flux: Array = _floats()
    flux_covariance: Array = _floats()
    x: Array = _floats()
    y: Array = _floats()
    radius: Array = _floats()
    index: Array = _floats()
    ellipticity: Array = _floats()
    angle: Array = _floats()
    x_error: Array = _floats()
    y_error: Array = _floats()
    radius_error: Array = _floats()
    index_error: Array = _floats()
    ellipticity_error: Array = _floats()
    angle_error: Array = _floats()
    chi2: Array = _floats()
    pixels: Array = _floats()
    parameters: int
    bic: float
    psf_error: Array = _floats()
    at_bound: tuple[str, ...] = ()
    converged: bool = True
    notes: tuple[str, ...] = ()
    cpu_seconds: float = 0.0
    sky: Array = field(
        default=Factory(lambda self: np.zeros(len(self.bands)), takes_self=True), converter=owned_floats, repr=False
    )
    single: Mapping[str, Decomposition] = field(factory=dict, repr=False)

    def __attrs_post_init__(self) -> None:
        s, c, b = len(self.sources), len(self.components), len(self.bands)
        wanted = {"flux": (c, b), "flux_covariance": (b, c, c), "chi2": (b,), "pixels": (b,), "psf_error": (b,), "sky": (b,)}
        wanted |= dict.fromkeys(("x", "y", "radius", "index", "x_error", "y_error", "radius_error", "index_error"), (s, b))
        wanted |= dict.fromkeys(("ellipticity", "angle", "ellipticity_error", "angle_error"), (s,))
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise DataError(f"{name} of a decomposition has the shape {getattr(self, name).shape}, not {shape}")

    @property
    def dof(self) -> int:
        """Pixels less free parameters."""
        return int(self.pixels.sum()) - self.parameters

    @property
    def reduced_chi2(self) -> float:
        """chi2 over degrees of freedom."""
        return float(self.chi2.sum()) / self.dof if self.dof > 0 else float("nan")

    def component(self, source: str, part: str) -> int:
        """Index of a component.

        Raises
        ------
        DataError
            Where the source has no such part.
        """
        if (source, part) not in self.components:
            known = [" ".join(each) for each in self.components]
            raise DataError(f"the decomposition has no {part} of {source!r}. {nearest(f'{source} {part}', known)}")
        return self.components.index((source, part))

    @property
    def digest(self) -> str:
        """Identity of the fit."""
        arrays = [
            array_digest(getattr(self, name))
            for name in ("flux", "flux_covariance", "x", "y", "radius", "index", "ellipticity", "angle")
        ]
        return json_digest([self.sources, self.components, self.bands, arrays, self.parameters, self.bic])


@runtime_checkable
class DecompositionRule(Protocol):
    """A component of kind ``decompositions``: fits scenes of galaxies and points to images."""

    @abstractmethod
    def fit(self, images: ImageSet, scene: Scene, ctx: Context) -> Decomposition:
        """Fit all bands of an image set at once.

        Parameters
        ----------
        images : ImageSet
            Each band with its PSF; pixels with infinite errors are not fitted.
        scene : Scene
            Sources, and where the fit starts.

        Raises
        ------
        DataError
            Where a band has no PSF, a source stands outside of the image, or there are fewer pixels than parameters.
        """
