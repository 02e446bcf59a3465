"""What the docker provider decides about an image before it is built: `Check` and `Diff`."""

import platform
import posixpath
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from sandbox.plugins import buildcontext, reference
from sandbox.plugins.buildcontext import ContextError
from sandbox.plugins.values import UNKNOWN, Change, table

LEGACY_BUILDER = "BuilderV1"
BUILDERS = {LEGACY_BUILDER, "BuilderBuildKit"}
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

NO_PLATFORM = (
    "Building your image for {platform} architecture.\n"
    "To ensure you are building for the correct platform, consider explicitly setting the "
    "`platform` field on ImageBuildOptions."
)
NOT_CANONICAL = (
    '"{name}": {fault}.\n'
    "This resource requires all image names to be fully qualified.\n"
    "For example, if you are attempting to push to Dockerhub, prefix your image name with "
    "`docker.io`:\n\n`docker.io/repository/image:tag`"
)


class InvalidImageError(Exception):
    """What is wrong with an image's inputs."""


def check(inputs: Mapping[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """Return *inputs* with their defaults and the digest of what would be built.

    Paths are relative to the folder of the program, which is where the engine starts a plugin.
    """
    checked = {key: value for key, value in inputs.items() if value is not None}
    if checked.get("buildOnPreview", UNKNOWN) == UNKNOWN:
        checked["buildOnPreview"] = False
    _require_types(checked)
    if isinstance(checked.get("build", {}), dict):
        checked["build"] = _checked_build(dict(table(checked.get("build"))), tell)
    _require_name(checked)
    return checked


def changes(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> dict[str, Change]:
    """Return which inputs of *new* call for a build that the one from *old* does not answer."""
    found: dict[str, Change] = {}
    old = old or {}
    for key in sorted({*old, *new}):
        if key not in old:
            found[key] = Change.ADD
        elif key not in new:
            found[key] = Change.DELETE
        elif key == "registry":
            if _moved(old[key], new[key]):
                found[key] = Change.UPDATE
        elif old[key] != new[key]:
            found[key] = Change.UPDATE
    return found


def is_known(inputs: Mapping[str, Any]) -> bool:
    """Whether everything that a build needs is known already."""
    build = table(inputs.get("build"))
    needed = [inputs.get("imageName"), inputs.get("build"), build.get("context")]
    needed += [build.get("dockerfile"), build.get("args"), *table(build.get("args")).values()]
    return UNKNOWN not in needed


def _require_types(inputs: Mapping[str, Any]) -> None:
    """Refuse what makes the official plugin crash and takes every other resource along."""
    _require("skipPush", inputs.get("skipPush", False), bool)
    build = table(inputs.get("build"))
    builder = build.get("builderVersion")
    if builder is not None:
        _require("build.builderVersion", builder, str)
        if builder not in BUILDERS:
            raise InvalidImageError("invalid Docker Builder version")
    _require_cache(build.get("cacheFrom"))
    _require("build.network", build.get("network") or "", str)
    _require("build.addHosts", build.get("addHosts") or [], list)
    _require("build.args", build.get("args") or {}, dict)
    for name, value in table(build.get("args")).items():
        if value != UNKNOWN:
            _require(f"build.args.{name}", value, str)


def _require(key: str, value: Any, kind: type) -> None:
    if value == UNKNOWN:
        raise InvalidImageError(
            f"{key} is not known before the update. Give it a plain value, not another "
            f"resource's output"
        )
    if not isinstance(value, kind):
        words = {bool: "true or false", str: "a text", list: "a list", dict: "a mapping"}
        raise InvalidImageError(f"{key} must be {words[kind]}, not {type(value).__name__}")


def _require_cache(cache: Any) -> None:
    if cache is None or cache == UNKNOWN:
        return
    if "images" not in table(cache):
        raise InvalidImageError("cacheFrom requires an `images` field")
    images = cache["images"]
    if images != UNKNOWN and not _is_texts(images):
        raise InvalidImageError("the `images` field must be a list of strings")


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, str) for one in cast("list[object]", value)
    )


def _checked_build(build: dict[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    folder = build.setdefault("context", ".")
    given = "dockerfile" in build
    if not given:
        default = "Dockerfile" if folder == UNKNOWN else posixpath.join(folder, "Dockerfile")
        build["dockerfile"] = buildcontext.clean(default)
    if "platform" not in build:
        machine = platform.machine()
        build["platform"] = f"linux/{ARCHITECTURES.get(machine, machine)}"
        tell(NO_PLATFORM.format(platform=build["platform"]))
    if build["dockerfile"] == UNKNOWN:
        return build
    folder = "" if folder == UNKNOWN else folder
    _require_dockerfile(build["dockerfile"], folder)
    try:
        build["contextDigest"] = buildcontext.digest(folder or ".", build["dockerfile"])
    except ContextError as error:
        raise InvalidImageError(str(error)) from error
    return build


def _require_dockerfile(dockerfile: str, folder: str) -> None:
    if Path(dockerfile).exists():
        return
    if dockerfile.startswith("/"):
        raise InvalidImageError(
            f'expected a relative Dockerfile path; got "{dockerfile}" instead: '
            f"stat {dockerfile}: no such file or directory"
        )
    meant = buildcontext.clean(posixpath.join(folder, dockerfile))
    if Path(meant).exists():
        raise InvalidImageError(
            f'could not open dockerfile at relative path "{dockerfile}". '
            f'Try setting `dockerfile` to "{meant}"'
        )
    raise InvalidImageError(
        f'could not open dockerfile at relative path "{dockerfile}": '
        f"stat {dockerfile}: no such file or directory"
    )


def _require_name(inputs: Mapping[str, Any]) -> None:
    name = inputs.get("imageName")
    cached = table(inputs.get("build")).get("cacheFrom")
    server = table(inputs.get("registry")).get("server")
    if not isinstance(name, str) or name == UNKNOWN:
        return
    if server or (inputs.get("skipPush") and not cached):
        return
    try:
        reference.require_canonical(name)
    except reference.InvalidNameError as error:
        raise InvalidImageError(NOT_CANONICAL.format(name=name, fault=error)) from error


def _moved(old: Any, new: Any) -> bool:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return old != new
    before, after = table(old), table(new)
    return "server" in before and "server" in after and before["server"] != after["server"]
