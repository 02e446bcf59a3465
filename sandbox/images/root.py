"""Debian's root file systems, made by the machine so that nothing inside needs a network."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sandbox.errors import Refusal
from sandbox.process import attempt, run
from sandbox.toolchain import Toolchain

RELEASE = "bookworm"

# The children end with us, however we end, and their mounts are seen by nobody else: a kill at
# any moment leaves a folder at most.
ALONE = [
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
]
INSIDE = 'mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" && exec chroot "$@"'

ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "LC_ALL": "C.UTF-8",
    "LD_LIBRARY_PATH": "",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}

# A newer program of another supplier must not slip in because this machine uses that supplier.
PREFERENCES = """\
Package: *
Pin: release o=Debian,n=bookworm*
Pin-Priority: 990
"""

# What a package manager needs and a container does not.
WASTE = (
    "etc/apt/sources.list",
    "etc/hostname",
    "etc/resolv.conf",
    "run",
    "usr/share/doc",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/man",
    "var/cache/apt",
    "var/cache/debconf/config.dat-old",
    "var/cache/debconf/templates.dat-old",
    "var/cache/ldconfig/aux-cache",
    "var/lib/apt/lists",
    "var/lib/dpkg/status-old",
    "var/lib/dpkg/available-old",
    "var/log/alternatives.log",
    "var/log/apt",
    "var/log/bootstrap.log",
    "var/log/dpkg.log",
)
EMPTY = (
    "run/lock",
    "var/cache/apt/archives/partial",
    "var/lib/apt/lists/partial",
    "var/log/apt",
)


def bootstrap(root: Path, toolchain: Toolchain) -> None:
    """Make a minimal Debian 12 in *root*, from the mirror this machine's apt uses."""
    words = [toolchain.path("debootstrap"), "--variant=minbase", RELEASE, root, mirror()]
    run(
        [*ALONE, *words],
        env={**toolchain.env(), **_proxies()},
        what="the Debian base image could not be made",
        do="If the network failed, `make up` tries again",
    )
    _sweep(root)


def install(root: Path, packages: tuple[str, ...]) -> None:
    """Add Debian packages to *root*: fetched by this machine's apt, installed by the root's."""
    archives = root / "tmp" / "archives"
    (archives / "partial").mkdir(parents=True)
    preferences = archives / "preferences"
    preferences.write_text(PREFERENCES)
    options = [
        f"Dir::State::status={root}/var/lib/dpkg/status",
        f"Dir::State::extended_states={root}/var/lib/apt/extended_states",
        f"Dir::Cache::archives={archives}",
        "Dir::Cache::pkgcache=",
        "Dir::Cache::srcpkgcache=",
        f"Dir::Etc::preferences={preferences}",
        "Dir::Etc::preferencesparts=/dev/null",
        "APT::Architecture=amd64",
        "APT::Install-Recommends=0",
        "APT::Sandbox::User=root",
        "Debug::NoLocking=1",
    ]
    words = [word for option in options for word in ("-o", option)]
    fetch = ["apt-get", *words, "--yes", "--quiet", "--download-only", "install", *packages]
    run(
        fetch,
        what=f"Debian's {', '.join(packages)} could not be downloaded",
        do="Type `apt-get update`, then `make up` again",
    )
    here = [f"/tmp/archives/{path.name}" for path in sorted(archives.glob("*.deb"))]  # noqa: S108
    inside(root, ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *here])
    shutil.rmtree(archives)
    _sweep(root)


def inside(root: Path, command: list[str]) -> str:
    """Run a program of *root* in it, with devices and processes of its own."""
    return run(
        [*ALONE, "sh", "-c", INSIDE, "inside", root, *command],
        env=ENVIRONMENT,
        what=f"{command[0]} failed in an image that was being made",
    )


def add_user(root: Path, name: str, number: int, home: str) -> None:
    """Add a user and a group of the same number, who cannot log in."""
    with (root / "etc/passwd").open("a") as users:
        users.write(f"{name}:x:{number}:{number}::{home}:/usr/sbin/nologin\n")
    with (root / "etc/group").open("a") as groups:
        groups.write(f"{name}:x:{number}:\n")


def own(path: Path, number: int, mode: int) -> None:
    """Make a folder that belongs to a user of the image."""
    path.mkdir(parents=True, exist_ok=True)
    os.chown(path, number, number)
    path.chmod(mode)


def mirror() -> str:
    """Return where this machine's apt finds Debian 12."""
    form = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    targets = attempt(["apt-get", "indextargets", "--format", form, "Created-By: Packages"]).stdout
    for line in targets.splitlines():
        mirror, release, component = line.split()
        if (release, component) == (RELEASE, "main"):
            return mirror
    raise Refusal(
        "this machine's apt knows no Debian 12",
        f"none of its sources offers {RELEASE} main, of which the images are made",
        "Add it below /etc/apt/sources.list.d and type `apt-get update`",
    )


def _proxies() -> dict[str, str]:
    """Return the proxies this machine's apt uses, as other programs are told them."""
    words = ["apt-config", "shell"]
    for scheme in ("http", "https"):
        words += [f"{scheme}_proxy", f"Acquire::{scheme}::Proxy"]
    lines = attempt(words).stdout.splitlines()
    found = (line.split("=", 1) for line in lines if "=" in line)
    return {name: value.strip("'") for name, value in found}


def _sweep(root: Path) -> None:
    for name in WASTE:
        path = root / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for name in EMPTY:
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "run/lock").chmod(0o1777)
