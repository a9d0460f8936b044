"""The suite that every component of the kind `power_spectra` passes, for the one in my_estimator.py:

pytest examples/test_my_estimator.py
"""

from pathlib import Path

from faintsky.testing.power_spectra import PowerSpectrumConformance


class TestScriptFft(PowerSpectrumConformance):
    component = f"{Path(__file__).with_name('my_estimator.py')}:ScriptFft"
