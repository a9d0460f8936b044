"""The models of a fit, and their fluxes at a redshift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.attenuation import screens
from faintsky.core.bandpass import Bandpass
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.frequency_integral import frequency_integral, frequency_steps
from faintsky.core.sed_fit import MODELS
from faintsky.core.sed_library import SedTemplates
from faintsky.core.universe_age import universe_age
from faintsky.estimators.seds.model_fluxes import model_fluxes
from faintsky.estimators.seds.settings import SedFitSettings

__all__ = ["FluxGrid", "ModelGrid"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class FluxGrid:
    """Fluxes at one redshift.

    Attributes
    ----------
    stars : ndarray, shape (t, b)
        Of each stellar template behind each screen that may be used [uJy / Msun].
    rows : ndarray of int, shape (t,)
        Which of all they are.
    added : mapping of str to ndarray, shape (k, b)
        Of the templates that each model adds, by its name [uJy].
    balance : ndarray, shape (t, k), optional
        Amplitude per solar mass that each template of dust has where it shines with what the screens take from the stars.
    too_old : bool
        Whether every stellar template is older than the universe, so that the youngest stand in.
    """

    stars: Array = field(repr=False)
    rows: NDArray[np.int64] = field(repr=False)
    added: Mapping[str, Array] = field(repr=False)
    balance: Array | None = field(repr=False)
    too_old: bool


@frozen(kw_only=True, eq=False, slots=False)
class ModelGrid:
    """Stellar templates behind screens, and what each model adds to them; rows count the screens of a template first.

    Attributes
    ----------
    templates : mapping of str to SedTemplates
        By role.
    bands : sequence of Bandpass
    cosmology : Cosmology
    settings : SedFitSettings

    Raises
    ------
    DataError
        Without stellar templates, or where none has an age that the settings allow.
    """

    templates: Mapping[str, SedTemplates]
    bands: Sequence[Bandpass]
    cosmology: Cosmology
    settings: SedFitSettings

    def __attrs_post_init__(self) -> None:
        if "stars" not in self.templates:
            raise DataError(f"a fit needs templates of stars; the library has {', '.join(self.templates) or 'none'}")
        if not self._wanted.any():
            age = self.templates["stars"].parameters["age"]
            raise DataError(
                f"no stellar template is {self.settings.min_age:g} to {self.settings.max_age:g} Gyr old; they are "
                f"{age.min():g} to {age.max():g} Gyr"
            )

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the library has templates for."""
        return tuple(model for model, role in MODELS.items() if not role or role in self.templates)

    @property
    def ebv(self) -> tuple[float, ...]:
        """Colour excesses of the screens; one of 0 where the templates are attenuated already."""
        return (0.0,) if "ebv" in self.templates["stars"].parameters else self.settings.ebv

    @property
    def free(self) -> tuple[int, ...]:
        """Free parameters of each model: amplitudes of their own, and what takes more than one value in the templates used."""
        stars = self.templates["stars"]
        alone = 1 + _varying(stars, self._wanted) + (len(set(self.ebv)) > 1)
        more = {"": 0}
        for role in set(self.templates) & set(MODELS.values()):
            more[role] = _varying(self.templates[role]) + (role != "dust" or self._absorbed is None)
        return tuple(alone + more[MODELS[model]] for model in self.models)

    @cached_property
    def screens(self) -> Array:
        """Transmission of each screen at the wavelengths of the stars, shape (e, w)."""
        return screens(self.templates["stars"].wavelength, self.ebv, self.settings.law)

    def at(self, redshift: float) -> FluxGrid:
        """Fluxes at a redshift.

        Raises
        ------
        DataError
            Where a band leaves the templates.
        """
        rows, too_old = self._rows(redshift)
        balance = None
        if self._absorbed is not None:
            dust = self.templates["dust"]
            balance = self._absorbed[rows, None] / frequency_integral(dust.luminosity, dust.wavelength)
        return FluxGrid(
            stars=self._fluxes("stars", redshift, self.screens)[rows],
            rows=rows,
            added={model: self._fluxes(MODELS[model], redshift) for model in self.models if MODELS[model]},
            balance=balance,
            too_old=too_old,
        )

    def parameters(self, template: NDArray[np.int64]) -> dict[str, Array]:
        """Parameters of templates by name, shape (n, m) for templates of shape (n, m, 2); NaN where there is none."""
        found: dict[str, Array] = {}
        which, screen = np.divmod(template[..., 0], len(self.ebv))
        stars = {name: column[which] for name, column in self.templates["stars"].parameters.items()}
        for name, column in ({"ebv": np.asarray(self.ebv)[screen]} | stars).items():
            found[name] = np.where(template[..., 0] < 0, np.nan, column)
        for m, model in enumerate(self.models):
            for name, values in self.templates[MODELS[model]].parameters.items() if MODELS[model] else ():
                # An added component may have a parameter of the same name as the stars: it is called by its role too.
                key = f"{MODELS[model]}_{name}" if name in stars or name == "ebv" else name
                column = found.setdefault(key, np.full(template.shape[:2], np.nan))
                column[:, m] = np.where(template[:, m, 1] < 0, np.nan, values[template[:, m, 1]])
        return found

    @cached_property
    def _absorbed(self) -> Array | None:
        """Light that the screens take from the stars [erg/s/Msun], where dust gives back what it took."""
        if "dust" not in self.templates or self.settings.dust != "balance":
            return None
        stars = self.templates["stars"]
        taken = (1 - self.screens) * frequency_steps(stars.wavelength)
        return np.asarray(stars.luminosity.astype(float) @ taken.T).ravel()

    def _fluxes(self, role: str, redshift: float, through: Array | None = None) -> Array:
        templates, igm = self.templates[role], self.settings.igm
        return np.asarray(model_fluxes(templates, self.bands, redshift, self.cosmology, igm=igm, screens=through)[0])

    @cached_property
    def _wanted(self) -> NDArray[np.bool_]:
        """Stellar templates of the ages that the settings allow."""
        stars = self.templates["stars"]
        age = stars.parameters.get("age")
        if age is None:
            return np.ones(len(stars), dtype=bool)
        return np.asarray((age >= self.settings.min_age) & (age <= self.settings.max_age))

    def _rows(self, redshift: float) -> tuple[NDArray[np.int64], bool]:
        """Rows that may be used at a redshift, and whether none is as young as the universe."""
        kept, too_old = self._wanted, False
        age = self.templates["stars"].parameters.get("age")
        if age is not None and self.settings.young_universe:
            kept = kept & (age <= universe_age(self.cosmology, redshift))
            too_old = not kept.any()
            if too_old:
                kept = self._wanted & (age <= age[self._wanted].min())
        return np.flatnonzero(np.repeat(kept, len(self.ebv))), too_old


def _varying(templates: SedTemplates, kept: NDArray[np.bool_] | None = None) -> int:
    """How many parameters take more than one value."""
    rows = slice(None) if kept is None else kept
    return sum(np.unique(column[rows]).size > 1 for column in templates.parameters.values())
