"""A namespace of a running sandbox, spoken to as a person would: by kubectl."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox import toolchain
from sandbox.instance import Instance

Manifest = dict[str, Any]

UNPRIVILEGED: Manifest = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
}


@dataclass(frozen=True)
class Namespace:
    """A namespace made for one test."""

    instance: Instance
    name: str

    def kubectl(
        self, *argv: str, stdin: str = "", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl in the namespace."""
        tools = toolchain.locate(self.instance.cache)
        assert tools, "the sandbox is up, so its toolchain is in the cache"
        return subprocess.run(
            [
                tools.path("kubectl"),
                f"--kubeconfig={self.instance.kubeconfig}",
                f"--namespace={self.name}",
                *argv,
            ],
            input=stdin,
            capture_output=True,
            text=True,
            check=check,
        )

    def apply(self, *manifests: Manifest) -> None:
        """Create or change objects."""
        for manifest in manifests:
            self.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))

    def get(self, *argv: str) -> Manifest:
        """Return an object."""
        return json.loads(self.kubectl("get", *argv, "-o", "json").stdout)

    def wait(self, condition: str, what: str) -> None:
        """Wait until an object is in a condition."""
        self.kubectl("wait", f"--for={condition}", what, "--timeout=60s")

    def sh(self, pod: str, script: str) -> subprocess.CompletedProcess[str]:
        """Run a shell script in a pod, whatever comes of it."""
        return self.kubectl("exec", pod, "--", "sh", "-c", script, check=False)

    def python(self, pod: str, script: str) -> subprocess.CompletedProcess[str]:
        """Run Python in a pod, whatever comes of it."""
        return self.kubectl("exec", pod, "--", "python3", "-c", script, check=False)

    def pod(self, name: str, **changes: Any) -> Manifest:
        """Return a pod that waits to be used, without any right."""
        spec: Manifest = {
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [self.container(changes.pop("command", ["sleep", "infinity"]))],
        }
        labels = changes.pop("labels", {"app": name})
        mounts = changes.pop("volumeMounts", [])
        if mounts:
            spec["containers"][0]["volumeMounts"] = mounts
        security = changes.pop("securityContext", {})
        spec["securityContext"].update(security)
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": labels},
            "spec": {**spec, **changes},
        }

    def container(self, command: list[str]) -> Manifest:
        """Return a container that has Python and a shell."""
        return {
            "name": "main",
            "image": f"{self.instance.registry}/sandbox/python:3.11",
            "command": command,
            "securityContext": UNPRIVILEGED,
        }


def eventually(holds: Callable[[], bool], what: str, seconds: float = 20) -> float:
    """Wait until *holds*; return how long it took."""
    start = time.monotonic()
    while not holds():
        assert time.monotonic() - start < seconds, f"{what}: not so after {seconds:.0f} s"
        time.sleep(0.1)
    return time.monotonic() - start
