"""How what runs in a cluster is, in a word and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from declared.pictures.graph import State
from declared.pictures.objects import Maker

Object = Mapping[str, Any]
Health = tuple[State, str]

# What a container waits for on its way up, and goes on from by itself.
_ON_ITS_WAY = frozenset({"ContainerCreating", "PodInitializing"})


def health(maker: Maker, pods: Sequence[Object]) -> Health:
    """Return how a maker is, of which these *pods* come."""
    if maker.kind == "Job":
        return _job(maker.object, pods)
    if maker.kind == "CronJob":
        return _recurring(maker.object, pods)
    return _served(maker.object, pods)


def _served(maker: Object, pods: Sequence[Object]) -> Health:
    status = maker.get("status", {})
    wanted = int(maker["spec"].get("replicas", 1))
    ready = int(status.get("readyReplicas", 0))
    said = f"{ready} of {wanted} ready"
    wrong = _wrong(pods)
    if wrong:
        return State.FAILING, f"{said}: {wrong}"
    if not wanted:
        return State.STOPPED, "stopped: 0 wanted"
    if ready < wanted:
        return State.STARTING, f"{said}: starting"
    if int(status.get("updatedReplicas", wanted)) < wanted:
        return State.STARTING, f"{said}: being replaced"
    return State.READY, said


def claim_health(claim: Object) -> Health:
    """Return how a volume is that was asked for."""
    phase = claim.get("status", {}).get("phase", "")
    if phase == "Bound":
        return State.READY, "bound"
    if phase == "Lost":
        return State.FAILING, "lost: its volume is gone"
    return State.STARTING, "not bound yet"


def _job(job: Object, pods: Sequence[Object]) -> Health:
    status = job.get("status", {})
    held = {each["type"] for each in status.get("conditions", []) if each["status"] == "True"}
    if "Failed" in held:
        return State.FAILING, "failed"
    if "Complete" in held:
        return State.READY, "done"
    if wrong := _wrong(pods):
        return State.FAILING, f"running: {wrong}"
    return State.STARTING, "running"


def _recurring(job: Object, pods: Sequence[Object]) -> Health:
    if job["spec"].get("suspend"):
        return State.STOPPED, "suspended"
    if wrong := _wrong(pods):
        return State.FAILING, wrong
    if last := job.get("status", {}).get("lastSuccessfulTime"):
        return State.READY, f"last done {datetime.fromisoformat(last):%Y-%m-%d %H:%M} UTC"
    return State.READY, "not due yet"


def _wrong(pods: Sequence[Object]) -> str:
    """Return what is wrong with the first pod that waiting alone does not help; "" if none is."""
    return next((said for pod in pods if (said := _trouble(pod))), "")


def _trouble(pod: Object) -> str:
    status = pod.get("status", {})
    if status.get("phase") == "Succeeded" or pod["metadata"].get("deletionTimestamp"):
        return ""
    if status.get("phase") == "Failed":
        return str(status.get("reason", "failed"))
    conditions = cast("Sequence[Object]", status.get("conditions", []))
    if any(each.get("reason") == "Unschedulable" for each in conditions):
        return "no node has room"
    return next((said for each in containers(pod) if (said := _stuck(each))), "")


def _stuck(container: Object) -> str:
    state = container.get("state", {})
    reason = str(state.get("waiting", {}).get("reason", ""))
    if reason and reason not in _ON_ITS_WAY:
        return reason
    if code := state.get("terminated", {}).get("exitCode"):
        return f"ended with code {code}"
    times = int(container.get("restartCount", 0))
    if times and not container.get("ready") and "running" in state:
        return f"started {times + 1} times, and not ready"
    return ""


def containers(pod: Object) -> Sequence[Object]:
    """Return what the cluster says of each container of a pod, those first that come first."""
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
