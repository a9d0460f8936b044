"""What all parametric forms share: a double power law in luminosity, parameters of a published set, where they hold."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.component import option
from faintsky.core.errors import DataError, FaintskyWarning, nearest
from faintsky.core.luminosity_function import AssumedCosmology, LuminosityFunction, Provenance
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import Prior, Uniform
from faintsky.core.validity import OUTSIDE, Validity
from faintsky.models.luminosity_functions.evolution import log_double_power_law
from faintsky.models.luminosity_functions.published_set import PublishedSet, absolute, published_set

__all__ = ["PublishedForm", "published_parameter"]

Array = NDArray[np.float64]


class _NotGiven(float):
    """The default of a form: what a published set replaces, and what a person wrote never is."""


def published_parameter(
    default: float,
    *,
    prior: Prior,
    help: str,
    latex: str = "",
    unit: str = "",
    frozen: bool = False,
    ge: float | None = None,
) -> Any:
    """A parameter whose default a published set replaces; see `faintsky.core.parameter.parameter`."""
    return parameter(_NotGiven(default), prior=prior, help=help, latex=latex, unit=unit, frozen=frozen, ge=ge)


@frozen(kw_only=True)
class PublishedForm(Parametric, LuminosityFunction):
    """A form of luminosity function: its parameters are given one by one, or come from a published set.

    What is given stands above what `published` holds, and that above the defaults of the form. Band, cosmology and validity are
    the set's; without a set they are options, 2-10 keV, H0 = 70 and Omega_m = 0.3, and without limits.

    Raises
    ------
    DataError
        For a set that does not exist, is of another form, of another band or cosmology than the one given, or incomplete.
    """

    #: The name of the component in published sets.
    form: ClassVar[str] = ""

    published: str = option(
        "", converter=absolute, help="name of a shipped set of parameters, or the path of a TOML file of the same format"
    )
    outside: str = option("warn", choices=OUTSIDE, help="what evaluate does where it was never measured")
    band: Band = option(None, converter=Band.of, help="rest-frame band of the luminosity: the set's, without a set 2-10 keV")
    cosmology: AssumedCosmology = option(None, help="universe it assumes: the set's, without a set h0 = 70 and omega_m0 = 0.3")
    validity: Validity = option(None, help="where it was measured, log_l and z: the set's, without a set everywhere")
    log_norm: float = published_parameter(
        -5.5, prior=Uniform(low=-10.0, high=-2.0), unit="dex(Mpc-3)", help="log10 of the density A", latex=r"$\log A$"
    )
    log_l_star: float = published_parameter(
        44.0, prior=Uniform(low=41.0, high=47.0), unit="dex(erg / s)", help="log10 of the break luminosity", latex=r"$\log L_*$"
    )
    gamma1: float = published_parameter(0.9, prior=Uniform(low=-1.0, high=1.5), help="faint-end slope", latex=r"$\gamma_1$")
    gamma2: float = published_parameter(2.3, prior=Uniform(low=1.5, high=6.0), help="bright-end slope", latex=r"$\gamma_2$")

    def __attrs_post_init__(self) -> None:
        known = self.published_set
        if known is not None:
            self._check(known)
        for name in self._parameter_names():
            value = getattr(self, name)
            if isinstance(value, _NotGiven):
                value = float(value) if known is None else known.values.get(name, float(value))
                object.__setattr__(self, name, value)
        for name, default in (("band", Band(2.0, 10.0)), ("cosmology", AssumedCosmology()), ("validity", Validity())):
            if getattr(self, name) is None:
                object.__setattr__(self, name, default if known is None else getattr(known, name))
        super().__attrs_post_init__()
        if known is not None and known.warning:
            warnings.warn(known.warning, FaintskyWarning, stacklevel=3)

    @property
    def published_set(self) -> PublishedSet | None:
        """The published set, where there is one."""
        return published_set(self.published) if self.published else None

    @property
    def provenance(self) -> Provenance:
        """That of the set; parameters that are not the set's any more are named, and the rest of it is no longer verified."""
        known = self.published_set
        if known is None:
            return Provenance()
        changed = [name for name, value in known.values.items() if not np.array_equal(getattr(self, name), value)]
        if not changed:
            return known.provenance
        return Provenance(source=f"{known.provenance.source}, with another {', '.join(changed)}")

    def _check(self, known: PublishedSet) -> None:
        if known.form != self.form:
            raise DataError(
                f"the published set {known.name!r} is of the form {known.form!r}, not {self.form!r}: write "
                f'{{ use = "{known.form}", published = "{self.published}" }}'
            )
        names = self._parameter_names()
        for name in known.values:
            if name not in names:
                raise DataError(f"the set {known.name!r} has a value of {name!r}, {self.form} none. {nearest(name, names)}")
        held = {a.name for a in attrs.fields(type(self)) if a.metadata.get("frozen")}
        if missing := [name for name in names if name not in known.values and name not in held]:
            raise DataError(f"the set {known.name!r} lacks {', '.join(missing)}, which {self.form} needs")
        said: dict[str, Any] = {"band": known.band, "cosmology": known.cosmology, **known.options}
        for name, value in said.items():
            mine = getattr(self, name, None)
            if mine is not None and mine != value:
                raise DataError(f"the set {known.name!r} holds for {name} = {value}, and was given {name} = {mine}")

    def _parameter_names(self) -> tuple[str, ...]:
        return tuple(a.name for a in attrs.fields(type(self)) if "prior" in a.metadata)

    def _shape(self) -> tuple[int, ...]:
        """What the parameters broadcast to: () for numbers, (n, 1) for columns."""
        return np.broadcast_shapes(*(np.shape(getattr(self, name)) for name in self._parameter_names()))

    def _of_luminosity(self, *luminosities: Any) -> Array:
        """Breaks in luminosity as `log_l_breaks` gives them: shape (k,), or (n, k) for parameters in columns."""
        shape = self._shape() or (1,)
        return np.concatenate([np.broadcast_to(one, shape) for one in luminosities], axis=-1)

    def _of_redshift(self, log_l: ArrayLike, *redshifts: Any) -> Array:
        """Breaks in redshift as `z_breaks` gives them: shape (k, m), or (k, n, m) for parameters in columns."""
        shape = np.broadcast_shapes(self._shape(), np.shape(log_l))
        return np.stack([np.broadcast_to(one, shape) for one in redshifts])

    def _log_power_law(self, log_l: ArrayLike) -> Array:
        """ln of the double power law of its own parameters."""
        return log_double_power_law(log_l, self.log_norm, self.log_l_star, self.gamma1, self.gamma2)
