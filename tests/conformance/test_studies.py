"""The built-in studies pass the suite of their kind."""

from faintsky.testing.executors import STUDY
from faintsky.testing.studies import StudyConformance


class TestCoherence(StudyConformance):
    text = STUDY
