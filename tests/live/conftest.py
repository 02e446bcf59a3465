"""What every test of the running platform starts from."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sandbox.instance import CHECKOUT
from tests.live.platform import Platform


@pytest.fixture(scope="session")
def platform() -> Platform:
    """Bring up the sandbox of this run if it is not up."""
    up = subprocess.run(
        [sys.executable, "-m", "sandbox", "up"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert up.returncode == 0, f"`make up` failed:\n{up.stdout}{up.stderr}"
    return Platform.of_this_run()
