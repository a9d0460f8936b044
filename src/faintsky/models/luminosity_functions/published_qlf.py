"""What the bolometric luminosity functions share: coefficients of published sets, all energies, one universe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs
import numpy as np
from attrs import frozen

from faintsky.core.band import BOLOMETRIC, Band
from faintsky.core.component import option
from faintsky.core.luminosity_function import AssumedCosmology, LuminosityFunction, Provenance
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import Uniform
from faintsky.core.validity import OUTSIDE, Validity

__all__ = ["CoefficientSets", "PublishedQlf", "coefficient"]

#: Values of the coefficients, by the name of the set.
CoefficientSets = Mapping[str, Mapping[str, float]]


def coefficient(sets: CoefficientSets, name: str, low: float, high: float, help: str) -> Any:
    """A parameter with a flat prior, whose default is its value in the set that the option `published` names.

    0 where the set has none. A name that is no set is refused by the option's own check, which runs after the defaults.
    """
    default: Any = attrs.Factory(lambda self: sets.get(self.published, {}).get(name, 0.0), takes_self=True)
    return parameter(default, prior=Uniform(low=low, high=high), help=help)


@frozen(kw_only=True)
class PublishedQlf(Parametric, LuminosityFunction):
    """A bolometric luminosity function whose coefficients come from a published set, named by the option `published`.

    They are the papers' own coefficients, not the break and slopes at one redshift, and so no `PublishedForm`.
    """

    sets: ClassVar[CoefficientSets] = {}
    #: Key of the paper with its table, and what the numbers were checked against.
    source: ClassVar[str] = ""
    verified: ClassVar[str] = ""
    z_max: ClassVar[float] = np.inf

    published: str = option("", help="the published set")
    outside: str = option("warn", choices=OUTSIDE, help="at redshifts beyond the data: warn, nan, raise or ignore")

    @property
    def band(self) -> Band:
        """All energies."""
        return BOLOMETRIC

    @property
    def cosmology(self) -> AssumedCosmology:
        """H0 = 70, Omega_m = 0.3."""
        return AssumedCosmology()

    @property
    def validity(self) -> Validity:
        """The redshifts of the data; these reach differently deep at each, and luminosities have no limit."""
        return Validity(z=(0.0, self.z_max))

    @property
    def provenance(self) -> Provenance:
        """The paper and the set; verified as long as all coefficients are the set's."""
        known = self.sets[self.published]
        changed = [name for name, value in known.items() if not np.array_equal(getattr(self, name), value)]
        if changed:
            return Provenance(source=f"{self.source}, {self.published}, with another {', '.join(changed)}")
        return Provenance(source=f"{self.source}, {self.published}", verified=self.verified)
