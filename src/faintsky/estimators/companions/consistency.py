"""Where three runs of a detection disagree, in sentences for the person who looks at the images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faintsky.estimators.companions.detection_run import DetectionRun

__all__ = ["disagreements"]


def disagreements(
    merged: DetectionRun, runs: Sequence[DetectionRun], angles: Sequence[NDArray[np.float64]], reach: float, radius: float
) -> tuple[str, ...]:
    """What each run lacks of the merged list, and what it has beyond it.

    Parameters
    ----------
    merged : DetectionRun
    runs : sequence of k DetectionRun
    angles : sequence of k + 1 ndarray
        Distance of each peak from the AGN [arcsec], of the merged run and of the others.
    reach : float
        Only peaks within this of the AGN count [arcsec].
    radius : float
        Peaks within this are one source [pixel].

    Returns
    -------
    tuple of str
        Empty where all runs agree.
    """
    said = []
    lost = [(run.name, run.owners(merged.peaks) >= 0, merged.partners(run, radius) < 0) for run in runs]
    for row in np.flatnonzero(angles[0] <= reach):
        joined = [name for name, inside, lacking in lost if lacking[row] and inside[row]]
        missed = [name for name, inside, lacking in lost if lacking[row] and not inside[row]]
        what = [f"not parted from its neighbour by {_named(joined)}"] * bool(joined)
        what += [f"not found by {_named(missed)}"] * bool(missed)
        if what:
            said.append(f"source {row}, {angles[0][row]:.2f} arcsec from the AGN: {', '.join(what)}")
    for run, angle in zip(runs, angles[1:], strict=True):
        more = (run.partners(merged, radius) < 0) & (angle <= reach)
        owners = merged.owners(run.peaks)
        for row in np.unique(owners[more]):
            places = ", ".join(f"{each:.2f}" for each in np.sort(angle[more & (owners == row)]))
            where = f"splits source {row}: it has another peak" if row >= 0 else "alone finds something on sky"
            said.append(f"the {run.name} run {where} at {places} arcsec from the AGN, left out")
    return tuple(said)


def _named(runs: Sequence[str]) -> str:
    return f"the {' and the '.join(runs)} run"
