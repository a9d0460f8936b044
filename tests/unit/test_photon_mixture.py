"""What `photon-mixture` makes of photons: parameters, priors, refusals and warnings."""

import subprocess
import sys
import tracemalloc
import warnings
from contextlib import contextmanager

import attrs
import numpy as np
import pytest

import faintsky.estimators.photons.mixture_loops as mixture_loops
from faintsky.core.band import Band
from faintsky.core.box import Box
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning, LikelihoodError
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import PointSources
from faintsky.core.prior import LogUniform, Normal, Uniform
from faintsky.core.psf import PSF
from faintsky.core.registry import make
from faintsky.core.structure import structure, unstructure
from faintsky.estimators.photons.observation_mixture import mixture_weights
from faintsky.estimators.photons.photon_mixture import PhotonMixture
from faintsky.testing.photon_sets import photon_box, photon_set

PSF_ = make("psfs", "king", core="0.5 arcsec", slope=2.0)


def bound(data, number=1, psf=PSF_, **options):
    return make("likelihoods", "photon-mixture", **options).bind(data, PointSources(number=number, psf=psf), Context())


def one_observation(**changes):
    return PhotonSet(name="s", observations=(attrs.evolve(photon_box(PSF_), **changes),))


def at(x, y, number=40, **options):
    """A compact source there, in the default box of 20 arcsec, without its photons outside."""
    return PhotonSet(name="s", observations=(photon_box(PSF_, [(x, y, number)], **options),))


class TestParameters:
    @pytest.mark.parametrize(
        ("number", "names"),
        [
            (1, "x_1 y_1 log_f_bkg"),
            (2, "x_1 y_1 x_2 y_2 log_f_bkg log_f_2"),
            (3, "x_1 y_1 x_2 y_2 x_3 y_3 log_f_bkg log_f_2 log_f_3"),
        ],
    )
    def test_their_order(self, number, names):
        data = photon_set(PSF_, [(0, 0, 30)], shifts=[(0, 0), (0.1, 0)])
        spectral = " ".join(f"mean_energy_{j} shape_{j}" for j in range(1, number + 1))
        assert " ".join(bound(data, number).names) == f"{names} dx_o1 dy_o1"
        assert " ".join(bound(data, number, energies="gamma").names) == f"{names} {spectral} dx_o1 dy_o1"

    def test_each_says_where_its_prior_comes_from(self):
        likelihood = bound(photon_set(PSF_, shifts=[(0, 0), (0.1, 0)]), 2, energies="gamma")
        assert all(p.source != "given" for p in likelihood.parameters)
        assert likelihood.parameters[4].source == "20 background counts are expected among the 200 photons of source source"

    def test_positions_are_flat_over_the_box(self):
        data = PhotonSet(name="s", observations=(photon_box(PSF_, box=Box(x_low=-4, x_high=6, y_low=-5, y_high=3)),))
        x, y = bound(data).parameters[:2]
        assert (x.prior, y.prior, x.unit) == (Uniform(low=-4, high=6), Uniform(low=-5, high=3), "arcsec")

    def test_the_background_prior_stands_at_the_measured_ratio(self):
        # 10 of 100 photons are background, measured without error: log10(10 / 90).
        prior = bound(one_observation()).parameters[2].prior
        assert (prior.mean, prior.sigma, prior.low, prior.high) == (pytest.approx(np.log10(10 / 90)), 0.5, -3.0, 0.0)

    @pytest.mark.parametrize(("counts", "kept"), [(0.0, -3.0), (1e4, 0.0)])
    def test_a_background_beyond_the_range_is_clipped_and_said(self, counts, kept):
        with pytest.warns(FaintskyWarning, match=f"outside the prior's range -3 to 0.*put to {kept:g}"):
            likelihood = bound(one_observation(background_counts=counts))
        assert likelihood.parameters[2].prior.mean == kept
        assert "clipped" in likelihood.parameters[2].source

    def test_a_given_mean_replaces_the_measured_one(self):
        prior = bound(one_observation(background_area=0.0), background_mean=-0.7).parameters[2].prior
        assert prior.mean == -0.7

    def test_shifts_and_fractions_take_their_priors_from_the_options(self):
        data = photon_set(PSF_, shifts=[(0, 0), (0.1, 0)])
        likelihood = bound(data, 2, shift=Normal(mean=0.0, sigma=0.4), log_f=Uniform(low=-2, high=0))
        priors = dict(zip(likelihood.names, (p.prior for p in likelihood.parameters), strict=True))
        assert priors["dx_o1"] == priors["dy_o1"] == Normal(mean=0.0, sigma=0.4)
        assert priors["log_f_2"] == Uniform(low=-2, high=0)

    def test_it_survives_a_study_file(self):
        made = PhotonMixture(shift=Uniform(low=-1, high=1), shape=LogUniform(low=1, high=9), band=Band(2, 7))
        table = {key: value for key, value in unstructure(made).items() if key != "use"}
        assert structure(table, PhotonMixture) == made


class TestRefusals:
    def test_no_photons(self):
        empty = dict.fromkeys(("x", "y", "energy"), ())
        with pytest.raises(DataError, match="no photons in the box x -10 to 10"):
            bound(one_observation(**empty))

    @pytest.mark.parametrize("number", [1, 7])
    def test_photons_at_one_place(self, number):
        columns = {"x": [1.5] * number, "y": [2.0] * number, "energy": [1.0] * number}
        with pytest.raises(DataError, match=rf"its {number} photons stand at one place \(1.5, 2 arcsec\)"):
            bound(one_observation(**columns))

    def test_an_unknown_background_tells_both_ways_out(self):
        data = photon_set(PSF_, shifts=[(0, 0), (0.1, 0)])
        blind = attrs.evolve(data.observations[1], background_area=0.0)
        with pytest.raises(DataError, match=r"observation\(s\) o1 .*Give the counts and the area.*or set background_mean"):
            bound(attrs.evolve(data, observations=(data.observations[0], blind)))

    def test_a_mean_of_the_background_outside_its_range(self):
        with pytest.raises(DataError, match="background_mean = 1 lies outside the range -3 to 0"):
            bound(one_observation(), background_mean=1.0)

    def test_a_reversed_range_of_the_background(self):
        with pytest.raises(DataError, match=r"background_low must lie below background_high, got 0.5 and 0"):
            PhotonMixture(background_low=0.5)

    def test_shifts_that_leave_out_none(self):
        with pytest.raises(DataError, match=r"reaches from 0.5 to 3 arcsec and leaves out 0"):
            bound(one_observation(), shift=Uniform(low=0.5, high=3.0))

    def test_a_source_cut_by_the_edge(self):
        with pytest.raises(DataError, match=r"brightest place .* from the edge of the box .*; enlarge the box, or shift it"):
            bound(at(9.9, 0.0))

    def test_photons_outside_the_band_of_the_spectral_term(self):
        with pytest.raises(DataError, match=r"photons lie outside the band 2-7 keV .*set the option band"):
            bound(one_observation(), energies="gamma", band="2-7 keV")

    def test_a_shape_that_may_vanish(self):
        with pytest.raises(DataError, match="the prior of shape starts at 0: the shape of a gamma density is above 0"):
            bound(one_observation(), energies="gamma", shape=Uniform(low=0.0, high=5.0))

    def test_photons_where_the_background_has_no_exposure(self):
        with pytest.raises(DataError, match="photons lie where the background's shape is 0"):
            bound(one_observation(background_shape=[[1.0, 0.0], [1.0, 1.0]]))

    def test_a_background_that_is_negative(self):
        with pytest.raises(DataError, match="negative or no numbers"):
            bound(one_observation(background_shape=[[1.0, -0.1], [1.0, 1.0]]))


class TestWarnings:
    def test_a_source_near_the_edge(self):
        with pytest.warns(FaintskyWarning, match="from the edge of the box"):
            bound(at(9.2, 0.0))

    @pytest.mark.parametrize("place", [(0.0, 0.0), (8.0, -8.0)])
    def test_no_word_of_a_source_inside(self, place):
        with warnings.catch_warnings():
            warnings.simplefilter("error", FaintskyWarning)
            bound(at(*place))

    @pytest.mark.parametrize("seed", range(5))
    def test_no_word_of_background_at_the_edge(self, seed):
        # The faintest source of the sample among a bright flat background: chance groups at the edge are no source.
        with warnings.catch_warnings():
            warnings.simplefilter("error", FaintskyWarning)
            bound(at(0.0, 0.0, 40, background=300, seed=seed), background_high=2.0)

    def test_an_observation_without_photons_says_nothing(self):
        data = photon_set(PSF_, shifts=[(0, 0), (0.1, 0)])
        empty = attrs.evolve(data.observations[1], x=(), y=(), energy=())
        alone = PhotonSet(name="s", observations=data.observations[:1])
        with pytest.warns(FaintskyWarning, match=r"observation\(s\) o1 have no photons"):
            likelihood = bound(attrs.evolve(data, observations=(data.observations[0], empty)), background_mean=-1.0)
        theta = likelihood.prior_transform(np.random.default_rng(1).random((20, likelihood.ndim)))
        np.testing.assert_allclose(likelihood.log_likelihood(theta), bound(alone).log_likelihood(theta[:, :3]), rtol=1e-12)


class TestWeights:
    def test_they_are_the_shares_of_counts(self):
        # 20 background photons, 60 of source 1, 15 of source 2, 5 of source 3.
        found = mixture_weights(np.log10([20 / 80]), np.log10([[15 / 60, 5 / 60]]))
        np.testing.assert_allclose(found, [[0.2, 0.6, 0.15, 0.05]], rtol=1e-14)

    def test_one_source_has_all_that_is_no_background(self):
        np.testing.assert_allclose(mixture_weights([-1.0], np.empty((1, 0))), [[1 / 11, 10 / 11]], rtol=1e-14)

    def test_extreme_fractions_neither_overflow_nor_vanish_into_nan(self):
        found = mixture_weights([400.0, -400.0, 0.0], [[0.0], [400.0], [-400.0]])
        np.testing.assert_allclose(found, [[1, 0, 0], [0, 0, 1], [0.5, 0.5, 0]], atol=1e-300)


class Bumpy(PSF):
    """Two Gaussians apart: no ellipse, so that it is tabulated as an image."""

    sigma = 3e-6

    def density(self, dx, dy):
        bumps = [np.exp(-0.5 * ((dx - s) ** 2 + np.square(dy)) / self.sigma**2) for s in (-4e-6, 4e-6)]
        return np.asarray(0.5 * sum(bumps) / (2 * np.pi * self.sigma**2))

    def encircled(self, radius):
        return make("psfs", "gaussian", sigma=1.5 * self.sigma).encircled(radius)

    def transfer(self, q):
        return np.exp(-0.5 * (np.asarray(q) * self.sigma) ** 2)


BUMPY = attrs.frozen(Bumpy)()


@contextmanager
def without_numba():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mixture_loops, "find_spec", lambda name: None)
        mixture_loops.compiled.cache_clear()
        assert mixture_loops.compiled() is None
        yield
    mixture_loops.compiled.cache_clear()


class TestKernels:
    """Compiled loops and numpy are two ways to one number."""

    @pytest.mark.parametrize("psf", [PSF_, make("psfs", "two-king"), BUMPY], ids=["one table", "energies", "image"])
    @pytest.mark.parametrize("options", [{}, {"truncate": "none"}, {"energies": "gamma"}], ids=str)
    def test_without_numba_the_numbers_are_the_same(self, psf, options):
        pytest.importorskip("numba")
        data = photon_set(PSF_, [(0, 0, 25), (2, 1, 12)], shifts=[(0, 0), (0.5, 0.2)], background=6)
        likelihood = bound(data, 2, psf, **options)
        theta = likelihood.prior_transform(np.random.default_rng(1).random((60, likelihood.ndim)))
        theta[0, :2] = [40.0, -35.0]  # a source far beyond the table of the PSF
        with without_numba():
            plain = likelihood.log_likelihood(theta)
        assert mixture_loops.compiled() is not None
        np.testing.assert_allclose(likelihood.log_likelihood(theta), plain, rtol=1e-12)

    def test_numba_is_imported_by_the_first_call_only(self):
        code = "import sys, faintsky.estimators.photons.photon_mixture; assert 'numba' not in sys.modules"
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_a_numba_that_cannot_be_imported_is_said(self, monkeypatch):
        pytest.importorskip("numba")
        monkeypatch.setitem(sys.modules, "numba", None)  # import numba then raises ImportError, though it is there
        monkeypatch.setattr(mixture_loops, "find_spec", lambda name: "there")
        mixture_loops.compiled.cache_clear()
        with pytest.warns(FaintskyWarning, match="numba is installed but of no use here"):
            assert mixture_loops.compiled() is None
        mixture_loops.compiled.cache_clear()

    @pytest.mark.parametrize("options", [{}, {"energies": "gamma"}], ids=str)
    def test_memory_stays_bounded(self, options):
        # 20,000 rows of 100 photons and 2 sources: one array of densities would take 32 MB, and a dozen are needed.
        likelihood = bound(photon_set(PSF_), 2, **options)
        theta = likelihood.prior_transform(np.random.default_rng(1).random((20_000, likelihood.ndim)))
        with without_numba():
            likelihood.log_likelihood(theta[:10])
            tracemalloc.start()
            likelihood.log_likelihood(theta)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 200e6

    def test_many_positions_for_each_set_of_weights(self):
        one = bound(photon_set(PSF_), 2).observations[0]
        rng = np.random.default_rng(2)
        positions, weights = rng.uniform(-8, 8, (5, 7, 2, 2)), rng.dirichlet([1, 1, 1], 5)
        found = one.log_likelihood(positions, weights)
        for g, j in np.ndindex(5, 7):
            alone = one.log_likelihood(positions[g : g + 1, j : j + 1], weights[g : g + 1])
            np.testing.assert_allclose(found[g, j], alone[0, 0], rtol=1e-12)

    def test_products_of_densities_do_not_underflow(self):
        # A background of 1e-200 of the counts, and a source far from all photons: each density is about 1e-203.
        likelihood = bound(one_observation(), psf=make("psfs", "gaussian", sigma="0.01 arcsec"), truncate="none")
        found = likelihood.log_likelihood(np.array([[-9.99, 9.99, -200.0]]))
        np.testing.assert_allclose(found, 100 * (-200 * np.log(10) - np.log(400)), rtol=1e-12)

    def test_no_light_at_all_is_impossible_and_no_nan(self):
        likelihood = bound(one_observation(), psf=make("psfs", "gaussian", sigma="0.01 arcsec"), truncate="none")
        assert likelihood.log_likelihood(np.array([[-9.99, 9.99, -400.0]]))[0] == -np.inf

    def test_a_parameter_that_is_no_number_is_an_error_and_an_infinite_one_impossible(self):
        likelihood = bound(one_observation())
        found = likelihood.log_likelihood(np.array([[0, 0, -1], [0, np.inf, -1], [0, 0, -1.0]]))
        assert np.isfinite(found[[0, 2]]).all()
        assert found[1] == -np.inf
        with pytest.raises(LikelihoodError, match="returned NaN at x_1 = nan"):
            likelihood.checked([[np.nan, 0, -1]])


class TestIdentity:
    def test_the_data_are_those_of_all_hypotheses(self):
        data = photon_set(PSF_)
        assert bound(data, 1).data_fingerprint == bound(data, 2).data_fingerprint == data.digest

    @pytest.mark.parametrize("change", ["number", "option", "prior", "psf", "photon"])
    def test_whatever_a_number_depends_on_changes_the_fingerprint(self, change):
        data = photon_set(PSF_)
        box = data.observations[0]
        moved = attrs.evolve(data, observations=(attrs.evolve(box, x=box.x + 1e-9 * (box.x == box.x.min())),))
        other = {
            "number": lambda: bound(data, 3),
            "option": lambda: bound(data, 2, truncate="none"),
            "prior": lambda: bound(data, 2, log_f=Uniform(low=-3, high=3)),
            "psf": lambda: bound(data, 2, make("psfs", "king", core="0.5 arcsec", slope=2.1)),
            "photon": lambda: bound(moved, 2),
        }[change]()
        assert other.fingerprint() != bound(data, 2).fingerprint() == bound(data, 2).fingerprint()
