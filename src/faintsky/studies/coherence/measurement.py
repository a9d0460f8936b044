"""How spectra are measured: which pairs, what beams and backgrounds, which null tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from faintsky.core.component import option

__all__ = ["BeamChoice", "MeasureChoice", "NullChoice"]


@frozen(kw_only=True)
class BeamChoice:
    """What is done about the beams of maps that have one."""

    correct: str = option(
        "window",
        choices=("window", "deconvolve", "none"),
        help="put beams into the window of a spectrum (sound), divide bandpowers by them, or leave them in",
    )
    threshold: float = option(0.05, gt=0, lt=1, help="deconvolve: bins where the beam leaves less power are left out")


@frozen(kw_only=True)
class NullChoice:
    """Spectra that must vanish, beside those with (A - B)/2 of maps with splits."""

    rotated: bool = option(True, help="the first map of each cross-spectrum, turned by 180 degrees")
    shuffled: bool = option(True, help="a map painted from a catalogue, with its sources at random places")
    maps: tuple[str, ...] = option((), help="maps that hold no common sky, such as an off-band map: their cross-spectra")


@frozen(kw_only=True)
class MeasureChoice:
    """Which spectra are measured, and what is taken from them."""

    with_maps: tuple[str, ...] = option(
        (), help="cross-spectra of the other maps with these only, such as ['xray']; default: all"
    )
    backgrounds: Mapping[str, str] = option(
        factory=dict, help="map = the map of its background (stowed data): matched spectra are subtracted, errors added"
    )
    productions: Mapping[str, Path] = option(
        factory=dict, help="map = a table z, dF_dz: where the flux of a map that is not painted from a catalogue comes from"
    )
    jackknife: int = option(0, ge=0, help="regions of a leave-one-out check of the fitted spectra; 0 = none")

    def pairs(self, names: list[str]) -> list[tuple[str, str]]:
        """The pairs of maps whose cross-spectrum is measured, in the order of the maps."""
        every = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
        wanted = {*self.with_maps, *(self.backgrounds[m] for m in self.with_maps if m in self.backgrounds)}
        return [(a, b) for a, b in every if not wanted or (a in wanted) is not (b in wanted)]
