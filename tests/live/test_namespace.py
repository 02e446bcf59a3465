"""The forbidden, tried from inside: who reaches whom, and how much of the cluster one may take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.live.platform import Platform, eventually

pytestmark = pytest.mark.live

SERVICES = ("db:5432", "ov-frontend:80", "ov-nginx:80", "ov-wag:80")

# Who asks, and all it reaches.
REACHED: Mapping[str, set[str]] = {
    "statefulset/db": set(),
    "deployment/jumpbox": {"db:5432"},
    "deployment/ov-frontend": {"ov-wag:80"},
    "deployment/ov-nginx": {"ov-frontend:80", "ov-wag:80"},
    "deployment/ov-wag": {"db:5432"},
}

# Opens a connection to each target at once, and prints those that were accepted.
TRY = """\
try() { timeout 3 bash -c "exec 3<>/dev/tcp/${1%:*}/${1##*:}" 2>/dev/null && echo "$1"; }
for target; do try "$target" & done
wait
"""

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def pod(platform: Platform, name: str, resources: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pod of the jumpbox's image that waits."""
    (box,) = platform.objects("deployments", "--field-selector", "metadata.name=jumpbox")
    container = {
        "name": name,
        "image": box["spec"]["template"]["spec"]["containers"][0]["image"],
        "command": ["sleep", "infinity"],
        "resources": resources,
        "securityContext": RESTRICTED,
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def reached(platform: Platform, who: str, targets: set[str], *, stack: str = "ov-demo") -> set[str]:
    """Return which of *targets* accept a connection from *who*."""
    words = ("exec", who, "--", "bash", "-c", TRY, "bash", *sorted(targets))
    return set(platform.run("kubectl", "-n", stack, *words, check=False).stdout.split())


@pytest.mark.parametrize("who", REACHED)
def test_a_pod_reaches_whom_it_has_to_ask_and_nobody_else(platform: Platform, who: str) -> None:
    node, name = platform.instance.node_ip, who.partition("/")[2]
    outside = {f"{node}:5000", f"{node}:6443", "kubernetes.default:443"}
    # Nobody can keep a pod from reaching itself.
    others = {each for each in SERVICES if not each.startswith(f"{name}:")}

    assert reached(platform, who, others | outside) == REACHED[who]


def test_names_are_known_inside(platform: Platform) -> None:
    words = ("exec", "deployment/jumpbox", "--", "getent", "hosts", "ov-nginx")

    assert platform.kubectl(*words).split()[1] == "ov-nginx.ov-demo.svc.cluster.local"


@pytest.fixture
def stranger(platform: Platform, tmp_path: Path) -> Iterator[str]:
    """Return a pod of another namespace."""
    file = tmp_path / "stranger.json"
    file.write_text(json.dumps(pod(platform, "stranger", {})))
    platform.kubectl("apply", "-f", str(file), stack="default")
    platform.kubectl("wait", "--for=condition=Ready", "pod/stranger", stack="default")
    yield "pod/stranger"
    platform.kubectl("delete", "pod", "stranger", "--wait=false", stack="default")


def test_a_stranger_reaches_nobody(platform: Platform, stranger: str) -> None:
    services = {each.replace(":", ".ov-demo:") for each in SERVICES}
    node = f"{platform.instance.node_ip}:5000"

    # It is no policy of its own that keeps it: the registry answers.
    assert reached(platform, stranger, services | {node}, stack="default") == {node}


def refusal(platform: Platform, tmp_path: Path, manifest: Mapping[str, Any]) -> str:
    """Return why the cluster does not want an object."""
    file = tmp_path / "refused.json"
    file.write_text(json.dumps(manifest))
    words = ("kubectl", "-n", "ov-demo", "create", "-f", str(file), "--dry-run=server")
    done = platform.run(*words, check=False)
    assert done.returncode != 0
    return done.stderr


def test_a_container_that_may_take_more_than_any_of_ours_is_refused(
    platform: Platform, tmp_path: Path
) -> None:
    huge = pod(platform, "huge", {"limits": {"memory": "4Gi"}})

    assert "maximum memory usage per Container is 1Gi" in refusal(platform, tmp_path, huge)


def test_a_pod_that_wants_the_others_share_is_refused(platform: Platform, tmp_path: Path) -> None:
    greedy = pod(platform, "greedy", {"requests": {"cpu": "2"}})

    assert "exceeded quota" in refusal(platform, tmp_path, greedy)


def test_a_second_public_door_is_refused(platform: Platform, tmp_path: Path) -> None:
    door = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "door"},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 8888}]},
    }

    assert "services.loadbalancers=1" in refusal(platform, tmp_path, door)


def test_a_pod_that_is_not_restricted_is_refused(platform: Platform, tmp_path: Path) -> None:
    root = pod(platform, "root", {})
    del root["spec"]["containers"][0]["securityContext"]

    assert 'violates PodSecurity "restricted' in refusal(platform, tmp_path, root)


def test_a_service_that_is_made_anew_is_found_again(platform: Platform, tmp_path: Path) -> None:
    (service,) = platform.objects("services", "--field-selector", "metadata.name=ov-frontend")
    old = service["spec"].pop("clusterIP")
    service["spec"].pop("clusterIPs")
    for key in ("uid", "resourceVersion", "creationTimestamp"):
        service["metadata"].pop(key)
    file = tmp_path / "service.json"
    file.write_text(json.dumps(service))

    platform.kubectl("delete", "service", "ov-frontend")
    eventually("the friendly page", lambda: platform.curl(platform.site)[0] == 503, seconds=30)
    platform.kubectl("create", "-f", str(file))
    eventually("the site", lambda: platform.curl(platform.site)[0] == 200, seconds=30)
    (found,) = platform.objects("services", "--field-selector", "metadata.name=ov-frontend")

    assert found["spec"]["clusterIP"] != old


def test_a_proxy_that_starts_first_says_that_the_site_is_on_its_way(platform: Platform) -> None:
    behind = ("deployment/ov-frontend", "deployment/ov-wag")
    try:
        platform.kubectl("scale", "--replicas=0", *behind)
        # Those that leave would serve on for as long as a next one may take.
        who = "app.kubernetes.io/name in (ov-frontend, ov-wag)"
        platform.kubectl("delete", "pods", "-l", who, "--grace-period=1")
        platform.kubectl("rollout", "restart", "deployment/ov-nginx")
        platform.kubectl("rollout", "status", "deployment/ov-nginx", "--timeout=60s")
        for url in (platform.site, f"{platform.admin}/admin/"):
            eventually("nobody is behind it", lambda url=url: platform.curl(url)[0] == 503)
            _, answer = platform.curl(url, "--include")
            assert "retry-after: 10" in answer.lower()
            assert "Back in a moment" in answer
    finally:
        platform.kubectl("scale", "--replicas=1", *behind)

    for name in behind:
        platform.kubectl("rollout", "status", name, "--timeout=120s")
    eventually("the site", lambda: platform.curl(platform.site)[0] == 200, seconds=30)
