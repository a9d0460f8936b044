"""Shot noise plus linear or nonlinear clustering of biased sources, by Limber's equation."""

from __future__ import annotations

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.bias_model import BiasModel
from faintsky.core.component import component, option, slot
from faintsky.core.cosmology import Cosmology
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.flux_production import FluxProduction
from faintsky.core.identity import identity
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.pixel_window import pixel_window
from faintsky.core.power_model import SPECTRUM_UNIT, PowerModel
from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.core.prior import Prior, Uniform
from faintsky.models.bias_models.constant import Constant
from faintsky.models.clustering.limber import POWERS, limber_kernel

__all__ = ["Limber", "LimberTemplate"]

Array = NDArray[np.float64]


@component(references=["Limber1953", "Kaminsky2025", "Takahashi2012"])
@frozen(kw_only=True)
class Limber(Parametric, PowerModel):
    """P(q) = shot + int dz H / (c chi^2) dF_a/dz dF_b/dz b_a b_b P(q / chi, z), with dF/dz of the maps themselves.

    Where the maps know the sources they are painted from, the shot noise is fixed at their level unless `free_shot`; then only
    the bias is fitted, as in the papers. A cross-spectrum takes the bias of its two maps from `bias` and `other_bias`.
    """

    cosmology: Cosmology = slot(help="distances, growth and matter power; papers that state none cannot be repeated")
    bias: BiasModel = slot("constant", help="bias of the sources (of the first map of a cross-spectrum)")
    other_bias: BiasModel | None = option(None, help="bias of the second map of a cross-spectrum; default: that of the first")
    matter: str = option(
        "nonlinear", choices=POWERS, help="matter power; linear theory is low by half below 1000 arcsec at z < 3"
    )
    free_shot: bool = option(False, help="fit the shot noise too, also where it is known from the sources")
    pixel: float | None = option(
        None, unit="rad", gt=0, help="pixel whose window is put on the clustered part, never on the shot noise"
    )
    reach: float = option(3.0, gt=1, help="how far the default prior of a free shot noise reaches, in units of the spectrum")
    shot: float = parameter(0.0, prior=Uniform(low=-1, high=1), unit=SPECTRUM_UNIT, help="white level", latex="$P_{SN}$")

    def power(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Not known before it is made ready for a spectrum, which brings dF/dz.

        Raises
        ------
        DataError
            Always.
        """
        raise DataError("the clustering of a background follows from dF/dz of its maps: use for_spectrum(spectrum, chosen)")

    def for_spectrum(self, spectrum: PowerSpectrum, chosen: NDArray[np.bool_]) -> LimberTemplate:
        """The template of the maps of a spectrum.

        Raises
        ------
        DataError
            Where the maps do not know the redshifts of their sources.
        """
        if not spectrum.productions:
            raise DataError(
                f"the maps of the spectrum {' x '.join(dict.fromkeys(spectrum.names))} do not know dF/dz: paint them from a "
                "catalogue with redshifts, give [spectra] productions = { MAP = 'table of z, dF_dz' }, or fit shot-plus-power-law"
            )
        fixed: dict[str, float] = dict(self.fixed)
        priors: dict[str, Prior] = dict(self.priors)
        if "shot" not in {*fixed, *self.tied}:
            if spectrum.shot is not None and not self.free_shot and "shot" not in priors:
                fixed["shot"] = spectrum.shot
            elif "shot" not in priors:
                shown = (np.abs(spectrum.power) + 3 * spectrum.error)[chosen]
                high = self.reach * float(shown[-max(1, len(shown) // 3) :].max())
                priors["shot"] = Uniform(low=-high if len(spectrum.productions) > 1 else 0.0, high=high)
        other = self.other_bias if len(spectrum.productions) > 1 else None
        return LimberTemplate(
            priors=priors,
            fixed=fixed,
            tied=self.tied,
            shot=fixed.get("shot", self.shot),
            bias=self.bias,
            other_bias=other,
            cosmology=self.cosmology,
            productions=spectrum.productions,
            matter=self.matter,
            pixel=self.pixel,
        )


@frozen(kw_only=True, eq=False)
class LimberTemplate(Parametric, PowerModel):
    """The clustering of the sources of one spectrum; the projection is done once per set of wavenumbers."""

    shot: float = parameter(0.0, prior=Uniform(low=-1, high=1), unit=SPECTRUM_UNIT, help="white level", latex="$P_{SN}$")
    bias: BiasModel
    other_bias: BiasModel | None
    cosmology: Cosmology
    productions: tuple[FluxProduction, ...]
    matter: str
    pixel: float | None
    _kernels: dict[str, tuple[Array, Array]] = field(factory=dict, init=False, repr=False)

    def kernel(self, q: Array) -> tuple[Array, Array]:
        """Redshifts and what each adds to the power at `q` for a bias of 1: (n,), (m, n)."""
        key = array_digest(q)
        if key not in self._kernels:
            second = self.productions[1] if len(self.productions) > 1 else None
            z, made = limber_kernel(q, self.cosmology, self.productions[0], second, power=self.matter)
            if self.pixel is not None:
                made = made * pixel_window(q, self.pixel)[:, None]
            self._kernels[key] = (z, made)
        return self._kernels[key]

    def power(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """P at `q` [rad^-1], shape (m,), or (n, m) for parameters in columns; unit of the spectrum."""
        z, kernel = self.kernel(q)
        if isinstance(self.bias, Constant) and isinstance(self.other_bias, Constant | None):
            # A constant bias leaves the projection as it is: one number for every wavenumber instead of one for every redshift.
            other = self.bias if self.other_bias is None else self.other_bias
            return np.asarray(self.shot + self.bias.bias * other.bias * kernel.sum(axis=1))
        first = self.bias.b(z)
        second = first if self.other_bias is None else self.other_bias.b(z)
        return np.asarray(self.shot + (first * second) @ kernel.T)

    def for_spectrum(self, spectrum: PowerSpectrum, chosen: NDArray[np.bool_]) -> LimberTemplate:
        """Itself."""
        return self

    def nonlinear_ratio(self, q: Array) -> Array:
        """Nonlinear over linear clustered power at `q`, for a bias of 1, shape (m,)."""
        both = {m: attrs.evolve(self, matter=m).kernel(q)[1].sum(axis=1) for m in POWERS}
        return np.asarray(both["nonlinear"] / both["linear"])

    @property
    def digest(self) -> str:
        """Identity of the template."""
        return json_digest([identity(getattr(self, a.name)) for a in attrs.fields(type(self)) if a.init])
