"""The conformance suite of the kind ``matchers``."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.context import Context
from faintsky.core.matcher import Matcher, Matches, SkyPositions
from faintsky.testing.subject import ComponentConformance

__all__ = ["MatcherConformance", "two_catalogues"]

Array = NDArray[np.float64]

#: Angle of a grid of sources, and offset of their counterparts [arcsec].
_STEP, _OFFSET = 60.0, 0.6
_SIDE = 7


def _placed(x: ArrayLike, y: ArrayLike, centre: tuple[float, float]) -> tuple[Array, Array]:
    """Positions [deg] of tangential offsets [arcsec] to the east and north of a centre [deg]."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    there = SkyCoord(*centre, unit="deg").spherical_offsets_by(np.asarray(x) * u.arcsec, np.asarray(y) * u.arcsec)
    return np.asarray(there.ra.deg), np.asarray(there.dec.deg)


def two_catalogues(centre: tuple[float, float] = (150.1, 2.2)) -> tuple[SkyPositions, SkyPositions]:
    """49 sources a minute of arc apart around `centre` [deg]; row i of the 98 others is the counterpart of source i.

    The counterparts lie 0.6 arcsec away in different directions, the other half of the others 28 arcsec from every source.
    """
    line = _STEP * (np.arange(_SIDE) - _SIDE // 2)
    x, y = (axis.ravel() for axis in np.meshgrid(line, line))
    turn = 2 * np.pi * np.arange(x.size) / 10
    ra, dec = _placed(x, y, centre)
    east = np.concatenate([x + _OFFSET * np.sin(turn), x + 20])
    north = np.concatenate([y + _OFFSET * np.cos(turn), y + 20])
    other_ra, other_dec = _placed(east, north, centre)
    area = (_SIDE * _STEP / 3600) ** 2
    sources = SkyPositions(ra=ra, dec=dec, error=np.full(x.size, 0.5), area=area, name="sources")
    others = SkyPositions(ra=other_ra, dec=other_dec, error=np.full(2 * x.size, 0.1), area=area, name="others")
    return sources, others


def _reordered(positions: SkyPositions, order: NDArray[np.int64]) -> SkyPositions:
    return attrs.evolve(positions, ra=positions.ra[order], dec=positions.dec[order], error=positions.error[order])


class MatcherConformance(ComponentConformance):
    """Right for sources that are plain, honest where there is nothing, the same on every part of the sky and in every order.

    Attributes
    ----------
    tolerance : float
        How far equal probabilities may lie apart.

    Examples
    --------
    >>> class TestMine(MatcherConformance):
    ...     component = "bayes"
    """

    kind = "matchers"
    tolerance: float = 1e-6

    def found(self, sources: SkyPositions, others: SkyPositions) -> Matches:
        """What the component says of two catalogues."""
        made = self.made()
        assert isinstance(made, Matcher)
        result = made.match(sources, others, Context(seed=5))
        assert isinstance(result, Matches)
        return result

    def assert_same(self, one: Matches, other: Matches) -> None:
        """Whether two results agree row by row, but for the rows' names."""
        np.testing.assert_array_equal(one.candidates, other.candidates)
        for name in ("p_any", "p_i", "separation", "log_bayes"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=self.tolerance, rtol=1e-4, err_msg=name)

    def test_well_separated_sources_get_their_counterparts(self) -> None:
        found = self.found(*two_catalogues())
        np.testing.assert_array_equal(found.counterpart, np.arange(_SIDE**2))
        assert np.all(found.p_any > 0.9)
        # The counterpart is the only candidate.
        np.testing.assert_allclose(found.p_i, 1, atol=1e-6)
        np.testing.assert_allclose(found.separation, _OFFSET, rtol=1e-4)
        assert found.matcher != ""

    def test_probabilities_are_probabilities_and_rows_are_rows(self) -> None:
        rng = np.random.default_rng(8)
        n, m, side = 60, 3000, 0.05
        sources = SkyPositions(
            ra=150 + side * rng.random(n), dec=side * rng.random(n), error=rng.uniform(0.3, 2, n), area=side**2, name="sources"
        )
        others = SkyPositions(
            ra=150 + side * rng.random(m), dec=side * rng.random(m), error=np.full(m, 0.2), area=side**2, name="others"
        )
        found = self.found(sources, others)
        for name in ("counterpart", "p_any", "p_i", "log_bayes", "separation", "candidates"):
            assert getattr(found, name).shape == (n,), name
        for p in (found.p_any, found.p_i):
            assert np.all((p >= 0) & (p <= 1))
        assert np.all((found.counterpart >= -1) & (found.counterpart < m))
        np.testing.assert_array_equal(found.candidates > 0, found.counterpart >= 0)

    def test_a_source_without_candidates_has_no_counterpart(self) -> None:
        sources, others = two_catalogues()
        lost = attrs.evolve(sources, dec=np.where(np.arange(len(sources)) == 3, sources.dec - 1, sources.dec))
        found = self.found(lost, others)
        assert found.counterpart[3] == -1
        assert found.p_any[3] == 0
        assert found.candidates[3] == 0
        assert np.isnan(found.separation[3])
        assert np.isnan(found.log_bayes[3])
        assert np.all(np.delete(found.counterpart, 3) >= 0)

    def test_p_any_falls_with_the_separation(self) -> None:
        sources, others = two_catalogues()
        along = np.linspace(0.05, 3.0, len(sources))
        moved = attrs.evolve(
            others, ra=sources.ra.repeat(2), dec=(sources.dec[:, None] + np.stack([along, along + 25], 1) / 3600).ravel()
        )
        found = self.found(sources, moved)
        assert np.all(np.diff(found.p_any) < 0)
        assert np.all(np.diff(found.log_bayes) < 0)

    def test_p_any_falls_with_the_density_of_the_others(self) -> None:
        sources, others = two_catalogues()
        p = [self.found(sources, attrs.evolve(others, area=others.area / dense)).p_any for dense in (1, 10, 100)]
        assert np.all(p[0] > p[1])
        assert np.all(p[1] > p[2])

    def test_of_two_candidates_the_nearer_is_the_better(self) -> None:
        sources, others = two_catalogues()
        n = len(sources)
        second = np.where(np.arange(2 * n) < n, others.dec, np.tile(sources.dec, 2) + 1.2 / 3600)
        found = self.found(sources, attrs.evolve(others, ra=np.tile(others.ra[:n], 2), dec=second))
        np.testing.assert_array_equal(found.counterpart, np.arange(n))
        np.testing.assert_array_equal(found.candidates, 2)
        assert np.all((found.p_i > 0.5) & (found.p_i < 1))

    def test_the_order_of_the_catalogues_does_not_matter(self) -> None:
        sources, others = two_catalogues()
        rng = np.random.default_rng(2)
        first, second = rng.permutation(len(sources)), rng.permutation(len(others))
        one, other = self.found(sources, others), self.found(_reordered(sources, first), _reordered(others, second))
        np.testing.assert_array_equal(second[other.counterpart], one.counterpart[first])
        np.testing.assert_allclose(other.p_any, one.p_any[first], atol=1e-12)
        np.testing.assert_allclose(other.p_i, one.p_i[first], atol=1e-12)

    def test_the_sky_is_the_same_everywhere(self) -> None:
        here = self.found(*two_catalogues())
        # Across 0 h, at a declination where a degree of right ascension is half a degree, and around the pole.
        for centre in ((0.0, 1.0), (210.0, 60.0), (30.0, -30.0), (80.0, 89.97)):
            self.assert_same(self.found(*two_catalogues(centre)), here)

    def test_sources_that_are_not_shifted_are_matched_as_before(self) -> None:
        sources, others = two_catalogues()
        again = self.made().matched_shifted(sources, others, sources, Context(seed=5))
        self.assert_same(again, self.found(sources, others))

    def test_shifted_sources_find_nothing(self) -> None:
        sources, others = two_catalogues()
        shifted = attrs.evolve(sources, dec=sources.dec + 0.5 * _STEP / 3600, ra=sources.ra + 0.01 / 3600)
        found = self.made().matched_shifted(sources, others, shifted, Context(seed=5))
        assert len(found) == len(sources)
        assert np.all(found.p_any < 0.1)
