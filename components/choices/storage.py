"""The settings of what is kept: volumes, their classes, and what is true of the data on them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.postgres import DATABASE, FOLDER, OWNER
from components.reader import Reader
from components.reference import Source
from components.volume import VolumeArgs

# The name of each volume in the settings → that of its claim.
_CLAIMS: Mapping[str, str] = {"database": "ov-db", "static": "ov-static", "media": "ov-media"}

# What is noted of the site's data beside the volume itself.
FACTS: Sequence[str] = ("generation", "postgres", "folder", "database", "owner")

_VERSION = re.compile(r"(\d+)(\.\d+)*(-.+)?")
_CLASS = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A volume as the settings want it, and the setting that says how large it is."""

    key: str
    volume: VolumeArgs


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """What a stack keeps, by the names of the claims."""

    kept: Mapping[str, Kept]
    # What a person has made existing data ready for, by what is noted of data.
    ready_for: Mapping[str, str]


def storage(read: Reader, *, protect: bool, generation: str, database: Source) -> Storage:
    """Return what a stack keeps, and note of its database what *database* makes of it."""
    usual = read.name("storageClass", "standard")
    classes = _classes(read)
    major = _major(read, database)
    facts = dict(zip(FACTS, (generation, major, FOLDER, DATABASE, OWNER), strict=True))
    return Storage(
        kept={
            claim: Kept(
                key=f"{content}Storage",
                volume=VolumeArgs(
                    size=read.size(f"{content}Storage"),
                    storage_class=classes.get(content, usual),
                    protect=protect,
                    facts=facts if content == "database" else {},
                ),
            )
            for content, claim in _CLAIMS.items()
        },
        ready_for=_ready(read),
    )


def _classes(read: Reader) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for content, given in read.table("storageClasses").items():
        if content not in _CLAIMS:
            read.entry("storageClasses", content, f"the volumes are {', '.join(_CLAIMS)}")
        elif given and not (isinstance(given, str) and _CLASS.fullmatch(given)):
            read.entry("storageClasses", content, f"{given!r} is no name of a class", "standard")
        else:
            found[content] = str(given)
    return found


def _ready(read: Reader) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for fact, given in read.table("dataReadyFor").items():
        if fact in FACTS:
            found[fact] = str(given)
        else:
            read.entry("dataReadyFor", fact, f"there are only {', '.join(FACTS)}")
    return found


def _major(read: Reader, image: Source) -> str:
    """Return the major version of the PostgreSQL that *image* is, by its tag."""
    tag = image.reference.tag or ""
    version = _VERSION.fullmatch(tag)
    if version:
        return version[1]
    if image.reference.repository:
        read.say(
            f"{read.full('databaseImage')} is {str(image.reference)!r}: its tag has to begin with "
            "the version of PostgreSQL, on which it depends who can read the data",
            f"Type: ./ov images pin db docker.io/library/postgres:14.2-alpine -s {read.stack}",
        )
    return ""
