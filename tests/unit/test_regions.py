"""DS9 regions: shapes, frames, signs, and every refusal with its line. The oracle is the package `regions`."""

import warnings

import numpy as np
import pytest

from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.units import ARCSEC
from faintsky.plugins.masks.regions import Regions
from faintsky.testing.masks import sky_grid

GRID = sky_grid((200, 240), 0.5)
CENTRE = (150.0, 2.2)


def mapped(grid=GRID, **meta):
    return {"xray": Map.from_array(np.ones(grid.shape), grid=grid, meta=meta)}


def masked(tmp_path, text, maps=None, **options):
    path = tmp_path / "sources.reg"
    path.write_text(text, encoding="utf-8")
    return Regions(path=path, **options).masked(maps or mapped(), Context())


@pytest.mark.parametrize(
    "text",
    [
        "image; circle(100.3,80.2,20)",
        "image; ellipse(110,90,40,12,30)",
        "image; box(110,90,40,12,30)",
        "image; annulus(120.3,100.2,10,25)",
        "image; polygon(50.3,50.2,150.1,60.3,120.2,150.4,60.1,120.2)",
        'fk5; circle(150.0,2.2,20")',
        "icrs; ellipse(150.005,2.203,0.006,0.002,25)",
        'fk5; box(149.995,2.198,30",10",70)',
        "fk5; annulus(150.0,2.2,5\",0.4')",
        "fk5; polygon(150.01,2.19,150.0,2.21,149.99,2.19)",
        "galactic; circle(236.7356,42.02124,0.004)",
    ],
)
def test_shapes_cover_the_pixels_that_the_regions_package_says(tmp_path, text):
    regions = pytest.importorskip("regions")
    ours = masked(tmp_path, text.replace("; ", "\n"))
    region = regions.Regions.parse(text, format="ds9")[0]
    if hasattr(region, "to_pixel"):
        region = region.to_pixel(GRID.wcs)
    theirs = region.to_mask(mode="center").to_image(GRID.shape) > 0
    # Pixel centres on the very edge may go either way by rounding.
    edge = ours ^ theirs
    assert theirs.sum() > 300
    assert edge.sum() <= 0.003 * theirs.sum() + 2


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("ellipse(120,100,10,20,40,60,0)", np.pi * (40 * 60 - 10 * 20)),
        ("ellipse(120,100,10,5,20,10,40,20,30)", np.pi * (40 * 20 - 10 * 5)),
        ("box(120,100,20,10,60,30,45)", 60 * 30 - 20 * 10),
        ("annulus(120,100,5,10,20,40)", np.pi * (40**2 - 5**2)),
        ("panda(120,100,30,120,3,10,50,2)", np.pi * (50**2 - 10**2) / 4),
        ("panda(120,100,297.6,657.6,1,0,50,1)", np.pi * 50**2),
        ("epanda(120,100,90,180,1,0,0,60,40,1,20)", np.pi * 60 * 40 / 4),
        ("bpanda(120.3,100.3,0,90,1,0,0,60,40,1,0)", 60 * 40 / 4),
        ("pie(120,100,10,50,350,80)", np.pi * (50**2 - 10**2) / 4),
        ("rotbox(120,100,60,30,45)", 60 * 30),
    ],
)
def test_areas_of_shapes_that_other_readers_skip(tmp_path, text, area):
    # Analytic areas; the boundary scatters the count of pixel centres by about the root of its length.
    assert masked(tmp_path, f"image\n{text}\n").sum() == pytest.approx(area, rel=0.02)


def test_image_coordinates_count_from_one(tmp_path):
    out = masked(tmp_path, "image\ncircle(11,21,0.6)\n")
    assert np.argwhere(out).tolist() == [[20, 10]]


def test_a_sign_takes_out_of_what_stands_above(tmp_path):
    out = masked(tmp_path, "image\ncircle(100,100,30)\n-circle(100,100,10)\ncircle(100,100,3)\n")
    assert not out[99 + 6, 99]
    assert out[99, 99]
    assert out[99 + 20, 99]
    whole = masked(tmp_path, "image\ncircle(100,100,30)\n", inside=False)
    assert whole.sum() == GRID.size - masked(tmp_path, "image\ncircle(100,100,30)\n").sum()
    with pytest.raises(DataError, match=r"sources.reg:2: the first region is an exclusion \(-circle\) of nothing"):
        masked(tmp_path, "image\n-circle(100,100,10)\n")


@pytest.mark.parametrize(
    "shape", ["circle(%s,%s,40)", "ellipse(%s,%s,20,10,60,30,20)", "box(%s,%s,80,40,30)", "annulus(%s,%s,10,20,40)"]
)
def test_the_physical_frame_goes_by_ltm_and_ltv(tmp_path, shape):
    # Identity: pixel = 0.25 x physical - 710.625 (a Chandra image binned by 4): every length is a quarter.
    maps = mapped(physical=(0.25, -710.625, 0.25, -608.625))
    x, y = 4 * (120 + 710.625), 4 * (100 + 608.625)
    ours = masked(tmp_path, f"physical\n{shape % (x, y)}\n", maps)
    name, numbers = (shape % (120, 100)).rstrip(")").split("(")
    values = [float(v) for v in numbers.split(",")]
    turned = name in ("ellipse", "box")
    scaled = [*values[:2], *(v / 4 for v in (values[2:-1] if turned else values[2:])), *([values[-1]] if turned else [])]
    theirs = masked(tmp_path, f"image\n{name}({','.join(map(str, scaled))})\n")
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("angle", [0.0, 40.0])
def test_the_physical_frame_of_events_holds_on_any_grid(tmp_path, angle):
    # Truth: the sky pixel (4096.5 + 40, 4096.5 + 20) of 0.5 arcsec lies 20 arcsec west and 10 north of the centre.
    from astropy.wcs import WCS

    sky = WCS(naxis=2)
    sky.wcs.ctype, sky.wcs.crval, sky.wcs.crpix = ["RA---TAN", "DEC--TAN"], CENTRE, [4096.5, 4096.5]
    sky.wcs.cdelt = [-0.5 / 3600, 0.5 / 3600]
    c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    own = WCS(naxis=2)
    own.wcs.ctype, own.wcs.crval, own.wcs.crpix = ["RA---TAN", "DEC--TAN"], CENTRE, [100.5, 100.5]
    own.wcs.cdelt, own.wcs.pc = [-0.7 / 3600, 0.7 / 3600], [[c, -s], [s, c]]
    grid = Grid.from_wcs(own, (200, 200))
    maps = mapped(grid, physical_header=sky.to_header_string())
    ours = masked(tmp_path, "physical\nbox(4136.5,4116.5,60,20,30)\n", maps)
    ra = CENTRE[0] - 20 / 3600 / np.cos(np.deg2rad(CENTRE[1]))
    theirs = masked(tmp_path, f'fk5\nbox({ra:.9f},{CENTRE[1] + 10 / 3600:.9f},30",10",30)\n', maps)
    assert ours.sum() * 0.49 == pytest.approx(30 * 10, rel=0.03)
    assert (ours ^ theirs).sum() <= 0.02 * ours.sum()


def test_a_region_of_the_sky_stays_there_when_the_map_is_mirrored(tmp_path):
    from astropy.wcs import WCS

    text = 'fk5\nellipse(150.004,2.203,25",8",30)\n'
    plain = masked(tmp_path, text)
    wcs = WCS(GRID.wcs.to_header())
    wcs.wcs.cdelt = [-wcs.wcs.cdelt[0], wcs.wcs.cdelt[1]]
    mirrored = masked(tmp_path, text, mapped(Grid.from_wcs(wcs, GRID.shape)))
    assert (plain ^ mirrored[:, ::-1]).sum() <= 2


def test_positions_may_be_sexagesimal_and_sizes_in_any_unit(tmp_path):
    a = masked(tmp_path, 'fk5\ncircle(10:00:00.0,+2:12:00.0,30")\n')
    for text in ("circle(150,2.2,0.5')", "circle(10h00m00s,2d12m00s,0.00833333333d)", 'circle 150 2.2 30"'):
        np.testing.assert_array_equal(masked(tmp_path, f"fk5\n{text}\n"), a)
    in_pixels = masked(tmp_path, 'image\ncircle(120.5,100.5,30")\n')
    assert (in_pixels ^ a).sum() <= 8  # centres on the very edge go either way by rounding


def test_comments_and_properties_are_no_regions(tmp_path):
    text = (
        "# Region file format: DS9 version 4.1\nglobal color=green dashlist=8 3\nimage\n"
        "circle(100,100,5) # color=#0ff text={a;b (c)}\n# text(10,10) text={no}\n\n"
        "# composite(100,100,0) || composite=1\ncircle(50,50,5) ||\n"
    )
    assert masked(tmp_path, text).sum() == 2 * masked(tmp_path, "image\ncircle(100,100,5)\n").sum()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "image\ncircle(1,1,3)\ncricle(5,5,2)\n",
            r"sources.reg:3: the region 'cricle' is not understood.*Did you mean 'circle'\?",
        ),
        ("image\npoint(5,5) # point=x\n", r"sources.reg:2: a point covers no area"),
        ("fk5\nline(150,2,151,2)\n", r"sources.reg:2: a line covers no area"),
        ("image\ncircle(1,1)\n", r"sources.reg:2: 'circle\(1,1\)' cannot be read as a circle"),
        ("image\npolygon(1,1,2,2,3)\n", r"cannot be read as a polygon"),
        ("image\ncircle(a,b,c)\n", r"cannot be read as a circle in the frame 'image'"),
        ("detector\ncircle(1,1,3)\n", r"sources.reg:1: 'detector' is neither a region nor a frame"),
        ("physical\ncircle(1,1,3)\n", r"sources.reg:2: the region lies in the physical frame, but no map of the study knows it"),
        ("circle(1,1,3)\n", r"sources.reg:1: the region lies in the physical frame"),
        ("# nothing\n", r"sources.reg holds no region"),
    ],
)
def test_what_is_not_understood_is_an_error_with_its_line(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        masked(tmp_path, text)


def test_regions_on_the_sky_need_a_wcs(tmp_path):
    plain = {"ir": Map.from_array(np.ones((20, 20)), ARCSEC)}
    with pytest.raises(DataError, match=r"lies on the sky \(fk5\), but the maps have no WCS"):
        masked(tmp_path, "fk5\ncircle(150,2.2,1)\n", plain)


def test_regions_elsewhere_warn(tmp_path):
    for text in ("image\ncircle(-500,-500,3)\n", 'fk5\ncircle(330,-2.2,20")\n'):
        with pytest.warns(FaintskyWarning, match="cover no pixel of the maps"):
            assert not masked(tmp_path, text).any()


def test_two_physical_frames_must_be_told_apart(tmp_path):
    maps = mapped(physical=(1.0, 0.0, 1.0, 0.0)) | {
        "other": Map.from_array(np.ones(GRID.shape), grid=GRID, meta={"physical": (0.5, 0.0, 0.5, 0.0)})
    }
    text = "physical\ncircle(100,100,10)\n"
    with pytest.raises(DataError, match=r"the maps xray, other have different physical frames"):
        masked(tmp_path, text, maps)
    chosen = masked(tmp_path, text, maps, physical="other")
    assert chosen[49, 49]
    assert chosen.sum() == pytest.approx(np.pi * 25, rel=0.1)


def _elliptical_sector(a, b, start, stop):
    """Area between two angles [deg] within an ellipse: half the integral of r^2."""
    phi = np.deg2rad(np.linspace(start, stop, 10001))
    r2 = 1 / ((np.cos(phi) / a) ** 2 + (np.sin(phi) / b) ** 2)
    return 0.5 * np.mean(0.5 * (r2[1:] + r2[:-1])) * (phi[-1] - phi[0])


def test_real_region_files(real_data):
    # Facts of the files: psfmc masks all but a disc less three sources, in the image frame; PyXel's are (e)panda; A2142's
    # are 303 polygons in the physical frame of ObsID 5005; the fk5 sample holds points and lines, which mask nothing.
    image = {"a": Map.from_array(np.ones((776, 724)), ARCSEC)}
    y, x = np.indices((776, 724)) + 1
    disc = np.hypot(x - 276.99766, y - 410.00226) <= 297.55667  # a panda of 360 degrees from the centre
    out = Regions(path=real_data / "chandra_field_maps" / "skybkg.reg").masked(image, Context())
    np.testing.assert_array_equal(out, disc)
    out = Regions(path=real_data / "chandra_field_maps" / "ne.reg").masked(image, Context())
    assert out.sum() == pytest.approx(_elliptical_sector(238.21194, 209.48332, 100.00014, 146.70526), rel=0.005)
    psf = {"a": Map.from_array(np.ones((128, 128)), ARCSEC)}
    out = Regions(path=real_data / "imaging_psf" / "psfmc_mask_J0005-0006.reg").masked(psf, Context())
    assert out[63, 63]
    assert not out[58, 110]
    physical = {"a": Map.from_array(np.ones((1024, 1024)), ARCSEC, meta={"physical": (0.125, 0.0, 0.125, 0.0)})}
    out = Regions(path=real_data / "io_samples" / "ds9_a2142.reg").masked(physical, Context())
    assert out[int(4184 / 8) - 1, int(3545 / 8) - 1]
    for name in ("ds9.fk5.reg", "ds9.composite.reg"):
        with pytest.raises(DataError, match=rf"{name}:\d+: a line covers no area"), warnings.catch_warnings():
            Regions(path=real_data / "io_samples" / name).masked(mapped(), Context())
