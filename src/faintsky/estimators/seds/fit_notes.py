"""What has to be said of a fit: too few bands, no redshift, no model that fits."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc

from faintsky.core.context import Context
from faintsky.core.sed_fit import SedFits

__all__ = ["fit_notes", "warn_of_few_bands"]

#: Chance of a chi2 as large as the smallest, below which no model is said to fit.
_UNLIKELY = 1e-4


def warn_of_few_bands(fits: SedFits, ctx: Context) -> None:
    """A warning where a model has less than one degree of freedom."""
    few = np.any((fits.dof < 1) & np.isfinite(fits.chi2), axis=1)
    if few.any():
        free = ", ".join(f"{model} has {k:.0f}" for model, k in zip(fits.models, fits.free, strict=True))
        bands = f"{fits.bands_used[few].min():.0f} to {fits.bands_used[few].max():.0f}"
        ctx.warn(
            f"{few.sum()} of {len(fits)} sources have less than one degree of freedom in a model (free parameters: {free}; "
            f"bands: {bands}): their delta BIC tells which templates cover their colours, not which model is true"
        )


def fit_notes(fits: SedFits, too_old: NDArray[np.bool_]) -> SedFits:
    """The fits with a note on each source."""
    notes = []
    for row in range(len(fits)):
        used, said = int(fits.bands_used[row]), []
        over = [model for model, k in zip(fits.models, fits.free, strict=True) if 0 < used < k]
        if not used:
            said.append("no band has a flux with an error: not fitted")
        elif not fits.redshift[row] > 0:
            said.append("no redshift above 0: not fitted")
        elif not fits.mass[row] > 0:
            said.append("no template has a positive amplitude")
        if over and np.isfinite(fits.chi2[row]).any():
            said.append(f"fewer bands ({used}) than parameters of {', '.join(over)}")
        if too_old[row]:
            said.append("all stellar templates are older than the universe: the youngest were used")
        least, freedom = fits.chi2[row].min(), max(1, int(fits.dof[row].max()))
        if gammaincc(0.5 * freedom, 0.5 * least) < _UNLIKELY:
            said.append(f"no model fits: the smallest chi2 is {least:.1f}")
        notes.append("; ".join(said))
    return attrs.evolve(fits, notes=tuple(notes))
