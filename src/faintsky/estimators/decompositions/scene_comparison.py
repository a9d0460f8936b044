"""Does an image need another component, such as a second active nucleus?"""

from __future__ import annotations

import numpy as np
from attrs import evolve, frozen

from faintsky.core.context import Context
from faintsky.core.decomposition import Decomposition
from faintsky.core.image_set import ImageSet
from faintsky.core.scene import Scene
from faintsky.estimators.decompositions.sersic_psf import SersicPsf

__all__ = ["SceneComparison", "compare_scenes", "second_point"]


@frozen(kw_only=True, eq=False)
class SceneComparison:
    """Two scenes fitted to the same pixels with the same errors of the PSF.

    Attributes
    ----------
    simple, rich : Decomposition
    """

    simple: Decomposition
    rich: Decomposition

    @property
    def delta_bic(self) -> float:
        """BIC of the simple scene less that of the rich one: above 10 the rich one is needed (Kass & Raftery 1995)."""
        return self.simple.bic - self.rich.bic


def compare_scenes(
    rule: SersicPsf, images: ImageSet, simple: Scene, rich: Scene, ctx: Context, errors_by: str = "rich"
) -> SceneComparison:
    """Fit both.

    Errors of the PSF are set once, on the pixels that neither fit uses; by default by the richer scene, so that light which only
    it has a component for is not taken for an error of the PSF. Set by the simple one they are larger, and the decision is on
    the safe side where the rich scene can imitate another PSF. A difference in BIC without that term (``psf_error = "none"``)
    decides on the PSF's errors wherever a source is bright. A second point within half of the PSF's width of the first, or a
    galaxy at a limit of its radius, tells of another PSF whatever the BIC says.

    Each scene is fitted from its own start and from what the other one found.

    Parameters
    ----------
    errors_by : {"rich", "simple"}
        Whose residuals set the errors of the PSF, with ``psf_error = "held-out"``.

    Raises
    ------
    DataError
        As the fits do.
    """
    setting = rule.fit(images, rich if errors_by == "rich" else simple, ctx)
    amplitudes = np.asarray(setting.psf_error) if rule.psf_error == "held-out" else None
    second = rule.fit_with(images, rich, ctx, amplitudes)
    first = rule.fit_with(images, simple, ctx, amplitudes)
    # Neither may owe its BIC to where it started.
    again = rule.fit_with(images, _from(simple, second), ctx, amplitudes)
    first = again if again.bic < first.bic else first
    again = rule.fit_with(images, _from(rich, first), ctx, amplitudes)
    return SceneComparison(simple=first, rich=again if again.bic < second.bic else second)


def _from(scene: Scene, fit: Decomposition) -> Scene:
    """The scene with the places and shapes of a fit as its start, for the sources that it has."""
    found = []
    for source in scene.sources:
        if source.name in fit.sources:
            s = fit.sources.index(source.name)
            source = evolve(source, x=float(fit.x[s].mean()), y=float(fit.y[s].mean()))
            if source.galaxy and np.isfinite(fit.radius[s, 0]):
                look = float(fit.radius[s].mean()), float(fit.index[s].mean()), float(fit.ellipticity[s]), float(fit.angle[s])
                source = evolve(source, radius=look[0], index=look[1], ellipticity=look[2], angle=look[3])
        found.append(source)
    return Scene(sources=tuple(found))


def second_point(images: ImageSet, scene: Scene, name: str, ctx: Context, rule: SersicPsf | None = None) -> SceneComparison:
    """Whether the galaxy `name` holds a point, such as a second active nucleus.

    Parameters
    ----------
    rule : SersicPsf, optional
        By default with the PSF's error set on held-out pixels.

    Raises
    ------
    DataError
        Where the scene has no such galaxy, it has a point already, or as the fits do.
    """
    rule = evolve(SersicPsf(), psf_error="held-out") if rule is None else rule
    return compare_scenes(rule, images, scene, scene.with_point(name), ctx)
