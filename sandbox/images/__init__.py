"""The images everything here is made of: built on this machine, never fetched ready-made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sandbox import files
from sandbox.images.distribution import Registry
from sandbox.images.recipes import BASES, BaseImage, contents
from sandbox.instance import Instance
from sandbox.toolchain import Report, Toolchain
from sandbox.toolchain.recipe import Recipe, alone

__all__ = [
    "BASES",
    "BaseImage",
    "base_images",
    "contents",
    "missing",
    "push",
    "references",
    "remember",
]


def missing(instance: Instance, toolchain: Toolchain) -> list[str]:
    """Return the names of the base images that are not in the cache yet."""
    return [recipe.name for recipe in _absent(instance, toolchain)]


def base_images(instance: Instance, toolchain: Toolchain, report: Report) -> int:
    """Make the base images the cache lacks, without any daemon; return how many were made."""
    with alone(instance.cache, report):
        absent = _absent(instance, toolchain)
        for number, recipe in enumerate(absent, start=1):
            report(f"{recipe.about} ({number} of {len(absent)})")
            recipe.make(instance.cache)
    return len(absent)


def push(instance: Instance, toolchain: Toolchain, report: Report) -> None:
    """Bring the base images to the registry, if it lacks them."""
    registry = Registry(instance.registry)
    pushed: dict[str, str] = {}
    for base in BASES:
        report(f"bringing {base.repository}:{base.tag} to the registry")
        image = base.image(instance.cache, toolchain)
        pushed[f"{base.repository}:{base.tag}"] = registry.push(image, base.repository, base.tag)
    remember(instance, pushed)


def references(instance: Instance) -> dict[str, str]:
    """Return what the registry holds: name and tag → the reference by tag and digest."""
    path = _list(instance)
    return json.loads(path.read_text()) if path.exists() else {}


def remember(instance: Instance, found: Mapping[str, str]) -> None:
    """Add to the list of what the registry holds, `<state>/images.json`."""
    known = references(instance)
    if {**known, **found} != known:
        text = json.dumps({**known, **found}, indent=2, sort_keys=True) + "\n"
        files.write(_list(instance), text)


def _absent(instance: Instance, toolchain: Toolchain) -> list[Recipe]:
    recipes = [base.recipe(instance.cache, toolchain) for base in BASES]
    return [recipe for recipe in recipes if not recipe.made(instance.cache)]


def _list(instance: Instance) -> Path:
    return instance.state / "images.json"
