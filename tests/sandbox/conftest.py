"""What the tests of coming and going start from: a machine without this sandbox."""

from __future__ import annotations

import pytest

from tests.sandbox.machine import Snapshot, sandbox


@pytest.fixture(scope="session")
def before() -> Snapshot:
    """Return the machine as it was before this run brought anything up."""
    down = sandbox("down", "--yes")
    assert down.returncode == 0, down.stdout + down.stderr
    return Snapshot.taken()
