"""The analytic problems, which samplers are judged by, and the built-in likelihoods keep the contract."""

from typing import ClassVar

import numpy as np
import pytest

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.point_sources import PointSources
from faintsky.core.registry import make
from faintsky.testing.likelihoods import LikelihoodConformance
from faintsky.testing.photon_sets import photon_set
from faintsky.testing.problems import BoxedGaussian, ConjugateGaussian, CorrelatedGaussian, EggBox, Shells


class TestGaussian(LikelihoodConformance):
    def bound(self):
        return CorrelatedGaussian(dimensions=5)

    def bound_to_other_data(self):
        return CorrelatedGaussian(dimensions=5, centre=1e-9)


class TestBoxed(LikelihoodConformance):
    def bound(self):
        return BoxedGaussian()

    def bound_to_other_data(self):
        return BoxedGaussian(reach=1.5)


class TestConjugate(LikelihoodConformance):
    def bound(self):
        return ConjugateGaussian()

    def bound_to_other_data(self):
        return ConjugateGaussian(measured=1.1)


class TestShells(LikelihoodConformance):
    def bound(self):
        return Shells(dimensions=3)

    def bound_to_other_data(self):
        return Shells(dimensions=4)


class TestEggBox(LikelihoodConformance):
    def bound(self):
        return EggBox()

    def bound_to_other_data(self):
        return Shells()


class BandpowerCase(LikelihoodConformance):
    """Bandpowers of a white map under a model of three parameters."""

    name = ""

    def of_seed(self, seed):
        grid = Grid((64, 64), "2 arcsec")
        m = Map.from_array(np.random.default_rng(seed).standard_normal(grid.shape), grid=grid, unit="nW / (m2 sr)")
        bins = Bins(np.geomspace(2 * grid.fundamental, grid.nyquist, 6))
        spectrum = make("power_spectra", "fft").estimate(m, m, bins, Context())
        return make("likelihoods", self.name).bind(spectrum, make("power_models", "shot-plus-power-law"), Context())

    def bound(self):
        return self.of_seed(1)

    def bound_to_other_data(self):
        return self.of_seed(2)

    def test_another_prior_is_another_fingerprint(self):
        from faintsky.core.prior import Uniform

        grid = Grid((64, 64), "2 arcsec")
        m = Map.from_array(np.random.default_rng(1).standard_normal(grid.shape), grid=grid, unit="nW / (m2 sr)")
        bins = Bins(np.geomspace(2 * grid.fundamental, grid.nyquist, 6))
        spectrum = make("power_spectra", "fft").estimate(m, m, bins, Context())
        found = []
        for high in (3.0, 4.0):
            model = make("power_models", "shot-plus-power-law", priors={"slope": Uniform(low=0.2, high=high)})
            found.append(make("likelihoods", self.name).bind(spectrum, model, Context()))
        assert found[0].fingerprint() != found[1].fingerprint()


class TestBandpowers(BandpowerCase):
    name = "gaussian-model-sigma"


class TestGaussianObservedSigma(BandpowerCase):
    name = "gaussian-observed-sigma"


class TestWhittle(BandpowerCase):
    name = "whittle"


class PhotonCase(LikelihoodConformance):
    """Photons of one source in two observations."""

    number = 2
    options: ClassVar = {}

    def of_seed(self, seed):
        psf = make("psfs", "two-king")
        data = photon_set(psf, [(0, 0, 30), (1, 1, 9)], shifts=[(0, 0), (0.3, 0.1)], background=6, seed=seed)
        rule = make("likelihoods", "photon-mixture", **self.options)
        return rule.bind(data, PointSources(number=self.number, psf=psf), Context())

    def bound(self):
        return self.of_seed(1)

    def bound_to_other_data(self):
        return self.of_seed(2)


class TestPhotonMixture(PhotonCase):
    pass


class TestPhotonMixtureOfOne(PhotonCase):
    number = 1


class TestPhotonMixtureWithEnergies(PhotonCase):
    options: ClassVar = {"energies": "gamma", "truncate": "none"}


@pytest.mark.parametrize("name", ["gaussian-model-sigma", "gaussian-observed-sigma", "whittle"])
def test_the_units_of_its_powers_are_those_of_the_spectrum(name):
    case = BandpowerCase()
    case.name = name
    shot, amplitude, slope = case.of_seed(1).parameters
    assert shot.unit == amplitude.unit == case.of_seed(1).unit != ""
    assert slope.unit == ""
