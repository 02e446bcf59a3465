"""From a tag, which may move, to the digest, which cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from components.reference import PLATFORM, Reference
from operations.errors import Exit, Refused
from operations.registry import Manifest, Registry, platform

# Builds that are to be reproducible date their images to the beginning of time.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """One image, or one per platform under the same name, by its digest."""

    reference: Reference
    platforms: tuple[str, ...]
    listed: bool
    created: datetime | None
    # What the image says of itself, made for the clusters' nodes if there are several.
    labels: Mapping[str, str]

    @property
    def fits(self) -> bool:
        """Whether the clusters' nodes can run it."""
        return PLATFORM in self.platforms

    @property
    def misfit(self) -> str:
        """Say what it is made for instead."""
        made = ", ".join(self.platforms) or "no platform it names"
        return f"it is made for {made}, and the nodes are {PLATFORM}"


def resolve(registry: Registry) -> Resolved:
    """Return what a reference names now, and by which digest that is named for ever."""
    reference = registry.reference
    manifest = registry.manifest(reference.digest or reference.tag or "latest")
    images = manifest.images
    if images is None:
        own = registry.configuration(manifest)
        platforms = (platform(own),) if platform(own) else ()
    else:
        platforms = tuple(platform(image["platform"]) for image in images)
        nothing: Mapping[str, Any] = {}
        own = registry.configuration(_child(registry, images)) if images else nothing
    return Resolved(
        reference=replace(reference, digest=manifest.digest),
        platforms=platforms,
        listed=images is not None,
        created=_created(own),
        labels=_labels(own),
    )


def fit(registry: Registry) -> Resolved:
    """Return what a reference names, or refuse what the clusters' nodes cannot run."""
    found = resolve(registry)
    if not found.fits:
        raise Refused(
            Exit.UNFIT,
            f"{registry.reference} cannot run here",
            found.misfit,
            f"Build and push it for the nodes: docker build --platform {PLATFORM} …",
        )
    return found


def tag_now(registry: Registry) -> str | None:
    """Return the digest that the reference's tag has now, if it has a tag."""
    tag = registry.reference.tag
    return registry.digest(tag) if tag else None


def age(created: datetime | None, now: datetime | None = None) -> str:
    """Say how old something is, in the words of a person."""
    if created is None:
        return ""
    days = ((now or datetime.now(UTC)) - created).days
    if days < 1:
        return "today"
    for size, word in ((365, "year"), (30, "month"), (1, "day")):
        if days >= 2 * size or size == 1:
            count = days // size
            return f"{count} {word}" + ("s" if count > 1 else "")
    return ""


def _child(registry: Registry, images: list[dict[str, Any]]) -> Manifest:
    ours = [image for image in images if platform(image["platform"]) == PLATFORM]
    return registry.manifest(str((ours or images)[0]["digest"]))


def _labels(configuration: Mapping[str, Any]) -> Mapping[str, str]:
    settings = cast("dict[str, Any]", configuration.get("config") or {})
    return settings.get("Labels") or {}


def _created(configuration: Mapping[str, Any]) -> datetime | None:
    try:
        date = datetime.fromisoformat(str(configuration.get("created", "")))
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return date if date > _LONG_AGO else None
