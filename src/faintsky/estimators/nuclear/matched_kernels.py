"""The matching kernels of all bands of an image set."""

from __future__ import annotations

from collections.abc import Mapping

from faintsky.core.context import Context
from faintsky.core.errors import DataError, nearest
from faintsky.core.image_set import ImageSet
from faintsky.estimators.nuclear.matching_kernel import MatchingKernel, broadest, matching_kernel
from faintsky.estimators.nuclear.settings import NuclearSettings

__all__ = ["matched_kernels", "target_band"]


def target_band(images: ImageSet, settings: NuclearSettings) -> str:
    """The band whose resolution all others are brought to.

    Raises
    ------
    DataError
        Where there is no such band, or a band has no PSF.
    """
    if bare := [band for band, image in images.bands.items() if image.psf is None]:
        raise DataError(f"no resolution can be matched without a PSF of {', '.join(bare)}: give one, or leave the band out")
    if not settings.target:
        return broadest({band: image.psf for band, image in images.bands.items() if image.psf is not None})
    if settings.target not in images.bands:
        hint = nearest(settings.target, images.bands)
        raise DataError(f"the target {settings.target!r} is no band of the images. {hint} Bands: {', '.join(images.bands)}")
    return settings.target


def matched_kernels(images: ImageSet, settings: NuclearSettings, ctx: Context) -> Mapping[str, MatchingKernel | None]:
    """Kernels by band; None for the target, which stays as it is.

    Kernels that miss the target PSF, are largely negative or raise noise are told to `ctx`.

    Raises
    ------
    DataError
        Where there is no such target, or a band has no PSF.
    """
    target = target_band(images, settings)
    wanted = images[target].psf
    assert wanted is not None
    kernels: dict[str, MatchingKernel | None] = {}
    for band, image in images.bands.items():
        if band == target or image.psf is None:
            kernels[band] = None
            continue
        window = settings.windows.get(band, settings.window) if settings.filter == "cosine-bell" else None
        kernel = matching_kernel(image.psf, wanted, window, settings.regularisation)
        if said := kernel.doubt(settings.max_residual, settings.max_negative):
            ctx.warn(f"the kernel from {band} to the resolution of {target}: {said}")
        kernels[band] = kernel
    return kernels
