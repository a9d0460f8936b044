"""What tests of all folders share."""

from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run, and none too slow for a busy machine. New ones: pytest --hypothesis-profile=default
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data that stands beside the repository."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real data (../shared/data) is absent")
    return folder
