"""Every program the sandbox runs, built or fetched once and kept by what it is made of."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.toolchain import debian, golang, kubectl
from sandbox.toolchain.recipe import Recipe, alone

# Where a machine's own programs are, whatever a person's shell says.
SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Report = Callable[[str], None]

# Go takes minutes and two gigabytes of memory for the largest of them, so one after another.
RECIPES: tuple[Recipe, ...] = (kubectl.RECIPE, debian.RECIPE, *golang.RECIPES)


@dataclass(frozen=True, slots=True)
class Toolchain:
    """Where each program is."""

    programs: tuple[Path, ...]
    debs: Path

    def path(self, program: str) -> Path:
        """Return the absolute path of *program*: our own build, Debian's, or the machine's."""
        for folder in self._folders():
            if (folder / program).exists():
                return folder / program
        found = shutil.which(program)
        if found is None:
            raise LookupError(f"no program is called {program!r}")
        return Path(found)

    def directory(self, name: str) -> Path:
        """Return a folder of the toolchain: `cni`, `nginx-modules` or `debs`."""
        return self.debs / {"cni": "usr/lib/cni", "nginx-modules": "usr/lib/nginx/modules"}.get(
            name, "."
        )

    def env(self) -> dict[str, str]:
        """Return what Debian's programs need to run from where they were unpacked.

        It is the same in every shell: a daemon whose environment changes is restarted.
        """
        libraries = [self.debs / folder for folder in debian.LIBRARIES]
        return {
            "PATH": _join(*self._folders(), SYSTEM),
            "LD_LIBRARY_PATH": _join(*libraries),
            "XTABLES_LIBDIR": str(self.debs / debian.XTABLES),
            "DEBOOTSTRAP_DIR": str(self.debs / "usr/share/debootstrap"),
        }

    def _folders(self) -> list[Path]:
        return [*self.programs, *(self.debs / folder for folder in debian.PROGRAMS)]


def missing(cache: Path) -> list[Recipe]:
    """Return what is not in the cache yet."""
    return [recipe for recipe in RECIPES if not recipe.made(cache)]


def locate(cache: Path) -> Toolchain | None:
    """Return the toolchain if all of it is in the cache."""
    return None if missing(cache) else _toolchain(cache)


def prepare(cache: Path, report: Report) -> Toolchain:
    """Build and fetch what is not in the cache yet, and return where everything is."""
    if not missing(cache):
        return _toolchain(cache)
    with alone(cache, report):
        absent = missing(cache)
        for number, recipe in enumerate(absent, start=1):
            report(f"{recipe.about} ({number} of {len(absent)})")
            recipe.make(cache)
    return _toolchain(cache)


def _toolchain(cache: Path) -> Toolchain:
    return Toolchain(
        programs=tuple(r.folder(cache) for r in RECIPES if r is not debian.RECIPE),
        debs=debian.RECIPE.folder(cache),
    )


def _join(*parts: Path | str) -> str:
    return ":".join(map(str, parts))
