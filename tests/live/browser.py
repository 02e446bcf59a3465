"""A real browser that may trust the sandbox's authority; nothing else about it is special."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

# Debian's browser and the tool that gives it an authority; not part of what `make up` needs.
PROGRAMS = {"chromium": "chromium", "certutil": "libnss3-tools"}

# Nothing of the browser's own may leave this machine while it is driven.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def install() -> None:
    """Install the browser with apt unless it is there."""
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if not missing:
        return
    print(f"installing {' and '.join(missing)} with apt for the browser tests", flush=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing],
    ):
        done = subprocess.run(command, env=quiet, check=False, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


@contextmanager
def browser(
    home: Path, authority: Path | None = None, words: Sequence[str] = ()
) -> Generator[BrowserContext]:
    """Open a browser whose profile is below *home* and that trusts *authority* (a PEM file).

    *words* are more of its command line.
    """
    if authority:
        _trust(home, authority)
    environment: dict[str, str | float | bool] = {**os.environ, "HOME": str(home)}
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(home / "profile"),
            executable_path=shutil.which("chromium"),
            args=[*QUIET, *words],
            env=environment,
            viewport={"width": 1280, "height": 900},
        )
        try:
            yield context
        finally:
            context.close()


def _trust(home: Path, authority: Path) -> None:
    for database in (home / ".pki" / "nssdb", home / ".local" / "share" / "pki" / "nssdb"):
        database.mkdir(parents=True)
        _certutil(database, "-N", "--empty-password")
        _certutil(database, "-A", "-t", "C,,", "-n", "sandbox", "-i", str(authority))


def _certutil(database: Path, *words: str) -> None:
    subprocess.run(["certutil", "-d", f"sql:{database}", *words], check=True, capture_output=True)


if __name__ == "__main__":
    install()
