"""Spectral models against closed forms, and pexrav against XSPEC."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expi

from faintsky.core.parameter import with_values
from faintsky.core.registry import make
from faintsky.models.conversions.unabsorbed import unabsorbed
from faintsky.models.spectra.cabs import THOMSON, klein_nishina

EDGES = np.array([0.1, 0.15, 0.5, 2.0, 2.001, 10.0, 500.0])


@pytest.mark.parametrize("index", [0.0, 1.0, 1.0000001, 1.4, 2.0, 3.0])
def test_a_power_law_is_integrated_exactly(index):
    # int E^-G = expm1((1 - G) ln(b/a)) a^(1 - G) / (1 - G), ln(b/a) for G = 1.
    a, width = EDGES[:-1], np.log(EDGES[1:] / EDGES[:-1])
    slope = 1 - index
    exact = width if slope == 0 else a**slope * np.expm1(slope * width) / slope
    np.testing.assert_allclose(make("spectra", "powerlaw", photon_index=index).photon_flux(EDGES), exact, rtol=1e-12)


@pytest.mark.parametrize("index", [1.0, 2.0])
def test_a_power_law_is_continuous_where_its_closed_forms_are_not(index):
    here = make("spectra", "powerlaw", photon_index=index).photon_flux(EDGES)
    near = make("spectra", "powerlaw", photon_index=index + 1e-11).photon_flux(EDGES)
    np.testing.assert_allclose(near, here, rtol=1e-9)


def test_a_cutoff_power_law_is_integrated_exactly():
    # G = 1: int E^-1 exp(-E/c) = Ei(-b/c) - Ei(-a/c); G = 0: c (exp(-a/c) - exp(-b/c)).
    c = 7.0
    one = make("spectra", "cutoffpl", photon_index=1.0, cutoff=c).photon_flux(EDGES)
    np.testing.assert_allclose(one, np.diff(expi(-EDGES / c)), rtol=1e-10)
    zero = make("spectra", "cutoffpl", photon_index=0.0, cutoff=c).photon_flux(EDGES)
    np.testing.assert_allclose(zero, -c * np.diff(np.exp(-EDGES / c)), rtol=1e-10)


def test_redshifted_models_follow_the_rule_of_xspec():
    # N(E) dE = N_source(E (1 + z)) dE, with XSPEC's norm at 1 keV of the source.
    z, grid = 1.5, np.geomspace(0.3, 8.0, 50)
    plain = make("spectra", "powerlaw", photon_index=1.9)
    shifted = make("spectra", "zpowerlaw", photon_index=1.9, redshift=z, norm_frame="source")
    np.testing.assert_allclose(shifted.photon_flux(grid), plain.photon_flux(grid * (1 + z)) / (1 + z), rtol=1e-12)
    cut = make("spectra", "cutoffpl", photon_index=1.9, cutoff=50.0)
    shifted = make("spectra", "zcutoffpl", photon_index=1.9, cutoff=50.0, redshift=z, norm_frame="source")
    np.testing.assert_allclose(shifted.photon_flux(grid), cut.photon_flux(grid * (1 + z)) / (1 + z), rtol=1e-12)
    line = make("spectra", "zgauss", line=6.4, sigma=0.1, redshift=z, norm=3.0)
    assert line.photon_flux(np.array([0.1, 6.4 / 2.5, 20.0])) == pytest.approx([1.5, 1.5], rel=1e-12)


def test_norms_in_the_frame_of_the_observer_are_the_photons_at_1_kev():
    tiny = np.array([1 - 5e-7, 1 + 5e-7])
    for name, more in (("zpowerlaw", {}), ("zcutoffpl", {"cutoff": 30.0}), ("pexrav", {"cutoff": 30.0, "rel_refl": 0.0})):
        found = make("spectra", name, photon_index=1.7, redshift=4.0, norm=2.0, **more).photon_flux(tiny)
        assert found[0] / 1e-6 == pytest.approx(2.0, rel=1e-6), name


def test_klein_nishina_has_its_limits():
    assert klein_nishina(np.array([1e-6]))[0] == pytest.approx(1.0, abs=1e-8)
    # Both branches meet; and the asymptote 3/8 (ln 2x + 1/2) / x (Rybicki & Lightman 1979, eq. 7.6b).
    below, above = klein_nishina(np.array([510.99895 * 0.00999999, 510.99895 * 0.01000001]))
    assert below == pytest.approx(above, rel=3e-7)
    x = 1e5
    assert klein_nishina(np.array([510.99895 * x]))[0] == pytest.approx(0.375 * (np.log(2 * x) + 0.5) / x, rel=1e-3)


def test_compton_scattering_takes_out_what_thomson_says():
    # XSPEC's cabs has one electron per hydrogen atom: at 1e24 cm^-2 and low energies exp(-0.665).
    grid = np.array([0.5, 0.51])
    thin = make("spectra", "cabs", nh=100.0, electrons_per_hydrogen=1.0, klein_nishina=False).photon_flux(grid)
    assert thin[0] == pytest.approx(np.exp(-1e24 * THOMSON), rel=1e-12)
    assert make("spectra", "cabs", nh=100.0).photon_flux(grid)[0] == pytest.approx(np.exp(-1.21e24 * THOMSON), rel=3e-3)


def test_absorption_is_the_exponential_of_its_cross_section():
    for name in ("wabs", "phabs", "tbabs"):
        model = make("spectra", name, nh=0.7)
        energy = np.array([0.45, 1.0, 3.0, 9.0])
        for e in energy:
            tiny = np.array([e * (1 - 1e-6), e * (1 + 1e-6)])
            assert model.photon_flux(tiny)[0] == pytest.approx(
                np.exp(-0.7e22 * float(model.cross_section.at(np.array([e]))[0])), rel=1e-5
            )
        shifted = make("spectra", f"z{name}", nh=0.7, redshift=2.0)
        grid = np.geomspace(0.3, 10.0, 200)
        np.testing.assert_allclose(shifted.photon_flux(grid), model.photon_flux(grid * 3.0), rtol=1e-10)


# Reflected over incident photons, R = 1, solar (Anders & Grevesse, Verner): XSPEC 12.9.1 run with precision 1e-5, 3000
# logarithmic bins of 0.1-1000 keV (reference note on spectra, section 4); printed with four decimals.
ENERGIES = (2.0, 5.0, 6.5, 7.5, 9.0, 15.0, 20.0, 30.0, 50.0, 80.0)
XSPEC = {
    (1.9, 0.0, 0.45): (0.0053, 0.0548, 0.1031, 0.0737, 0.1085, 0.3217, 0.5068, 0.6667, 0.6613, 0.5709),
    (1.9, 300.0, 0.45): (0.0053, 0.0548, 0.1031, 0.0737, 0.1085, 0.3199, 0.4958, 0.6322, 0.5952, 0.4718),
    (1.4, 200.0, 0.60): (0.0059, 0.0608, 0.1154, 0.0821, 0.1215, 0.3853, 0.6471, 0.8647, 0.8073, 0.6156),
    (1.7, 100.0, 0.90): (0.0065, 0.0684, 0.1313, 0.0928, 0.1384, 0.4418, 0.7370, 0.9319, 0.7831, 0.5077),
    (2.4, 0.0, 0.30): (0.0045, 0.0460, 0.0857, 0.0617, 0.0901, 0.2440, 0.3566, 0.4406, 0.4240, 0.3600),
}
# The same with more digits, 1000 logarithmic bins of 0.1-100 keV, photon index 1.9, cos i = 0.45.
DIGITS = {
    (1.58489, 1.59588): 3.1830e-3,
    (6.30957, 6.35331): 9.7001e-2,
    (10.8893, 10.9648): 0.165092,
    (11.6681, 11.7490): 0.194968,
    (16.4816, 16.5959): 0.383709,
    (25.1189, 25.2930): 0.620394,
    (49.7737, 50.1187): 0.661550,
    (92.6830, 93.3254): 0.538770,
}


def reflected(index, cutoff, mu, edges):
    given = {"photon_index": index, "cutoff": cutoff, "cos_inclination": mu}
    edges = np.array(edges)
    alone = make("spectra", "pexrav", rel_refl=-1.0, **given).photon_flux(edges)
    return (alone / make("spectra", "pexrav", rel_refl=0.0, **given).photon_flux(edges))[0]


@pytest.mark.parametrize("case", XSPEC)
def test_pexrav_reflects_what_xspec_reflects(case):
    for energy, expected in zip(ENERGIES, XSPEC[case], strict=True):
        step = 0.5 * np.log(1e4) / 3000
        found = reflected(*case, (energy * np.exp(-step), energy * np.exp(step)))
        assert found == pytest.approx(expected, rel=1e-3, abs=5e-5), energy


@pytest.mark.parametrize("edges", DIGITS)
def test_pexrav_in_the_bins_of_xspec(edges):
    assert reflected(1.9, 0.0, 0.45, edges) == pytest.approx(DIGITS[edges], rel=1e-3)


def test_pexrav_without_reflection_is_its_power_law_and_linear_in_the_rest():
    grid = np.geomspace(0.1, 1000.0, 300)
    given = {"photon_index": 1.9, "cutoff": 300.0, "redshift": 0.7}
    bare = make("spectra", "pexrav", rel_refl=0.0, **given).photon_flux(grid)
    np.testing.assert_allclose(bare, make("spectra", "zcutoffpl", **given).photon_flux(grid), rtol=1e-12)
    one, two = (make("spectra", "pexrav", rel_refl=r, **given).photon_flux(grid) for r in (1.0, 2.5))
    np.testing.assert_allclose(two - bare, 2.5 * (one - bare), rtol=1e-9, atol=1e-12 * bare.max())
    np.testing.assert_allclose(two, bare + 2.5 * (one - bare), rtol=1e-12)
    alone = make("spectra", "pexrav", rel_refl=-2.5, **given).photon_flux(grid)
    np.testing.assert_allclose(alone, two - bare, rtol=1e-8, atol=1e-13 * bare.max())


@pytest.mark.parametrize("mu", [0.05, 0.45, 0.95])
def test_pexrav_is_finite_to_1_mev_and_beyond(mu):
    grid = np.geomspace(0.05, 2000.0, 800)
    for cutoff in (0.0, 60.0):
        found = make("spectra", "pexrav", cos_inclination=mu, cutoff=cutoff).photon_flux(grid)
        assert np.all(np.isfinite(found))
        assert np.all(found > 0)


def test_pexrav_of_many_parameters_is_the_loop_over_them():
    grid = np.geomspace(0.3, 10.0, 120)
    rng = np.random.default_rng(3)
    rows = {
        "photon_index": rng.uniform(1.4, 2.4, (7, 1)),
        "cutoff": np.where(rng.random((7, 1)) < 0.5, 0.0, 200.0),
        "rel_refl": rng.uniform(-1, 2, (7, 1)),
        "redshift": rng.uniform(0, 6, (7, 1)),
        "cos_inclination": rng.choice([0.3, 0.45], (7, 1)),
        "iron": rng.choice([1.0, 2.0], (7, 1)),
    }
    model = make("spectra", "pexrav")
    together = with_values(model, rows).photon_flux(grid)
    alone = [with_values(model, {k: float(v[i, 0]) for k, v in rows.items()}).photon_flux(grid) for i in range(7)]
    np.testing.assert_allclose(together, alone, rtol=1e-10)


def test_reflection_adds_what_the_note_measured_to_the_hard_band():
    # 5.3 per cent of the 2-10 keV energy of a photon index of 1.9: power law over total 0.9495.
    def energy(model):
        grid = np.geomspace(2.0, 10.0, 801)
        return (model.photon_flux(grid) * np.sqrt(grid[1:] * grid[:-1])).sum()

    share = energy(make("spectra", "powerlaw", photon_index=1.9)) / energy(make("spectra", "pexrav", photon_index=1.9))
    assert share == pytest.approx(0.9495, abs=3e-4)


def test_angles_outside_the_fits_are_clipped_with_a_warning():
    from faintsky.core.errors import FaintskyWarning

    with pytest.warns(FaintskyWarning, match="cos_inclination = 0.99 is taken as 0.95"):
        steep = make("spectra", "pexrav", cos_inclination=0.99)
    grid = np.geomspace(1.0, 50.0, 40)
    np.testing.assert_array_equal(steep.photon_flux(grid), make("spectra", "pexrav", cos_inclination=0.95).photon_flux(grid))


def test_a_model_without_absorption_keeps_the_rest():
    model = make("spectra", "formula", formula="wabs * zwabs * zpowerlaw", fixed={"wabs.nh": 0.5, "zpowerlaw.photon_index": 1.9})
    grid = np.geomspace(0.5, 7.0, 60)
    np.testing.assert_allclose(
        unabsorbed(model).photon_flux(grid), make("spectra", "powerlaw", photon_index=1.9).photon_flux(grid), rtol=1e-12
    )


def test_the_mean_factor_of_a_bin_with_an_edge_is_exact():
    # The iron edge of Morrison & McCammon at 7.111 keV, in one bin: the mean of the transmission by quadrature on either side.
    model = make("spectra", "wabs", nh=50.0)

    def passed(e):
        return float(np.exp(-5e23 * model.cross_section.at(np.array([e]))[0]))

    low, high = 7.0, 7.2
    exact = (quad(passed, low, 7.111 - 1e-9)[0] + quad(passed, 7.111 + 1e-9, high)[0]) / (high - low)
    assert model.photon_flux(np.array([low, high]))[0] == pytest.approx(exact, rel=1e-3)


def test_absorbers_take_columns_and_redshifts_in_any_shape():
    # (n, 1) of each, (n, 1, 1) against (m, 1), and the other way round: every row is the single evaluation.
    model, grid = make("spectra", "zwabs"), np.geomspace(0.3, 10.0, 90)
    rng = np.random.default_rng(1)
    z, nh = rng.uniform(0, 5, 4), rng.uniform(0.1, 50, 4)
    alone = np.array([[make("spectra", "zwabs", redshift=a, nh=b).photon_flux(grid) for b in nh] for a in z])
    together = with_values(model, {"redshift": z[:, None, None], "nh": nh[:, None]}).photon_flux(grid)
    np.testing.assert_allclose(together, alone, rtol=1e-12)
    turned = with_values(model, {"redshift": z[:, None], "nh": nh[:, None, None]}).photon_flux(grid)
    np.testing.assert_allclose(turned, np.swapaxes(alone, 0, 1), rtol=1e-12)
    rows = with_values(model, {"redshift": z[:, None], "nh": nh[:, None]}).photon_flux(grid)
    np.testing.assert_allclose(rows, alone[range(4), range(4)], rtol=1e-12)
    single = with_values(model, {"redshift": z[:, None], "nh": np.float32(nh[0])}).photon_flux(grid)
    np.testing.assert_allclose(single, alone[:, 0], rtol=0, atol=1e-7)
