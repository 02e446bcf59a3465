"""Whether a cluster is ready for something new."""

from sandbox.plugins.rancher2.client import PAUSE, Rancher
from sandbox.plugins.rancher2.errors import RancherError, RefusedError
from sandbox.plugins.rancher2.waiting import duration
from sandbox.plugins.values import tables

# What Rancher's clusters are called "active" by; `Ready` is another matter.
CONDITION = "Updated"

# How long a cluster may say that it is not, before that is taken for final.
PATIENCE = 120.0


def require_active(rancher: Rancher, cluster: str, what: str, *, wait: bool, limit: float) -> None:
    """Raise unless *cluster* is active, after waiting for it if the program says so."""
    is_active, _ = _look(rancher, cluster)
    if is_active:
        return
    if not wait:
        raise RancherError(f"[ERROR] Creating {what}: Cluster ID {cluster} is not active")
    deadline = rancher.clock.now() + limit
    patience = rancher.clock.now() + PATIENCE
    while True:
        is_active, message = _look(rancher, cluster)
        if is_active:
            return
        now = rancher.clock.now()
        if message is not None and now >= patience:
            fault = f"Cluster ID {cluster}: {message}"
        elif now >= deadline:
            fault = f"timeout while waiting for state to become 'active' ({duration(limit)})"
        else:
            rancher.clock.sleep(PAUSE)
            continue
        raise RancherError(f"[ERROR] waiting for cluster ID ({cluster}) to be active: {fault}")


def cluster_of(project: str) -> str:
    """Return the cluster's part of a project's id."""
    cluster, colon, _ = project.partition(":")
    if not colon or not cluster:
        raise RancherError("[ERROR] Cluster id is nil")
    return cluster


def _look(rancher: Rancher, cluster: str) -> tuple[bool, str | None]:
    """Return whether it is active, and what it says if it says that it is not."""
    management = rancher.management()
    try:
        found = management.by_id("cluster", cluster)
    except RefusedError as error:
        if error.is_gone:
            raise RancherError(f"[ERROR] Cluster ID {cluster} not found or is forbidden") from error
        raise
    for condition in tables(found.get("conditions")):
        if condition.get("type") == CONDITION:
            if condition.get("status") == "True":
                return True, None
            if condition.get("status") == "False":
                return False, condition.get("message") or ""
    return False, None
