"""The built-in counts spectra keep the contract of their kind."""

from typing import ClassVar

import numpy as np
import pytest

from faintsky.core.band import Band
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.parameter import with_values
from faintsky.core.registry import make
from faintsky.models.spectra.powerlaw import PowerLaw
from faintsky.testing.counts_spectra import SpectrumSourceConformance
from faintsky.testing.ogip_files import gaussian_rows, write_arf, write_pha, write_rmf

EDGES = np.linspace(0.3, 9.0, 121)
CHANNELS = np.stack([np.linspace(0.1, 9.9, 99)[:-1], np.linspace(0.1, 9.9, 99)[1:]], axis=1)
CURVE = make(
    "responses", "effective-area", energy=(0.3, 9.0), area=(400.0, 400.0), fwhm="0.15 keV", step="0.1 keV", epoch="any"
)  # fmt: skip
MODEL = PowerLaw(photon_index=1.7, norm=2e-4)


class TestPha(SpectrumSourceConformance):
    component = "pha"

    @pytest.fixture(autouse=True)
    def _files(self, tmp_path_factory):
        folder = tmp_path_factory.mktemp("pha")
        rng = np.random.default_rng(4)
        write_arf(folder / "a.arf", EDGES, 300 + 100 * np.sin(EDGES[1:]))
        write_rmf(folder / "a.rmf", EDGES, CHANNELS, gaussian_rows(EDGES, CHANNELS))
        write_pha(folder / "b.pi", rng.poisson(20, 98), BACKSCAL=1e-5, AREASCAL=2.0)
        path = write_pha(
            folder / "a.pi", rng.poisson(9, 98), BACKSCAL=1e-6, BACKFILE="b.pi", ANCRFILE="a.arf", RESPFILE="a.rmf",
            columns={"QUALITY": np.arange(98) % 10 == 0},
        )  # fmt: skip
        type(self).options = {"path": path}

    def test_the_ratio_and_the_quality_are_those_of_the_files(self, spectrum):
        np.testing.assert_allclose(spectrum.ratio, 0.05, rtol=1e-12)
        assert not spectrum.noticed[::10].any()


class TestSimulated(SpectrumSourceConformance):
    component = "simulated"
    options: ClassVar = {"model": MODEL, "response": CURVE, "exposure": "100 ks", "background_rate": 2e-3}

    def test_another_seed_is_another_spectrum(self, spectrum):
        assert self.made().load(Context(seed=4)).digest != spectrum.digest


class TestSimulatedWithoutBackground(SpectrumSourceConformance):
    component = "simulated"
    options: ClassVar = {"model": MODEL, "response": CURVE, "exposure": "100 ks"}


def drawn(seeds, **options):
    made = make("counts_spectra", "simulated", model=MODEL, response=CURVE, exposure="20 ks", **options)
    return [made.load(Context(seed=seed)) for seed in range(seeds)]


def test_the_mean_over_seeds_is_the_folded_model_and_the_background():
    number, rate, ratio = 400, 3e-3, 0.2
    found = drawn(number, background_rate=rate, background_ratio=ratio)
    width = np.diff(found[0].energy, axis=1)[:, 0]
    flat = 2e4 * rate * width
    source = found[0].expected(MODEL) + flat
    for values, mean in (([f.source for f in found], source), ([f.background for f in found], flat / ratio)):
        pull = (np.mean(values, axis=0) - mean) / np.sqrt(mean / number)
        # 65 channels of standard normal pulls: their mean square is 1 within 4 times sqrt(2 / 65).
        assert np.mean(pull**2) == pytest.approx(1, abs=4 * np.sqrt(2 / len(mean)))
        assert np.mean(values) == pytest.approx(mean.mean(), abs=5 * np.sqrt(mean.sum() / number) / len(mean))
        # Poisson, not merely of the right mean.
        assert np.var(values, axis=0).sum() / mean.sum() == pytest.approx(1, abs=5 * np.sqrt(2 / (number * len(mean))) + 0.01)
    np.testing.assert_allclose(found[0].ratio, ratio, rtol=1e-12)


def test_without_background_there_is_none():
    assert all(f.background is None for f in drawn(3))
    assert drawn(1)[0].source.sum() > 100


def test_the_background_leaves_the_draw_of_the_source_region_its_own_stream():
    a, b = (drawn(1, background_rate=3e-3, background_ratio=r)[0] for r in (0.1, 0.3))
    np.testing.assert_array_equal(a.source, b.source)
    assert not np.array_equal(a.background, b.background)


def test_fixed_values_are_those_that_are_drawn():
    fixed = PowerLaw(photon_index=1.7, norm=1.0, fixed={"norm": 2e-4})
    options = {"response": CURVE, "exposure": "20 ks"}
    a = make("counts_spectra", "simulated", model=fixed, **options).load(Context())
    b = make("counts_spectra", "simulated", model=MODEL, **options).load(Context())
    assert a.digest == b.digest
    assert with_values(fixed, {}).norm == 2e-4


@pytest.mark.parametrize(
    ("model", "message"),
    [("constant", "gives no photons"), (PowerLaw(photon_index=1.7, norm=np.inf), "gives inf counts in a channel")],
)
def test_models_that_give_no_photons_are_refused(model, message):
    model = make("spectra", model) if isinstance(model, str) else model
    with pytest.raises(DataError, match=message), np.errstate(invalid="ignore"):
        make("counts_spectra", "simulated", model=model, response=CURVE, exposure="1 ks").load(Context())


def test_the_band_is_the_one_that_is_asked_for():
    (spectrum,) = drawn(1, band="1-2 keV")
    assert spectrum.band == Band(1.0, 2.0)
    assert spectrum.source.size == 10
