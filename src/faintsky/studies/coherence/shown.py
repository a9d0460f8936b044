"""What of the measured is shown: broadband means, coherence, panels of figures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import frozen

from faintsky.core.broadband import WEIGHTINGS
from faintsky.core.component import option
from faintsky.core.context import Context
from faintsky.core.errors import DataError, nearest
from faintsky.core.step import step
from faintsky.estimators.bandpowers.coherence import Coherence, coherence
from faintsky.studies.coherence.spectra import Spectra

__all__ = ["BroadbandChoice", "CoherenceChoice", "HardnessChoice", "PanelChoice", "coherences"]


@frozen(kw_only=True)
class BroadbandChoice:
    """``[broadband.NAME]``: mean powers between two scales, a row for each spectrum and weighting."""

    theta: tuple[float, float] = option(unit="rad", help="smallest and largest scale")
    weights: tuple[str, ...] = option(
        ("modes",), help="modes, inverse-variance, uniform, q2 (Li et al. 2019 eq. 7), sigma (Kaminsky et al. eqs. 1-2)"
    )
    spectra: tuple[str, ...] = option((), help="which; default: all cross-spectra, or all autos where there is none")

    def __attrs_post_init__(self) -> None:
        for name in self.weights:
            if name not in WEIGHTINGS:
                raise DataError(f"no weighting is called {name!r}. {nearest(name, WEIGHTINGS)} Known: {', '.join(WEIGHTINGS)}")
        if not self.theta[0] < self.theta[1]:
            raise DataError("theta must be [smallest, largest]")


@frozen(kw_only=True)
class HardnessChoice:
    """``[hardness]``: colours of the mean cross-power between neighbouring bands."""

    bands: tuple[str, ...] = option(help="the X-ray maps, from the softest to the hardest")
    infrared: tuple[str, ...] = option(help="the infrared maps they are correlated with")
    broadband: str = option(help="the [broadband.NAME] whose means are taken, with its first weighting")

    def __attrs_post_init__(self) -> None:
        if len(self.bands) < 2:
            raise DataError("a hardness ratio needs two bands or more")


@frozen(kw_only=True)
class CoherenceChoice:
    """``[coherence]``: P_12^2 / (P_1 P_2) of every cross-spectrum."""

    merge: int = option(2, ge=1, help="so many neighbouring bins are averaged before the division")
    draws: int = option(2000, ge=100, help="Monte Carlo draws of the interval")


@frozen(kw_only=True)
class PanelChoice:
    """``[panels.NAME]``: several spectra in one figure, as papers show them."""

    spectra: tuple[str, ...] = option(help="their names")
    title: str = option("", help="its title; default: the panel's key")
    quantity: str = option("q2p", choices=("q2p", "p"), help="q^2 P / 2 pi, or P")


@step(title="coherence")
def coherences(*, spectra: Spectra, choice: CoherenceChoice, title: str, ctx: Context) -> Mapping[str, Coherence]:
    """The coherence of every pair of maps: with noise-free autos where there are splits."""
    found = {}
    for name, cross in spectra.cross.items():
        autos = [spectra.signal.get(m, spectra.auto[m]) for m in cross.names]
        if autos[0].beam != cross.beam or autos[1].beam != cross.beam or np.all(np.isnan(cross.power)):
            continue
        rng = ctx.rng(f"coherence {name}")
        found[name] = coherence(cross, autos[0], autos[1], rng=rng, merge=choice.merge, draws=choice.draws)
    return found
