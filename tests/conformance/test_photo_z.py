"""The built-in redshift distributions keep the contract of their kind."""

from typing import Any

import numpy as np
import pytest

from faintsky.core.registry import make
from faintsky.testing.photo_z import PhotoZConformance, broken_spectra


def templates(**more: Any) -> dict[str, Any]:
    """Options of a small fit."""
    library = make("sed_libraries", "analytic", ages=(0.5, 2.0, 9.0), taus=(0.3, 3.0))
    return {"library": library, "step": 0.08, "ebv": (0.0, 0.4), "igm": "none", **more}


class TestTemplates(PhotoZConformance):
    component = "templates"
    options = templates(igm="inoue14")


class TestBestTemplate(PhotoZConformance):
    component = "templates"
    options = templates(likelihood="best", roles=("stars", "agn"))


class TestTemplatesWithMagnitudes(PhotoZConformance):
    component = "templates"
    options = templates(prior="benitez00", prior_band="b", floor=0.02)
    scale_free = False


class TestGiven(PhotoZConformance):
    component = "given"
    measures = False

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path_factory: Any) -> None:
        folder = tmp_path_factory.mktemp("given")
        names = broken_spectra().names
        z = np.linspace(0, 8, 401)
        pdf = np.exp(-0.5 * ((z - np.linspace(1, 6, len(names))[:, None]) / 0.2) ** 2)
        np.save(folder / "pdf.npy", pdf / pdf.sum(axis=1, keepdims=True))
        (folder / "names.txt").write_text("\n".join(names))
        type(self).options = {
            "path": folder / "pdf.npy",
            "names": folder / "names.txt",
            "z": (0.0, 8.0, 401),
            "values": "probability",
        }
