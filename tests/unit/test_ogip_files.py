"""OGIP files of every make that is met, good and bad, written by the tests: what is read, and what is refused and why."""

import attrs
import numpy as np
import pytest

from faintsky.core.band import Band
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.redistribution import channel_blocks, folded, redistribution
from faintsky.core.registry import make
from faintsky.core.response import Response
from faintsky.plugins.ogip.arf import Arf, read_arf
from faintsky.plugins.ogip.pha import read_pha
from faintsky.plugins.ogip.rmf import ResponseMismatchError, joined, read_rmf
from faintsky.testing.ogip_files import gaussian_rows, write_arf, write_pha, write_rmf

EDGES = np.linspace(0.5, 8.0, 41)
CHANNELS = np.stack([np.linspace(0.2, 8.6, 61)[:-1], np.linspace(0.2, 8.6, 61)[1:]], axis=1)
#: Float32 in the file, and rows with two groups (a peak and its escape peak), one group and none.
ROWS = gaussian_rows(EDGES, CHANNELS).astype(np.float32).astype(float)
ROWS[5] = 0.0


def dense(response: Response) -> np.ndarray:
    """The matrix times the area, shape (nbin, nchan)."""
    return response.fold(np.eye(len(response.area)))


def test_the_rows_of_these_tests_have_none_one_and_more_groups():
    groups = {int(((row > 0) & ~np.concatenate([[False], row[:-1] > 0])).sum()) for row in ROWS}
    assert groups == {0, 1, 2}


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("ebounds_first", [False, True])
@pytest.mark.parametrize("name", ["MATRIX", "SPECRESP MATRIX", "RSP_MATRIX", "ANYTHING"])
def test_matrices_of_every_make_are_the_same(tmp_path, fixed, first, ebounds_first, name):
    path = write_rmf(
        tmp_path / "a.rmf", EDGES, CHANNELS, ROWS, first=first, tlmin=first, fixed=fixed, ebounds_first=ebounds_first, name=name
    )  # fmt: skip
    found = read_rmf(path)
    np.testing.assert_array_equal(dense(found), ROWS)
    np.testing.assert_allclose(found.channel_edges, CHANNELS, rtol=1e-12)
    np.testing.assert_allclose(found.edges, EDGES, rtol=1e-12)
    assert found.first_channel == first


@pytest.mark.parametrize("first", [0, 1])
def test_without_tlmin_the_channels_begin_as_in_ebounds_and_it_is_said(tmp_path, first):
    path = write_rmf(tmp_path / "a.rmf", EDGES, CHANNELS, ROWS, first=first, tlmin=None)
    with pytest.warns(FaintskyWarning, match=f"no TLMIN4.*EBOUNDS begins with {first}"):
        found = read_rmf(path)
    np.testing.assert_array_equal(dense(found), ROWS)


def test_tlmin_is_believed_where_ebounds_says_another_number_and_it_is_said(tmp_path):
    path = write_rmf(tmp_path / "a.rmf", EDGES, CHANNELS, ROWS, first=1, tlmin=1, numbers=np.arange(60))
    with pytest.warns(FaintskyWarning, match="begin with 1 by TLMIN4, but with 0 in EBOUNDS"):
        found = read_rmf(path)
    np.testing.assert_array_equal(dense(found), ROWS)


def test_numbers_of_channels_that_count_nothing_are_passed_over_where_energies_are_in_order(tmp_path):
    halves = (np.arange(1, 61) << 14).astype(np.int16)  # as mkrmf of CIAO 4.3 writes them
    found = read_rmf(write_rmf(tmp_path / "a.rmf", EDGES, CHANNELS, ROWS, numbers=halves))
    np.testing.assert_array_equal(dense(found), ROWS)
    path = write_rmf(tmp_path / "b.rmf", EDGES, np.roll(CHANNELS, 7, axis=0), ROWS, numbers=halves)
    with pytest.raises(DataError, match=r"b.rmf\[EBOUNDS\]: CHANNEL does not count"):
        read_rmf(path)


def test_rows_of_ebounds_are_found_by_their_numbers(tmp_path):
    order = np.random.default_rng(0).permutation(60)
    found = read_rmf(write_rmf(tmp_path / "a.rmf", EDGES, CHANNELS[order], ROWS, numbers=order + 1))
    np.testing.assert_allclose(found.channel_edges, CHANNELS, rtol=1e-12)
    np.testing.assert_array_equal(dense(found), ROWS)


def test_channels_whose_energies_fall_stay_those_of_the_spectrum(tmp_path):
    """Gratings count channels from long waves: channel 1 has the highest energy, in the RMF and in the spectrum."""
    path = write_rmf(tmp_path / "a.rmf", EDGES, CHANNELS[::-1], ROWS[:, ::-1])
    found = read_rmf(path)
    np.testing.assert_array_equal(dense(found), ROWS[:, ::-1])
    np.testing.assert_allclose(found.channel_edges, CHANNELS[::-1], rtol=1e-12)
    band = Band(1.0, 2.0)
    rising = read_rmf(write_rmf(tmp_path / "b.rmf", EDGES, CHANNELS, ROWS))
    np.testing.assert_array_equal(found.channels_of(band), rising.channels_of(band)[::-1])
    np.testing.assert_allclose(found.collapse((band,)).weights, rising.collapse((band,)).weights, rtol=1e-13)


def test_energies_that_fall_are_turned_with_their_rows(tmp_path):
    low, high = EDGES[:-1][::-1], EDGES[1:][::-1]
    area = np.linspace(10, 400, 40)
    arf = read_arf(write_arf(tmp_path / "a.arf", np.stack([low, high]), area[::-1]))
    rmf = read_rmf(write_rmf(tmp_path / "a.rmf", np.stack([low, high]), CHANNELS, ROWS[::-1]))
    np.testing.assert_allclose(arf.area, area, rtol=1e-12)
    np.testing.assert_allclose(arf.edges, EDGES, rtol=1e-12)
    np.testing.assert_allclose(dense(joined(rmf, arf, "x")), area[:, None] * ROWS, rtol=1e-12)


@pytest.mark.parametrize(("unit", "factor"), [("eV", 1e3), ("keV", 1.0), ("MeV", 1e-3), ("KEV", 1.0), ("", 1.0)])
def test_energies_are_in_the_unit_that_the_file_says(tmp_path, unit, factor):
    arf = read_arf(write_arf(tmp_path / "a.arf", factor * EDGES, np.ones(40), energy_unit=unit))
    rmf = read_rmf(write_rmf(tmp_path / "a.rmf", factor * EDGES, factor * CHANNELS, ROWS, energy_unit=unit))
    np.testing.assert_allclose(arf.edges, EDGES, rtol=1e-12)
    np.testing.assert_allclose(rmf.edges, EDGES, rtol=1e-12)
    np.testing.assert_allclose(rmf.channel_edges, CHANNELS, rtol=1e-12)


@pytest.mark.parametrize(
    ("unit", "factor"), [("cm**2", 1.0), ("cm2", 1.0), ("CM**2", 1.0), ("m2", 1e4), ("mm2", 1e-2), ("", 1.0)]
)
def test_areas_are_in_the_unit_that_the_file_says(tmp_path, unit, factor):
    np.testing.assert_allclose(read_arf(write_arf(tmp_path / "a.arf", EDGES, np.full(40, 3.0), unit=unit)).area, 3 * factor)


def test_a_first_bin_that_begins_at_0_begins_just_above(tmp_path):
    edges = np.append(0.0, EDGES)
    found = read_arf(write_arf(tmp_path / "a.arf", edges, np.ones(41)))
    assert found.edges[0] == 1e-3
    np.testing.assert_allclose(found.edges[1:], EDGES, rtol=1e-12)


GAP = np.stack([EDGES[:-1], EDGES[1:]])
GAP[1, 3] -= 0.05
BROKEN_AREA = np.ones(40)
BROKEN_AREA[7] = np.nan


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"edges": 1e3 * EDGES, "area": np.ones(40)}, "energies from 500 to 8000 keV look like eV"),
        ({"edges": GAP, "area": np.ones(40)}, r"bin 4 ends at 1.2 keV and the next one begins at 1.25"),
        ({"edges": EDGES, "area": np.ones(40), "unit": "s"}, "SPECRESP: the unit 's' cannot be turned into 'cm2'"),
        ({"edges": EDGES, "area": BROKEN_AREA}, "SPECRESP of row 8 is nan"),
        ({"edges": EDGES - 1, "area": np.ones(40)}, "energies are positive"),
    ],
)
def test_areas_that_cannot_be_are_refused_with_the_name_of_the_file(tmp_path, written, message):
    with pytest.raises(DataError, match=rf"a.arf\[SPECRESP\].*{message}"):
        read_arf(write_arf(tmp_path / "a.arf", **written))


def test_a_negative_area_is_refused(tmp_path):
    rmf = read_rmf(write_rmf(tmp_path / "a.rmf", EDGES, CHANNELS, ROWS))
    with pytest.raises(DataError, match="40 values that are not negative"):
        joined(rmf, Arf(edges=EDGES, area=np.full(40, -1.0)), "x")


@pytest.mark.parametrize("column", ["ENERG_LO", "N_GRP", "F_CHAN", "N_CHAN", "MATRIX"])
def test_missing_columns_are_named(tmp_path, column):
    path = write_rmf(tmp_path / "a.rmf", EDGES, CHANNELS, ROWS, drop=column)
    with pytest.raises(DataError, match=rf"a.rmf\[MATRIX\] has no column {column}; it has "):
        read_rmf(path)


@pytest.mark.parametrize(("first", "tlmin", "ends"), [(0, 1, "0-59"), (1, 0, "1-60")])
def test_channels_outside_ebounds_are_refused(tmp_path, first, tlmin, ends):
    full = np.full((40, 60), 1 / 60)
    path = write_rmf(tmp_path / "a.rmf", EDGES, CHANNELS, full, first=first, tlmin=tlmin)
    with (
        pytest.raises(DataError, match=f"names channels {ends}, EBOUNDS has {tlmin}-{tlmin + 59}: TLMIN"),
        pytest.warns(FaintskyWarning),
    ):
        read_rmf(path)


def test_groups_that_ask_for_more_than_a_row_holds_are_refused(tmp_path):
    from astropy.io import fits

    path = write_rmf(tmp_path / "a.rmf", EDGES, CHANNELS, ROWS, fixed=True)
    with fits.open(path, mode="update") as hdus:
        hdus["MATRIX"].data["N_GRP"][3] = 7
    with pytest.raises(DataError, match=r"a.rmf\[MATRIX\]: F_CHAN of row 4 holds 2 values, the groups of the row ask for 7"):
        read_rmf(path)


@pytest.mark.filterwarnings("ignore:File may have been truncated")
def test_files_that_are_something_else_are_refused(tmp_path):
    arf = write_arf(tmp_path / "a.arf", EDGES, np.ones(40))
    with pytest.raises(DataError, match=r"a.arf holds no redistribution matrix .* its tables are SPECRESP"):
        read_rmf(arf)
    with pytest.raises(DataError, match=r"a.arf holds no SPECTRUM"):
        read_pha(arf)
    with pytest.raises(DataError, match="there is no file"):
        read_arf(tmp_path / "none.arf")
    (tmp_path / "text.arf").write_text("not a FITS file")
    with pytest.raises(DataError, match="is not a FITS file"):
        read_arf(tmp_path / "text.arf")
    (tmp_path / "short.arf").write_bytes(arf.read_bytes()[:5800])
    with pytest.raises(DataError, match=r"short.arf"), np.errstate(all="ignore"):
        read_arf(tmp_path / "short.arf")


def test_other_energies_are_refused_or_averaged(tmp_path):
    rmf = read_rmf(write_rmf(tmp_path / "a.rmf", EDGES, CHANNELS, ROWS))
    fine = 0.5 + 0.0075 * np.arange(-10, 751)  # 25 bins in each of the RMF, whose edge 30 is the last
    arf = Arf(edges=fine, area=100 * 0.5 * (fine[1:] + fine[:-1]))
    with pytest.raises(ResponseMismatchError, match=r"\(760 bins, 0.425-6.125 keV\).*\(40 bins, 0.5-8 keV\)"):
        joined(rmf, arf, "x")
    area = joined(rmf, arf, "x", rebin=True).area
    inside = np.arange(40) < 30
    # The mean of a linear area over a bin is its value in the middle.
    np.testing.assert_allclose(area[inside], 50 * (EDGES[1:] + EDGES[:-1])[inside], rtol=1e-10)
    np.testing.assert_array_equal(area[~inside], 0.0)


def test_an_area_is_not_counted_twice_and_not_forgotten(tmp_path):
    full = write_rmf(tmp_path / "full.rmf", EDGES, CHANNELS, 300 * ROWS, name="SPECRESP MATRIX")
    arf = write_arf(tmp_path / "a.arf", EDGES, np.full(40, 300.0))
    rmf = write_rmf(tmp_path / "a.rmf", EDGES, CHANNELS, ROWS)
    alone = make("responses", "ogip", rmf=full, epoch="any").load(Context())
    both = make("responses", "ogip", rmf=rmf, arf=arf, epoch="any").load(Context())
    np.testing.assert_allclose(dense(alone), dense(both), rtol=1e-6)
    with pytest.raises(DataError, match="holds the effective area already: leave out the ARF"):
        make("responses", "ogip", rmf=full, arf=arf, epoch="any").load(Context())
    with pytest.warns(FaintskyWarning, match="no ARF is given.* detector of 1 cm"):
        make("responses", "ogip", rmf=rmf, epoch="any").load(Context())


def test_bands_beyond_the_channels_or_between_them_are_refused(tmp_path):
    rmf = read_rmf(write_rmf(tmp_path / "a.rmf", EDGES, CHANNELS, ROWS))
    with pytest.raises(DataError, match=r"band 0.5-10 keV reaches beyond the channels of a.rmf, 0.2-8.6 keV \(EBOUNDS\)"):
        rmf.channels_of(Band(0.5, 10))
    with pytest.raises(DataError, match=r"band 1-1.01 keV holds no channel of a.rmf; channels are 0.14 keV wide"):
        rmf.channels_of(Band(1.0, 1.01))


def test_sparse_and_dense_blocks_are_the_matrix():
    rng = np.random.default_rng(6)
    # A line 3 channels wide with an escape peak 200 channels below: the blocks between are nearly empty, others full.
    rows = np.zeros((500, 500))
    for i in range(500):
        rows[i, max(i - 1, 0) : i + 2] = rng.uniform(0.1, 1, len(rows[i, max(i - 1, 0) : i + 2]))
        rows[i, max(i - 200, 0)] += 0.1
    rows[:, 100:130] += rng.uniform(0, 1, (500, 30))
    data, channels, starts = redistribution(rows)
    bins = np.repeat(np.arange(500, dtype=np.int32), np.diff(starts))
    chosen = rng.random(500) < 0.7
    for mask in (np.ones(500, dtype=bool), chosen, np.zeros(500, dtype=bool)):
        blocks = channel_blocks(bins, channels, data, mask)
        for photons in (rng.random(500), rng.random((30, 500)), rng.random((0, 500))):
            np.testing.assert_allclose(folded(photons, blocks), photons @ rows[:, mask], rtol=1e-12)
    kinds = {type(b.matrix) is np.ndarray for b in channel_blocks(bins, channels, data, np.ones(500, dtype=bool))}
    assert kinds == {True, False}


def test_elements_of_one_place_add_up():
    response = Response(
        edges=[1.0, 2.0, 3.0], area=[10.0, 20.0], channel_edges=[[1.0, 2.0], [2.0, 3.0]],
        data=[0.25, 0.5, 0.125], channels=[0, 0, 1], starts=[0, 2, 3],
    )  # fmt: skip
    np.testing.assert_array_equal(dense(response), [[7.5, 0.0], [0.0, 2.5]])
    np.testing.assert_array_equal(response.collapse((Band(1.0, 2.0), Band(2.0, 3.0))).weights, dense(response).T)
    for wrong in ({"starts": [0, 2, 4]}, {"starts": [1, 2, 3]}, {"data": [0.25, np.nan, 0.1]}, {"channels": [0, 0, 2]}):
        with pytest.raises(DataError):
            attrs.evolve(response, **wrong)


COUNTS = np.random.default_rng(1).poisson(7, 60)


@pytest.mark.parametrize("first", [0, 1])
def test_counts_are_read_by_channel(tmp_path, first):
    found = read_pha(write_pha(tmp_path / "a.pi", COUNTS, first=first)).counts
    np.testing.assert_array_equal(found.counts, COUNTS)
    assert (found.first_channel, found.exposure, found.background) == (first, 1000.0, None)


def test_rates_are_turned_back_into_counts(tmp_path):
    rate = (COUNTS * 1000 / 75141.23).astype(np.float32)
    found = read_pha(write_pha(tmp_path / "a.pi", rate, column="RATE", EXPOSURE=75141.23)).counts
    np.testing.assert_array_equal(found.counts, 1000 * COUNTS)


@pytest.mark.parametrize("offset", [0.3, 900.4])
def test_rates_that_are_no_counts_are_refused(tmp_path, offset):
    """Not even 1 part in 2000 off: a background was subtracted."""
    path = write_pha(tmp_path / "a.pi", (COUNTS + offset) / 1000, column="RATE")
    with pytest.raises(DataError, match="counts must be integers"):
        read_pha(path)


def test_scalings_per_channel_enter_the_ratio(tmp_path):
    backscal = np.linspace(1, 2, 60)
    source = read_pha(write_pha(tmp_path / "a.pi", COUNTS, columns={"BACKSCAL": backscal}, AREASCAL=0.5)).counts
    background = read_pha(write_pha(tmp_path / "b.pi", COUNTS, BACKSCAL=10.0, AREASCAL=2.0, EXPOSURE=4000.0)).counts
    ratio = attrs.evolve(source, background=background).background_ratio
    np.testing.assert_allclose(ratio, 1000 * backscal * 0.5 / (4000 * 10 * 2), rtol=1e-12)


def test_a_scaling_of_0_is_1_and_a_negative_one_an_error(tmp_path):
    assert read_pha(write_pha(tmp_path / "a.pi", COUNTS, BACKSCAL=0.0)).counts.backscal == 1.0
    with pytest.raises(DataError, match="must be positive"):
        read_pha(write_pha(tmp_path / "b.pi", COUNTS, AREASCAL=-1.0))


@pytest.mark.parametrize("exposure", [1000.0, None])
def test_spectra_of_type_2_are_refused(tmp_path, exposure):
    path = write_pha(tmp_path / "a.pi", np.tile(COUNTS, (3, 1)), EXPOSURE=exposure)
    with pytest.raises(DataError, match="is of type II, with 3 spectra in its rows"):
        read_pha(path)


def test_spectra_without_counts_or_time_are_refused(tmp_path):
    with pytest.raises(DataError, match="neither COUNTS nor RATE; it has CHANNEL, FLUX"):
        read_pha(write_pha(tmp_path / "a.pi", COUNTS, column="FLUX"))
    with pytest.raises(DataError, match="has no EXPOSURE"):
        read_pha(write_pha(tmp_path / "b.pi", COUNTS, EXPOSURE=None))
    with pytest.raises(DataError, match="counts must be"):
        read_pha(write_pha(tmp_path / "c.pi", -1.0 * COUNTS))


@pytest.fixture
def folder(tmp_path):
    write_arf(tmp_path / "a.arf", EDGES, np.full(40, 300.0))
    write_rmf(tmp_path / "a.rmf", EDGES, CHANNELS, ROWS)
    write_pha(tmp_path / "b.pi", COUNTS, BACKSCAL=10.0)
    write_pha(tmp_path / "a.pi", COUNTS, BACKFILE="b.pi", ANCRFILE="a.arf", RESPFILE="a.rmf")
    return tmp_path


def both_in_one(path):
    """Source and background in one file, as those of the CSC."""
    from astropy.io import fits

    write_pha(path.with_name("s.tmp"), COUNTS, ANCRFILE="a.arf", RESPFILE="a.rmf", BACKFILE=path.name)
    write_pha(path.with_name("k.tmp"), COUNTS + 1, HDUCLAS2="BKG", BACKSCAL=20.0)
    with fits.open(path.with_name("s.tmp")) as source, fits.open(path.with_name("k.tmp")) as background:
        fits.HDUList([source[0], source[1], background[1]]).writeto(path)
    return path


def test_the_header_names_the_files_and_the_study_may_name_others(folder):
    named = make("counts_spectra", "pha", path=folder / "a.pi").load(Context())
    assert named.counts.background_ratio[0] == pytest.approx(0.1)
    assert named.response.name == "a.arf + a.rmf, 2007-12-06T05:30:00"
    write_pha(folder / "other.pi", COUNTS + 2, BACKSCAL=5.0)
    given = make("counts_spectra", "pha", path=folder / "a.pi", background=folder / "other.pi", epoch="2007").load(Context())
    assert given.counts.background_ratio[0] == pytest.approx(0.2)
    assert given.response.name == "a.arf + a.rmf, 2007"


def test_a_background_in_the_same_file_serves_unless_another_is_given(folder):
    path = both_in_one(folder / "both.pi")
    own = make("counts_spectra", "pha", path=path).load(Context())
    np.testing.assert_array_equal(own.counts.background.counts, COUNTS + 1)
    given = make("counts_spectra", "pha", path=path, background=folder / "b.pi").load(Context())
    np.testing.assert_array_equal(given.counts.background.counts, COUNTS)
    of_both = make("counts_spectra", "pha", path=folder / "a.pi", background=path).load(Context())
    np.testing.assert_array_equal(of_both.counts.background.counts, COUNTS + 1)


def test_files_that_the_header_names_and_that_are_absent_are_said(folder):
    write_pha(folder / "c.pi", COUNTS, BACKFILE="bb.pi", ANCRFILE="a.arf", RESPFILE="a.rmf")
    with pytest.raises(DataError, match=r"c.pi: its header names the background bb.pi, which is not in .* Did you mean 'b.pi'"):
        make("counts_spectra", "pha", path=folder / "c.pi").load(Context())
    write_pha(folder / "d.pi", COUNTS)
    with (
        pytest.raises(DataError, match="no RMF is given, and RESPFILE names none"),
        pytest.warns(FaintskyWarning, match="no background"),
    ):
        make("counts_spectra", "pha", path=folder / "d.pi").load(Context())
    write_pha(folder / "e.pi", COUNTS[:50], ANCRFILE="a.arf", RESPFILE="a.rmf", BACKFILE="none")
    with pytest.raises(DataError, match=r"50 channels, its response .* 60"), pytest.warns(FaintskyWarning, match="no background"):
        make("counts_spectra", "pha", path=folder / "e.pi").load(Context())
