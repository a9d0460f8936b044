"""Catalogues: columns by our names, units, missing values; counts spectra and image sets."""

import numpy as np
import pytest
from astropy.table import Column, MaskedColumn, Table

from faintsky.core.bandpass import Bandpass
from faintsky.core.catalogue import Catalogue
from faintsky.core.counts_spectrum import CountsSpectrum
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.redshift import Redshifts


def table():
    return Table(
        {
            "RA": Column([1.0, 2.0, 3.0, 4.0], unit="deg"),
            "F_05_2": Column(np.array([1.0, -99.0, 3.0, np.nan], dtype=">f4"), unit="1e-16 erg / (cm2 s)"),
            "mag": MaskedColumn([20, -9999, 22, 23], mask=[False, False, True, False]),
            "name": ["a", "b", "c", "d"],
        }
    )


def test_columns_by_our_names_in_our_units_with_nan_for_what_is_missing():
    found = Catalogue.from_table(
        table(), {"ra": "ra", "flux": "f_05_2", "mag": "MAG", "name": "name"}, units={"flux": "W / m2", "ra": "rad"}
    )
    np.testing.assert_allclose(found["ra"], np.deg2rad([1, 2, 3, 4]))
    # 1e-16 erg / cm2 / s is 1e-19 W / m2; -99 and NaN are no fluxes.
    np.testing.assert_allclose(found["flux"], [1e-19, np.nan, 3e-19, np.nan], rtol=1e-6)
    np.testing.assert_array_equal(found["mag"], [20, np.nan, np.nan, 23])
    assert found["flux"].dtype.isnative
    assert list(found["name"]) == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="read-only"):
        found["ra"][0] = 0


def test_rows_are_chosen_with_their_redshifts():
    z = Redshifts.from_spec([1.0, 2.0, 3.0, 4.0], np.linspace(0, 5, 51))
    found = Catalogue(columns={"x": [1, 2, 3, 4]}, redshifts=z)
    chosen = found.select(np.array([False, True, False, True]))
    assert len(chosen) == 2
    np.testing.assert_array_equal(chosen.redshifts.probability(1.5, 2.5), [1, 0])
    assert chosen.digest != found.digest


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Catalogue.from_table(table(), {"ra": "RAJ"}, name="c.fits"), r"c\.fits has no column 'RAJ' .*Did you mean 'RA'"),
        (lambda: Catalogue.from_table(table(), {"ra": "RA"}, units={"ra": "erg"}), "deg"),
        (lambda: Catalogue(columns={"a": [1], "b": [1, 2]}), "different lengths"),
        (lambda: Catalogue(columns={"a": [1]})["b"], "no column 'b'"),
        (lambda: Catalogue(columns={"a": [1]}, redshifts=Redshifts.from_spec([1, 2], [0, 3])), "1 sources but 2 redshift"),
    ],
)
def test_a_catalogue_refuses(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_the_background_ratio_counts_all_three_scalings():
    background = CountsSpectrum(counts=[4, 5, 6], exposure=2000.0, backscal=8.0, areascal=[1.0, 2.0, 4.0])
    source = CountsSpectrum(counts=[1, 2, 3], exposure=1000.0, backscal=2.0, background=background, quality=np.array([0, 5, 0]))
    np.testing.assert_allclose(source.background_ratio, [0.125, 0.0625, 0.03125])
    np.testing.assert_array_equal(source.good, [True, False, True])
    assert source.digest != background.digest


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: CountsSpectrum(counts=[1, -1], exposure=1.0), "not negative"),
        (lambda: CountsSpectrum(counts=[1, 1], exposure=0.0), "must be positive"),
        (lambda: CountsSpectrum(counts=[1, 1], exposure=1.0).background_ratio, "has no background"),
        (
            lambda: CountsSpectrum(counts=[1], exposure=1.0, background=CountsSpectrum(counts=[1, 2], exposure=1.0)),
            "the background has 2 channels, the source 1",
        ),
    ],
)
def test_a_counts_spectrum_refuses(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_an_image_set_is_in_the_order_of_wavelength():
    grid = Grid((3, 4), "0.03 arcsec")
    image = np.zeros(grid.shape)
    bands = {name: Bandpass.box(name, low, high) for name, low, high in (("F444W", 3.9, 5.0), ("F115W", 1.0, 1.3))}
    made = ImageSet(bands={name: BandImage(values=image, sigma=image + 1, bandpass=b) for name, b in bands.items()}, grid=grid)
    assert list(made.bands) == ["F115W", "F444W"]
    # The pivot wavelength of a box from a to b is sqrt((b^2 - a^2) / 2 / ln(b / a)).
    assert made["F115W"].wavelength == pytest.approx(np.sqrt((1.3**2 - 1.0**2) / 2 / np.log(1.3)), rel=1e-12)
    with pytest.raises(DataError, match="Did you mean 'F444W'"):
        made["F444"]
    band = bands["F115W"]
    with pytest.raises(DataError, match="not positive"):
        BandImage(values=image, sigma=image, bandpass=band)
    with pytest.raises(DataError, match="not finite"):
        BandImage(values=image + np.nan, sigma=image + 1, bandpass=band)
    BandImage(values=image + np.nan, sigma=image + np.inf, bandpass=band)  # masked
    with pytest.raises(DataError, match="with 1 in its middle"):
        BandImage(values=image, sigma=image + 1, bandpass=band, correlation=np.ones((3, 3)) / 2)
    with pytest.raises(DataError, match=r"'x' has the shape \(2, 2\)"):
        ImageSet(bands={"x": BandImage(values=np.zeros((2, 2)), sigma=np.ones((2, 2)), bandpass=band)}, grid=grid)
