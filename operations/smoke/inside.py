"""What the cluster knows of the services, where whoever looks may ask it."""

from __future__ import annotations

import json
from typing import Any, cast

from operations.programs import said_by

_ASKED = ("get", "deployments,statefulsets", "-o", "json", "--request-timeout=10s")


def unready(context: str, namespace: str) -> list[str]:
    """Return the services that have fewer pods ready than the site needs; none if nobody knows."""
    if not context:
        return []
    done = said_by("kubectl", "--context", context, "--namespace", namespace, *_ASKED)
    if done is None or done.returncode:
        return []
    found = cast("list[dict[str, Any]]", json.loads(done.stdout)["items"])
    return [each["metadata"]["name"] for each in found if not each["status"].get("readyReplicas")]
