"""What the cluster knows of the services, where whoever looks may ask it."""

from __future__ import annotations

import json
import subprocess
from typing import Any, cast

_ASKED = ("get", "deployments,statefulsets", "-o", "json", "--request-timeout=10s")


def unready(context: str, namespace: str) -> list[str]:
    """Return the services that have fewer pods ready than the site needs; none if nobody knows."""
    if not context:
        return []
    try:
        done = subprocess.run(
            ["kubectl", "--context", context, "--namespace", namespace, *_ASKED],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return []
    if done.returncode:
        return []
    found = cast("list[dict[str, Any]]", json.loads(done.stdout)["items"])
    return [each["metadata"]["name"] for each in found if not each["status"].get("readyReplicas")]
