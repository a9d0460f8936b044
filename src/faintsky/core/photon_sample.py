"""Samples of X-ray sources with their photons (kind ``photon_samples``), and the cuts that select them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

from attrs import frozen

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.digest import json_digest
from faintsky.core.errors import DataError
from faintsky.core.photon_set import PhotonSet
from faintsky.core.source_cuts import SourceCuts

__all__ = ["PhotonSample", "PhotonSampleSource"]


@frozen(kw_only=True, eq=False)
class PhotonSample:
    """Selected sources with their photons, and what became of all candidates.

    Attributes
    ----------
    sources : tuple of PhotonSet
        In the order of the catalogue; their names are all different.
    selection : Catalogue
        A row for every candidate: ``name``, ``ra``, ``dec`` [deg], ``redshift``, ``counts`` (of the catalogue), ``observations``,
        ``exposure`` [ks], ``off_axis`` [arcmin], ``kept`` (1 or 0), ``reason`` (why not; empty where kept).
    truth : Catalogue, optional
        Of a simulated sample, a row for each of `sources`: ``number`` of point sources, ``separation`` [arcsec], ``ratio`` of
        counts on the sky, ``position_angle`` from north through east [rad].
    """

    sources: tuple[PhotonSet, ...]
    selection: Catalogue
    truth: Catalogue | None = None

    def __attrs_post_init__(self) -> None:
        names = [source.name for source in self.sources]
        double = next((name for name in names if names.count(name) > 1), None)
        if double is not None:
            raise DataError(f"two sources are called {double!r}: give each a name of its own")

    @property
    def digest(self) -> str:
        """Identity of everything a result can depend on."""
        truth = None if self.truth is None else self.truth.digest
        return json_digest([[source.digest for source in self.sources], self.selection.digest, truth])


@runtime_checkable
class PhotonSampleSource(Protocol):
    """A component of kind ``photon_samples``: reads or simulates sources with their photons."""

    @abstractmethod
    def load(self, cuts: SourceCuts, ctx: Context) -> PhotonSample:
        """The sources that survive the cuts, and the table of all candidates.

        Raises
        ------
        DataError
            Where files are not what they are said to be, or no source is left; the message counts what each cut took.
        """
