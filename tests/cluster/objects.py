"""Kubernetes objects as short as the tests need them."""

from __future__ import annotations

from sandbox.cluster.kinds import (
    Claim,
    HttpPath,
    Ingress,
    Labels,
    Namespace,
    Pod,
    Policy,
    PolicySpec,
    Service,
    Volume,
)


def pod(name: str, ip: str, namespace: str = "site", **labels: str) -> Pod:
    """Return a running pod."""
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"containers": []},
        "status": {"podIP": ip, "phase": "Running"},
    }


def space(name: str, **labels: str) -> Namespace:
    """Return a namespace."""
    found: Labels = {"kubernetes.io/metadata.name": name, **labels}
    return {"metadata": {"name": name, "labels": found}}


def policy(spec: PolicySpec, namespace: str = "site") -> Policy:
    """Return a NetworkPolicy."""
    return {"metadata": {"name": "policy", "namespace": namespace}, "spec": spec}


def service(name: str, ip: str = "10.96.0.5", namespace: str = "site", **ports: int) -> Service:
    """Return a Service."""
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "clusterIP": ip,
            "ports": [{"name": label, "port": number} for label, number in ports.items()],
        },
        "status": {},
    }


def path(name: str, port: int | str = 80, at: str = "/", kind: str = "Prefix") -> HttpPath:
    """Return a path of an Ingress that leads to a Service."""
    return {
        "path": at,
        "pathType": kind,
        "backend": {
            "service": {
                "name": name,
                "port": {"number": port} if isinstance(port, int) else {"name": port},
            }
        },
    }


def ingress(host: str, *paths: HttpPath, name: str = "site", born: str = "2026-01-01") -> Ingress:
    """Return an Ingress of one host."""
    return {
        "metadata": {"name": name, "namespace": "site", "creationTimestamp": born},
        "spec": {
            "ingressClassName": "sandbox",
            "rules": [{"host": host, "http": {"paths": [*paths]}}],
        },
        "status": {},
    }


def claim(uid: str = "1", node: str = "node", phase: str = "Pending") -> Claim:
    """Return a claim whose pod is scheduled."""
    return {
        "metadata": {
            "name": "data",
            "namespace": "site",
            "uid": uid,
            "annotations": {
                "volume.kubernetes.io/storage-provisioner": "openvault.sandbox/local",
                "volume.kubernetes.io/selected-node": node,
            },
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": "standard",
        },
        "status": {"phase": phase},
    }


def volume(name: str, phase: str, by: str = "openvault.sandbox/local") -> Volume:
    """Return a volume."""
    return {
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": by}},
        "spec": {"persistentVolumeReclaimPolicy": "Delete"},
        "status": {"phase": phase},
    }
