"""What a referee would ask about the photons of a source and the PSF that they are compared with."""

from __future__ import annotations

import numpy as np

from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.psf import PSF

__all__ = ["cautions", "piled_up"]

#: Photons per frame above which pile-up distorts the PSF, and above which positions should not be trusted.
_MILD, _SEVERE = 0.05, 0.1
#: What each treatment of positions below a pixel does to the image of a point.
_TREATED = {
    "edser": "sub-pixel positions (EDSER)",
    "randomize": "positions randomised within a pixel",
    "none": "positions at the centres of pixels",
}


def piled_up(per_frame: float) -> float:
    """Share of the detected events that are several photons in one frame, 1 - l / (exp(l) - 1) with l photons per frame.

    Of Poisson numbers, P(n >= 2) / P(n >= 1), where all photons fall on the 3 by 3 pixels of one event: the upper limit of a
    source on axis. Detected events stand for l, which is right to first order.
    """
    return float(1 - per_frame / np.expm1(per_frame)) if per_frame > 0 else 0.0


def cautions(data: PhotonSet, psf: PSF) -> tuple[str, ...]:
    """Reasons to distrust a comparison of these photons with this PSF; none where all is well.

    1. Positions that were treated otherwise below a pixel than the PSF was. A PSF says so with an attribute ``subpixel``
       (``edser``, ``randomize``, ``none``); one without it, such as an analytic profile fitted to sub-pixel images, is
       taken to be ``edser``.
    2. Pile-up, from 0.05 photons per frame on (2.5 per cent of the events); from 0.1 on it is called severe.

    A second source on the hook of Chandra's PSF is a matter of the fit, and of the study.
    """
    assumed = str(getattr(psf, "subpixel", "") or "edser").lower()
    found = [_treated(treatment, names, assumed) for treatment, names in _by_treatment(data).items() if treatment != assumed]
    found += [_crowded(box) for box in data.observations if box.per_frame > _MILD]
    return tuple(f"source {data.name}: {text}" for text in found)


def _by_treatment(data: PhotonSet) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for box in data.observations:
        found.setdefault(box.subpixel.lower(), []).append(box.name)
    return found


def _treated(treatment: str, names: list[str], assumed: str) -> str:
    where = f"observation{'s' * (len(names) > 1)} {', '.join(names)}"
    model = f"the PSF is one of {_TREATED.get(assumed, assumed)}"
    if not treatment:
        return f"{where}: how positions were treated below a pixel is not known (PIX_ADJ, RAND_SKY); {model}"
    how = _TREATED.get(treatment, f"positions treated by {treatment!r}")
    effect = {
        "randomize": "which blurs a point by up to half a pixel and can look like, or hide, a close pair",
        "none": "so that photons stand on a grid of pixels",
    }.get(treatment, "so that data and PSF do not have the same width")
    return f"{where}: {how}, {effect}; {model}. Reprocess with pix_adj=EDSER, or name a PSF made alike"


def _crowded(box: PhotonBox) -> str:
    rate = box.per_frame
    severity = "severe" if rate > _SEVERE else "mild"
    advice = "do not trust the shape of its core" if rate > _SEVERE else "the core may be flattened"
    return (
        f"observation {box.name}: {severity} pile-up, {rate:.3g} photons per frame in the box, up to {100 * piled_up(rate):.1f} "
        f"per cent of the events where all fall on one place: {advice}"
    )
