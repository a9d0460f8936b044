"""The built-in studies pass the suite of their kind."""

from pathlib import Path

import pytest

from faintsky.core.run import Run
from faintsky.testing.executors import STUDY
from faintsky.testing.studies import StudyConformance

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

RESPONSE = """
use = "effective-area"
epoch = "test"
energy = ["0.4 keV", "1.5 keV", "8 keV"]
area = ["50 cm2", "400 cm2", "100 cm2"]
"""


class LongStudy(StudyConformance):
    """A study of a quarter of a minute: two more runs of it are slow."""

    @pytest.mark.slow
    def test_the_same_seed_is_the_same_answer_and_another_is_not(self, done: Run, tmp_path: Path) -> None:
        super().test_the_same_seed_is_the_same_answer_and_another_is_not(done, tmp_path)


class TestCoherence(StudyConformance):
    text = STUDY


class TestSpectrum(StudyConformance):
    text = f"""
study = "spectrum"
models = ["powerlaw", "zpowerlaw"]
samplers = {{ use = "nestle", nlive = 50 }}
likelihoods = "cash"
[spectra.source]
use = "simulated"
exposure = "20 ks"
[spectra.source.model]
use = "powerlaw"
norm = 1e-4
[spectra.source.response]{RESPONSE}step = "0.05 keV"
[fluxes]
draws = 200
[prediction]
draws = 100
"""


class TestCrossSed(StudyConformance):
    text = f"""
study = "cross-sed"
bands = ["0.5-1 keV", "1-2 keV", "2-4 keV"]
hardness_ratios = ["linear", "monte-carlo"]
samplers = {{ use = "nestle", nlive = 50 }}
[responses]{RESPONSE}
[sed.ir36]
path = "{EXAMPLES / "li19_table2.ecsv"}"
where = {{ field = "STACK", infrared = "3.6" }}
[models.hard]
vary = {{ photon_index = [0.0, 2.0, 4.0] }}
model = "powerlaw"
sed = true
"""


class TestXlf(LongStudy):
    text = """
study = "xlf"
bolometric_corrections = "shen20"
binned_luminosity_functions = ["nobs-nmdl", "vmax"]
[samples.field]
use = "simulated"
area = "0.3 deg2"
z = [0.1, 3.0]
cosmology = { use = "flat", h0 = 70.0, omega_m0 = 0.3 }
population = { use = "ldde1", published = "ueda03" }
[bins]
z = [0.5, 1.5, 2.5]
log_l = [43.0, 44.0, 45.0]
[density]
z = 1.0
log_l = [43.0, 45.0]
[fiducial]
use = "ldde1"
published = "ueda03"
"""


class TestDualAgn(LongStudy):
    text = """
study = "dual-agn"
psfs = [{ use = "king", core = "0.5 arcsec", slope = 2.0, label = "narrow" }, { use = "gaussian", sigma = "0.6 arcsec" }]
[photons]
use = "simulated"
psf = { use = "king", core = "0.5 arcsec", slope = 2.0 }
exposures = ["10 ks"]
counts = 20
[samplers]
use = "factorised"
draws = 200
min_ess = 40
target_error = 0.3
samples = 60
[campaign]
simulations = 2
batch = 1
[population]
draws = 200
"""


class TestPairs(LongStudy):
    text = """
study = "pairs"
seed = 1
cosmologies = { use = "flat", h0 = 70.0, omega_m0 = 0.3 }
sed_libraries = "analytic"
pair_statistics = ["posterior", "effective-count"]
decompositions = { use = "sersic-psf", starts = false, max_evaluations = 20, order = 0 }
dissection = { second_points = "never", most = 1 }
trust = { realisations = 1, shares = [0.5] }
[cutouts]
use = "simulated"
number = 2
size = "7 arcsec"
cosmology = { use = "flat", h0 = 70.0, omega_m0 = 0.3 }
pairs = { fraction = 1.0 }
agn = { z = [0.9, 1.5], log_mass = [10.0, 10.4] }
field = { counts = { density = 150 } }
[cutouts.bands.F115W]
fwhm = "0.06 arcsec"
depth = 27.5
electrons = 28000
[cutouts.bands.F277W]
fwhm = "0.11 arcsec"
depth = 28.2
electrons = 46000
[photo_z]
use = "templates"
library = "analytic"
step = 0.02
"""
