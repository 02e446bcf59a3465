"""The images everything here is made of: built on this machine, never fetched ready-made."""

from __future__ import annotations

import json

from sandbox.images.distribution import Registry
from sandbox.images.recipes import BASES
from sandbox.instance import Instance
from sandbox.toolchain import Report, Toolchain
from sandbox.toolchain.recipe import alone

__all__ = ["BASES", "base_images", "push", "remember"]


def base_images(instance: Instance, toolchain: Toolchain, report: Report) -> None:
    """Make the base images the cache lacks. No daemon is needed."""
    recipes = [base.recipe(instance.cache, toolchain) for base in BASES]
    with alone(instance.cache, report):
        absent = [recipe for recipe in recipes if not recipe.made(instance.cache)]
        for number, recipe in enumerate(absent, start=1):
            report(f"{recipe.about} ({number} of {len(absent)})")
            recipe.make(instance.cache)


def push(instance: Instance, toolchain: Toolchain, report: Report) -> dict[str, str]:
    """Bring the base images to the registry; return each one's reference by digest."""
    registry = Registry(instance.registry)
    pushed: dict[str, str] = {}
    for base in BASES:
        report(f"bringing {base.repository}:{base.tag} to the registry")
        image = base.image(instance.cache, toolchain)
        pushed[f"{base.repository}:{base.tag}"] = registry.push(image, base.repository, base.tag)
    remember(instance, pushed)
    return pushed


def remember(instance: Instance, references: dict[str, str]) -> None:
    """Add to the list of what the registry holds, `<state>/images.json`."""
    path = instance.state / "images.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    half = path.with_suffix(".half")
    half.write_text(json.dumps({**known, **references}, indent=2, sort_keys=True) + "\n")
    half.replace(path)
