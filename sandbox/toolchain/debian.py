"""Debian's programs, unpacked beside the machine instead of installed on it.

Installing these packages would start and enable services for the whole machine.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sandbox.process import attempt, run
from sandbox.toolchain.recipe import Recipe

PACKAGES = (
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "debootstrap",
    "docker-registry",
    "docker.io",
    "iptables",
    "libnginx-mod-stream",
    "nftables",
    "nginx",
    "postgresql-client-15",
    "runc",
)
PROGRAMS = ("usr/sbin", "usr/bin", "usr/lib/postgresql/15/bin")
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")
XTABLES = "usr/lib/x86_64-linux-gnu/xtables"

# Debian makes these links when it configures a package, which nobody does here.
LINKS = {
    f"usr/sbin/{family}{verb}": f"{family}-nft{verb}"
    for family in ("iptables", "ip6tables")
    for verb in ("", "-save", "-restore")
} | {"usr/bin/registry": "docker-registry"}


def _build(into: Path) -> None:
    archives = into / "archives"
    (archives / "partial").mkdir(parents=True)
    _download(archives)
    for archive in sorted(archives.glob("*.deb")):
        package = archive.name.split("_", 1)[0]
        if package in PACKAGES or not _installed(package):
            run(["dpkg-deb", "--extract", archive, into])
    shutil.rmtree(archives)
    for link, target in LINKS.items():
        (into / link).symlink_to(target)
    _check(into)


def _download(archives: Path) -> None:
    """Fetch the packages, and what they need that the machine has not, without installing."""
    options = [
        f"Dir::Cache::archives={archives}",
        "Debug::NoLocking=1",
        "APT::Sandbox::User=root",
        "APT::Install-Recommends=0",
    ]
    words = [word for option in options for word in ("-o", option)]
    fetch = ["apt-get", *words, "--yes", "--quiet", "--download-only", "--reinstall", "install"]
    run(
        [*fetch, *PACKAGES],
        env={"DEBIAN_FRONTEND": "noninteractive"},
        what="Debian's programs could not be downloaded",
        do="Type `apt-get update`, then `make up` again",
    )


def _installed(package: str) -> bool:
    query = attempt(["dpkg-query", "--show", "--showformat", "${Status}", package])
    return "install ok installed" in query.stdout


def _check(root: Path) -> None:
    """Refuse a set of programs that lacks a library, now and not when it is first used."""
    env = {"LD_LIBRARY_PATH": os.pathsep.join(str(root / folder) for folder in LIBRARIES)}
    for program in ("usr/sbin/dockerd", "usr/sbin/nginx", "usr/sbin/nft", "usr/bin/containerd"):
        linked = attempt(["ldd", root / program], env=env).stdout.splitlines()
        absent = [line.split()[0] for line in linked if "not found" in line]
        if absent:
            raise LookupError(f"{program} needs {', '.join(absent)}, which no package brought")


RECIPE = Recipe(
    name="debian",
    about="downloading containerd, Docker, nginx and other Debian programs",
    parts=lambda: (*PACKAGES, *LINKS, Path("/etc/debian_version").read_text()),
    build=_build,
    shelf="debs",
)
