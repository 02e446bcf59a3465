"""Rancher's kinds of objects, as a client of the API server knows them."""

from __future__ import annotations

import subprocess
import sys

from sandbox.instance import CHECKOUT


def test_who_brings_rancher_up_knows_its_kinds() -> None:
    # In a process of its own: here the tests themselves have imported them.
    code = (
        "import sandbox.rancher; from lightkube.core.resource_registry import resource_registry;"
        "print(resource_registry.load('management.cattle.io/v3', 'Cluster').__name__)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )

    assert done.stdout == "Cluster\n", done.stderr
