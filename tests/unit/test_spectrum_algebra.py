"""The algebra of spectra: photons add, factors multiply, and nothing else."""

import numpy as np
import pytest
from attrs import frozen

from faintsky.core.errors import DataError
from faintsky.core.spectrum import Spectrum

EDGES = np.array([0.5, 1.0, 2.0, 8.0])


@frozen
class Flat(Spectrum):
    """Photons per keV."""

    level: float = 1.0

    @property
    def additive(self):
        return True

    def photon_flux(self, edges_kev):
        return self.level * np.diff(edges_kev)


@frozen
class Half(Spectrum):
    """A factor."""

    @property
    def additive(self):
        return False

    def photon_flux(self, edges_kev):
        return np.full(len(edges_kev) - 1, 0.5)


def test_a_factor_times_a_sum():
    made = Half() * (Flat() + Flat(2.0))
    assert made.additive
    np.testing.assert_allclose(made.photon_flux(EDGES), 1.5 * np.diff(EDGES))
    np.testing.assert_allclose((Flat() * Half()).photon_flux(EDGES), 0.5 * np.diff(EDGES))


def test_two_factors_are_a_factor():
    assert not (Half() * Half()).additive
    np.testing.assert_allclose((Half() * Half()).photon_flux(EDGES), 0.25)


def test_parameters_in_columns_broadcast():
    levels = np.array([[1.0], [2.0]])
    assert (Half() * Flat(levels)).photon_flux(EDGES).shape == (2, 3)


def test_photons_are_not_multiplied_and_factors_not_added():
    with pytest.raises(DataError, match="flat and flat_2 both give photons"):
        Flat() * Flat()
    with pytest.raises(DataError, match="half is a factor and cannot be added"):
        Flat() + Half()
