"""The conformance suite of the kind ``bolometric_corrections``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.bolometric_correction import BolometricCorrection
from faintsky.core.errors import DataError
from faintsky.testing.subject import ComponentConformance

__all__ = ["BolometricConformance"]


class BolometricConformance(ComponentConformance):
    """L_band rises with L_bol, its slope is its derivative, the inverse inverts, scatter is not negative, shapes are kept.

    Attributes
    ----------
    log_bol : (float, float)
        The range of log10 L_bol [erg/s] that is tried.

    Examples
    --------
    >>> class TestMine(BolometricConformance):
    ...     component = "shen20"
    """

    kind: ClassVar[str] = "bolometric_corrections"
    log_bol: ClassVar[tuple[float, float]] = (40.0, 50.0)

    def grid(self) -> NDArray[np.float64]:
        """Luminosities over the range."""
        return np.linspace(*self.log_bol, 401)

    def test_it_has_a_band_and_a_verdict(self) -> None:
        made = self.made()
        assert isinstance(made, BolometricCorrection)
        assert isinstance(made.band, Band)
        assert made.is_verified in (True, False)

    def test_a_band_holds_less_than_everything(self) -> None:
        assert np.all(self.made().log_k(self.grid()) > 0)

    def test_the_slope_is_the_derivative_and_positive(self) -> None:
        made, log_bol, step = self.made(), self.grid(), 1e-4
        numerical = (made.log_band(log_bol + step) - made.log_band(log_bol - step)) / (2 * step)
        # Rounding of log L near 45 over the step is 7e-11, the third derivative less.
        np.testing.assert_allclose(made.slope(log_bol), numerical, atol=1e-7)
        assert np.all(made.slope(log_bol) > 0)

    def test_the_inverse_inverts_to_rounding(self) -> None:
        made, log_bol = self.made(), self.grid()
        np.testing.assert_allclose(made.log_bolometric(made.log_band(log_bol)), log_bol, rtol=0, atol=1e-12)

    def test_what_has_no_counterpart_is_refused(self) -> None:
        with pytest.raises(DataError, match="no bolometric counterpart"):
            self.made().log_bolometric(60.0)

    def test_scatter_is_a_standard_deviation(self) -> None:
        scatter = self.made().scatter(self.grid())
        assert np.all((scatter >= 0) & (scatter < 1))

    @pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
    def test_shapes_are_kept(self, shape: tuple[int, ...]) -> None:
        made, log_bol = self.made(), np.full(shape, 45.0)
        for found in (made.log_k(log_bol), made.slope(log_bol), made.scatter(log_bol), made.log_band(log_bol)):
            assert np.shape(found) == shape
        assert np.shape(made.log_bolometric(made.log_band(log_bol))) == shape
