"""The control plane: etcd, and what Kubernetes runs above it."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from pathlib import Path

from sandbox.cluster import network
from sandbox.cluster.environment import Programs
from sandbox.instance import Instance
from sandbox.process import Processes

ETCD = "http://127.0.0.1:2379"
ETCD_PEER = "http://127.0.0.1:2380"


def up(instance: Instance, processes: Processes, toolchain: Programs) -> bool:
    """Start what does not run yet, wait until the API answers; return whether anything started."""
    changed = _etcd(instance, processes, toolchain)
    changed |= _api_server(instance, processes, toolchain)
    processes.wait_until("kube-apiserver", lambda: ready(instance), seconds=120)
    changed |= _controller_manager(instance, processes, toolchain)
    changed |= _scheduler(instance, processes, toolchain)
    return changed


def ready(instance: Instance) -> bool:
    """Tell whether the API server says that it is ready."""
    context = ssl.create_default_context(cafile=str(instance.ca))
    request = urllib.request.Request(f"{instance.api_server}/readyz")  # noqa: S310, https by name
    try:
        with urllib.request.urlopen(request, timeout=2, context=context) as answer:  # noqa: S310
            return answer.status == http.client.OK
    except (urllib.error.URLError, OSError, http.client.HTTPException):
        return False


def _etcd(instance: Instance, processes: Processes, toolchain: Programs) -> bool:
    data = instance.state / "etcd"
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    return processes.start(
        "etcd",
        [
            toolchain.path("etcd"),
            f"--name={network.NODE}",
            f"--data-dir={data}",
            f"--listen-client-urls={ETCD}",
            f"--advertise-client-urls={ETCD}",
            f"--listen-peer-urls={ETCD_PEER}",
            f"--initial-advertise-peer-urls={ETCD_PEER}",
            f"--initial-cluster={network.NODE}={ETCD_PEER}",
            "--auto-compaction-mode=periodic",
            "--auto-compaction-retention=1h",
            "--logger=zap",
            "--log-level=warn",
        ],
    )


def _api_server(instance: Instance, processes: Processes, toolchain: Programs) -> bool:
    pki = instance.pki
    files = {
        "client-ca-file": pki / "ca.crt",
        "tls-cert-file": pki / "apiserver.crt",
        "tls-private-key-file": pki / "apiserver.key",
        "kubelet-certificate-authority": pki / "ca.crt",
        "kubelet-client-certificate": pki / "apiserver-kubelet.crt",
        "kubelet-client-key": pki / "apiserver-kubelet.key",
        "service-account-key-file": pki / "sa.pub",
        "service-account-signing-key-file": pki / "sa.key",
        "requestheader-client-ca-file": pki / "ca.crt",
        "proxy-client-cert-file": pki / "front-proxy.crt",
        "proxy-client-key-file": pki / "front-proxy.key",
    }
    return processes.start(
        "kube-apiserver",
        [
            toolchain.path("kube-apiserver"),
            f"--advertise-address={instance.node_ip}",
            f"--bind-address={instance.node_ip}",
            "--secure-port=6443",
            f"--etcd-servers={ETCD}",
            f"--service-cluster-ip-range={network.SERVICES}",
            f"--service-account-issuer=https://kubernetes.default.svc.{network.DOMAIN}",
            "--kubelet-preferred-address-types=InternalIP,Hostname",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            "--enable-aggregator-routing=true",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            *(f"--{flag}={path}" for flag, path in files.items()),
        ],
        configuration=sorted(set(files.values())),
    )


def _controller_manager(instance: Instance, processes: Processes, toolchain: Programs) -> bool:
    kubeconfig = instance.pki / "controller-manager.conf"
    files = {
        "root-ca-file": instance.ca,
        "service-account-private-key-file": instance.pki / "sa.key",
        "cluster-signing-cert-file": instance.ca,
        "cluster-signing-key-file": instance.pki / "ca.key",
    }
    return processes.start(
        "kube-controller-manager",
        [
            toolchain.path("kube-controller-manager"),
            *_authenticated(kubeconfig),
            "--use-service-account-credentials=true",
            "--allocate-node-cidrs=true",
            f"--cluster-cidr={network.PODS}",
            f"--service-cluster-ip-range={network.SERVICES}",
            *(f"--{flag}={path}" for flag, path in files.items()),
        ],
        configuration=sorted({kubeconfig, *files.values()}),
    )


def _scheduler(instance: Instance, processes: Processes, toolchain: Programs) -> bool:
    kubeconfig = instance.pki / "scheduler.conf"
    return processes.start(
        "kube-scheduler",
        [toolchain.path("kube-scheduler"), *_authenticated(kubeconfig)],
        configuration=[kubeconfig],
    )


def _authenticated(kubeconfig: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
    ]
