"""A component in one line, with a digest of all that it depends on: what results are marked with."""

from __future__ import annotations

from typing import Any

import attrs

from faintsky.core.digest import json_digest
from faintsky.core.identity import identity
from faintsky.core.registry import registry

__all__ = ["described"]


def described(component: Any) -> str:
    """Name, options that are not the default ones, and eight digits of the digest (files count by content).

    Examples
    --------
    >>> from faintsky.core.registry import make
    >>> described(make("psfs", "king", core="0.5 arcsec"))[:4]
    'king'
    """
    said = []
    for attribute in attrs.fields(type(component)):
        value = getattr(component, attribute.alias, None)
        default = attribute.default
        if not attribute.init or isinstance(default, attrs.Factory) or value == default:  # type: ignore[arg-type]
            continue
        unit = attribute.metadata.get("unit", "")
        said.append(
            f"{attribute.alias} = {value:g} {unit}".rstrip() if isinstance(value, float) else f"{attribute.alias} = {value}"
        )
    name = registry.short_name(type(component))
    return f"{name}({', '.join(said)}) {json_digest(identity(component))[:8]}"
