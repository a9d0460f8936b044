"""Source counts, flux production and shot noise from one object agree; a luminosity function gives Euclidean counts nearby."""

import numpy as np
import pytest
from astropy.table import Table
from scipy.integrate import trapezoid

from faintsky.core.errors import DataError
from faintsky.core.flux_production import FluxProduction
from faintsky.core.luminosity_function import LuminosityFunction, Provenance
from faintsky.core.units import DEG2_PER_SR
from faintsky.core.validity import Validity
from faintsky.models.clustering.counts_model import CountsModel
from faintsky.plugins.cosmologies.colossus import Colossus

LOG_FLUX = np.linspace(-18, -14, 401)


class PowerLaw(LuminosityFunction):
    """dPhi/dlogL = 1e-5 (L / 1e43)^-1.2 Mpc^-3 dex^-1 at every redshift."""

    band = cosmology = None
    provenance = Provenance()
    validity = Validity()

    def log_density(self, log_l, z):
        return np.log(1e-5) - 1.2 * np.log(10) * (np.asarray(log_l) - 43) + 0 * np.asarray(z)


def from_counts():
    redshifts = FluxProduction.of(lambda z: z**2 * np.exp(-z), 0.01, 6)
    return CountsModel.from_counts(LOG_FLUX, 1e3 * 10 ** (-0.8 * (LOG_FLUX + 16)), redshifts, unit="erg / (s cm2 sr)")


def from_lf(z=(0.05, 3.0)):
    return CountsModel.from_luminosity_function(
        PowerLaw(), Colossus(name="planck18"), z=z, log_flux=LOG_FLUX, photon_index=1.9, points=401
    )


@pytest.mark.parametrize("model", [from_counts(), from_lf()], ids=["counts", "luminosity function"])
def test_flux_production_integrates_to_the_flux_of_the_counts(model):
    # Theory notes, section 5: int dF/dz dz = int S dN, to 1e-4.
    flux = trapezoid(model.counts() * DEG2_PER_SR * 10**LOG_FLUX, LOG_FLUX)

    assert model.flux_production().total == pytest.approx(flux, rel=1e-4)
    assert model.shot_noise() > 0


def test_shot_noise_of_power_law_counts():
    # int S^2 dN with dN/dlogS = N0 (S/S0)^-0.8: N0 S0^2 (10^(1.2 x))' / (1.2 ln 10) between the ends.
    n0 = 1e3 * DEG2_PER_SR
    ends = np.array([-18.0, -14.0]) + 16
    expected = n0 * 1e-32 * np.diff(10 ** (1.2 * ends))[0] / (1.2 * np.log(10))
    assert from_counts().shot_noise() == pytest.approx(expected, rel=1e-4)


def test_a_luminosity_function_without_evolution_counts_as_in_a_static_universe_nearby():
    # At z << 1, S = L / 4 pi d^2: each shell of the power law has counts of its own slope -1.2, whatever its distance.
    counts = from_lf((0.001, 0.011)).counts()
    slope = np.diff(np.log10(counts)) / np.diff(LOG_FLUX)
    np.testing.assert_allclose(slope, -1.2, atol=1e-9)
    # Its level: Phi int (4 pi d^2)^-1.2 d^2 dd with L = S 4 pi d^2, to the order z.
    d = np.linspace(0.001, 0.011, 20_001) * 299792.458 / 67.66
    luminosity = 10 ** LOG_FLUX[200] * 4 * np.pi * (d * 3.085677581e24) ** 2
    values = 1e-5 * (luminosity / 1e43) ** -1.2 * d**2
    level = np.sum(0.5 * (values[1:] + values[:-1]) * np.diff(d)) / DEG2_PER_SR
    assert counts[200] == pytest.approx(level, rel=0.03)


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match="does not fit 401 fluxes x 3 redshifts"):
        CountsModel(log_flux=LOG_FLUX, z=[0.0, 1.0, 2.0], density=np.ones((2, 3)))
    with pytest.raises(DataError, match="negative or NaN"):
        CountsModel(log_flux=[0.0, 1.0], z=[0.0, 1.0, 2.0], density=-np.ones((2, 3)))


def test_a_table_of_flux_production_is_read(tmp_path):
    Table({"z": [0.0, 1.0, 2.0], "dF_dz": [0.0, 2.0, 0.0]}).write(tmp_path / "p.ecsv")
    found = FluxProduction.read(tmp_path / "p.ecsv", "nW / (m2 sr)")
    assert found.total == pytest.approx(2.0, rel=1e-4)
    assert found.unit == "nW / (m2 sr)"
    Table({"z": [0.0, 1.0], "dfdz": [0.0, 2.0]}).write(tmp_path / "wrong.ecsv")
    with pytest.raises(DataError, match=r"wrong\.ecsv has no column 'dF_dz'"):
        FluxProduction.read(tmp_path / "wrong.ecsv")
