"""The built-in segmentations keep the contract of their kind."""

from importlib.util import find_spec
from typing import ClassVar

import pytest

from faintsky.testing.segmentations import SegmentationConformance

needs_sep = pytest.mark.skipif(find_spec("sep") is None, reason="SEP is not installed (extra detection)")
needs_photutils = pytest.mark.skipif(
    find_spec("photutils") is None or find_spec("skimage") is None,
    reason="photutils or the scikit-image of its watershed is not installed (extra detection)",
)


@needs_sep
class TestSep(SegmentationConformance):
    component = "sep"


@needs_sep
class TestSepUnfiltered(SegmentationConformance):
    component = "sep"
    options: ClassVar = {"filter_fwhm": 0.0, "clean": 0.0, "threshold": 4.0}


@needs_photutils
class TestPhotutils(SegmentationConformance):
    component = "photutils"


@needs_photutils
class TestPhotutilsUnfiltered(SegmentationConformance):
    component = "photutils"
    options: ClassVar = {"filter_fwhm": 0.0, "levels": 64, "threshold": 4.0}
