"""The parts of Pulumi that stand in where the official ones are missing."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Protocol

from sandbox.errors import Refusal
from sandbox.instance import CHECKOUT, Instance

# The versions that requirements.txt pins: the engine looks for exactly these.
DOCKER = "5.1.0"
KUBERNETES = "4.25.0"
RANCHER2 = "12.1.1"

PLUGINS = {"docker": DOCKER, "kubernetes": KUBERNETES, "rancher2": RANCHER2}

# The modules of this package that stand in for some of them.
STAND_INS = {"docker": "docker", "rancher2": "rancher2.server"}

OLDEST = (3, 252, 0)

# The SDK's own programs, which the engine and the language host find beside themselves.
PROGRAMS = ("pulumi-language-python-exec", "pulumi-resource-pulumi-python")

# -I: neither the environment nor the program's folder, in which the engine starts a plugin,
# decides which modules it finds; and the program does not inherit our PYTHONPATH.
LAUNCHER = """\
#!/bin/sh
exec {python} -I -c 'import sys; sys.path.insert(0, sys.argv.pop(1)); \
from sandbox.plugins.launch import launch; launch("{module}")' {checkout} "$@"
"""


class Programs(Protocol):
    """Where each program of the toolchain is."""

    def path(self, program: str, /) -> Path:
        """Return the absolute path of *program*."""
        ...


def install(instance: Instance, toolchain: Programs) -> Path:
    """Give *instance* a Pulumi with all its plugins; return the folder that goes first on PATH.

    An official Pulumi is used where there is one; otherwise the toolchain's engine with what
    this package has in place of the rest. Doing it again changes nothing.
    """
    theirs = official()
    if theirs is not None:
        for name in PLUGINS:
            plugin = theirs / f"pulumi-resource-{name}"
            if plugin.exists():
                _link(_plugin(instance, name), plugin)
        return theirs
    folder = instance.bin
    _same(folder / "pulumi", toolchain.path("pulumi"))
    for program in PROGRAMS:
        _link(folder / program, toolchain.path(program))
    _write(folder / "pulumi-language-python", _launcher("language"))
    for name, module in STAND_INS.items():
        _write(_plugin(instance, name), _launcher(module))
    provider = toolchain.path("pulumi-resource-kubernetes")
    _link(_plugin(instance, "kubernetes"), provider)
    return folder


def environment(instance: Instance) -> dict[str, str]:
    """Return the variables with which Pulumi uses what is installed, and asks nobody outside."""
    variables = {
        "PULUMI_HOME": str(instance.pulumi_home),
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
    }
    if official() is None:
        variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    return variables


def official() -> Path | None:
    """Return the folder of an official Pulumi: OV_PULUMI_BIN, or one on PATH that is new enough."""
    named = os.environ.get("OV_PULUMI_BIN")
    if named:
        folder = Path(named).expanduser().resolve()
        missing = [name for name in ("pulumi", "pulumi-language-python") if not _has(folder, name)]
        if missing:
            raise Refusal(
                f"OV_PULUMI_BIN={named} holds no Pulumi",
                f"it lacks {' and '.join(missing)}",
                "Name the folder of an official Pulumi, or unset OV_PULUMI_BIN",
            )
        return folder
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        folder = Path(entry)
        if _has(folder, "pulumi") and _has(folder, "pulumi-language-python"):
            host = (folder / "pulumi-language-python").read_bytes()[:4096]
            if b"sandbox.plugins" not in host and _version(folder / "pulumi") >= OLDEST:
                return folder
    return None


def _has(folder: Path, program: str) -> bool:
    return os.access(folder / program, os.X_OK)


def _version(pulumi: Path) -> tuple[int, ...]:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    said = subprocess.run(
        [pulumi, "version"], capture_output=True, text=True, check=False, env=environment
    )
    numbers = re.match(r"v(\d+)\.(\d+)\.(\d+)", said.stdout)
    return tuple(map(int, numbers.groups())) if numbers else (0,)


def _plugin(instance: Instance, name: str) -> Path:
    folder = f"resource-{name}-v{PLUGINS[name]}"
    return instance.pulumi_home / "plugins" / folder / f"pulumi-resource-{name}"


def _launcher(module: str) -> str:
    return LAUNCHER.format(
        python=shlex.quote(str(CHECKOUT / ".venv" / "bin" / "python")),
        checkout=shlex.quote(str(CHECKOUT)),
        module=module,
    )


def _same(place: Path, target: Path) -> None:
    """Make *place* the file *target* itself: the engine looks beside the file a link leads to."""
    if place.exists() and not place.is_symlink() and _unchanged(place, target):
        return
    fresh = _beside(place)
    try:
        fresh.hardlink_to(target)
    except OSError:
        # The cache is on another file system.
        shutil.copy2(target, fresh)
    fresh.replace(place)


def _unchanged(place: Path, target: Path) -> bool:
    ours, theirs = place.stat(), target.stat()
    return (ours.st_size, ours.st_mtime_ns) == (theirs.st_size, theirs.st_mtime_ns)


def _link(place: Path, target: Path) -> None:
    if place.is_symlink() and place.readlink() == target:
        return
    fresh = _beside(place)
    fresh.symlink_to(target)
    fresh.replace(place)


def _write(place: Path, text: str) -> None:
    if place.is_file() and not place.is_symlink() and place.read_text() == text:
        return
    fresh = _beside(place)
    fresh.write_text(text)
    fresh.chmod(0o755)
    fresh.replace(place)


def _beside(place: Path) -> Path:
    """Return a free name in the folder of *place*, so that it appears complete or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f".{place.name}.new")
    fresh.unlink(missing_ok=True)
    return fresh
