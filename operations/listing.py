"""What each stack is set to run, beside what the registries say about it now."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from components.reference import Reference
from components.roster import companions
from operations import names
from operations.errors import Exit, Refused
from operations.project import SERVICES, Project, build_key, image_key
from operations.registry import Access
from operations.resolution import resolve, tag_now
from operations.stackfile import StackFile

_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """The image of one service of one stack."""

    stack: str
    service: str
    setting: str
    reference: Reference | None
    built: bool
    running: bool = True
    created: datetime | None = None
    # The digest that the tag has now; None if there is no tag, or nobody was asked.
    now: str | None = None
    refused: Refused | None = None

    @property
    def pinned(self) -> bool:
        """Whether the settings name the image by its digest."""
        return bool(self.reference and self.reference.digest)

    @property
    def digest(self) -> str | None:
        """The pinned digest, or else the one the tag has now."""
        return (self.reference and self.reference.digest) or self.now

    @property
    def moved(self) -> bool | None:
        """Whether the tag names another image than the pinned one by now; None if unknown."""
        return None if self.now is None or not self.pinned else self.now != self.digest

    @property
    def unpushed(self) -> bool:
        """Whether the image is built here and has not been pushed yet, which is no trouble."""
        return self.built and self.refused is not None and self.refused.code is Exit.MISSING


def rows(project: Project, stacks: Iterable[str]) -> list[Row]:
    """Return what the settings say, for every service of *stacks*."""
    return [_row(project, stack, service) for stack in stacks for service in SERVICES]


def asked(access: Access, known: Iterable[Row]) -> list[Row]:
    """Return the rows with what the registries say; one that says nothing hides no other."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(partial(_asked, access), known))


def _row(project: Project, stack: str, service: str) -> Row:
    settings = project.stack(stack)
    text = str(project.choice(settings, image_key(service)) or "")
    row = Row(
        stack=stack,
        service=service,
        setting=text,
        reference=None,
        built=bool(project.choice(settings, build_key(service))),
        running=_runs(project, settings, service),
    )
    try:
        return replace(row, reference=names.read(text)) if text else row
    except Refused as refused:
        return replace(row, refused=refused)


def _runs(project: Project, settings: StackFile, service: str) -> bool:
    """Return whether a stack runs *service*: the jumpbox where it is asked for."""
    if service in companions():
        return bool(project.choice(settings, image_key(service)))
    return service != "jumpbox" or project.choice(settings, service) in {True, "true"}


def _asked(access: Access, row: Row) -> Row:
    wanted = row.reference
    if wanted is None:
        return row
    try:
        # The image that was pinned can outlive its tag, and so is asked for first.
        registry = access.open(wanted)
        row = replace(row, created=resolve(registry).created)
        return replace(row, now=tag_now(registry))
    except Refused as refused:
        return replace(row, refused=refused)
