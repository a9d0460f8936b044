"""The built-in detection keeps the contract of its kind."""

from typing import ClassVar

from faintsky.testing.detections import DetectionConformance


class TestBlind(DetectionConformance):
    component = "blind"


class TestBlindOnePass(DetectionConformance):
    component = "blind"
    options: ClassVar = {"passes": 1, "eef": 0.8, "threshold": 1e-5, "systematic_error": "0.1 arcsec"}
