"""The cluster: whether it is reached, lets this person in, and shows the same time."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

import httpx

from operations.doctor.finding import Finding, Patient
from operations.programs import last_words, said_by
from operations.smoke.client import client

# What an update does, and with what.
VERBS = ("get", "create", "patch", "delete")
OBJECTS = (
    "configmaps",
    "cronjobs.batch",
    "deployments.apps",
    "ingresses.networking.k8s.io",
    "jobs.batch",
    "limitranges",
    "networkpolicies.networking.k8s.io",
    "persistentvolumeclaims",
    "poddisruptionbudgets.policy",
    "resourcequotas",
    "secrets",
    "services",
    "statefulsets.apps",
)

# Certificates and tokens are checked against the clock; so are the locks of a shared state.
SKEW = 60

_SOON = ("--request-timeout=10s",)

# By which words an API server says that it does not know who asks.
_LOGIN = re.compile(r"unauthorized|must be logged in|forbidden|expired|credential", re.IGNORECASE)


def examine(patient: Patient) -> Iterator[Finding]:
    """Yield findings in the order in which they depend on one another; stop where one fails."""
    context = patient.text("kubeContext")
    known = _context(context, patient.stack)
    yield known
    if not known.well:
        return
    answers = _answers(context)
    yield answers
    if answers.well:
        yield _permissions(context, patient.stack)
        yield _pods(context, patient.stack)


def _context(context: str, stack: str) -> Finding:
    """Return whether kubectl knows where the settings want to go."""
    name = "context"
    done = said_by("kubectl", "config", "get-contexts", "-o", "name")
    if done is None:
        return Finding(name=name, said="kubectl is missing", do=("install kubectl",))
    known = done.stdout.split()
    if context in known:
        return Finding(name=name, said=context)
    return Finding(
        name=name,
        said=f"{context or 'nothing'} (kubeContext) is none of {', '.join(known) or 'none at all'}",
        do=(
            f"pulumi config set kubeContext CONTEXT -s {stack}",
            "export KUBECONFIG=FILE    (if it is in another file)",
        ),
    )


def _answers(context: str) -> Finding:
    """Return whether the API server answers, and lets this person in."""
    name = "cluster"
    done = said_by("kubectl", "--context", context, "version", "-o", "json", *_SOON)
    if done is None:
        return Finding(name=name, said="kubectl is missing", do=("install kubectl",))
    if done.returncode == 0:
        server = cast("dict[str, Any]", json.loads(done.stdout)).get("serverVersion", {})
        return Finding(name=name, said=f"Kubernetes {server.get('gitVersion', 'answers')}")
    said = last_words(done)
    look = f"kubectl --context {context} get --raw /readyz"
    if _LOGIN.search(said):
        renew = "download a new kubeconfig from Rancher, or log in as your cluster wants it"
        return Finding(name="login", said=said, do=(renew, look))
    return Finding(name=name, said=said, do=(look, "see whether the network or VPN is up"))


def _permissions(context: str, namespace: str) -> Finding:
    asked = [(verb, what) for what in OBJECTS for verb in VERBS]

    def allowed(question: tuple[str, str]) -> bool:
        done = said_by("kubectl", "--context", context, "-n", namespace, "auth", "can-i", *question)
        return done is not None and done.stdout.strip() == "yes"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(allowed, asked))
    denied = [f"{verb} {what}" for (verb, what), yes in zip(asked, answers, strict=True) if not yes]
    name = "permissions"
    if not denied:
        return Finding(name=name, said=f"all that an update of {namespace} does")
    more = f" and {len(denied) - 4} more" if len(denied) > 4 else ""
    return Finding(
        name=name,
        said=f"not allowed: {', '.join(denied[:4])}{more}",
        do=(
            "ask for the role project-member or higher in Rancher, or for the cluster role edit",
            f"kubectl --context {context} -n {namespace} auth can-i --list",
        ),
    )


def _pods(context: str, namespace: str) -> Finding:
    """Return which pods are not ready, and why."""
    name = "pods"
    done = said_by("kubectl", "--context", context, "-n", namespace, "get", "pods", "-o", "json")
    if done is None or done.returncode:
        said = last_words(done) if done else "kubectl is missing"
        return Finding(name=name, said=said, do=(f"kubectl --context {context} get namespaces",))
    pods = cast("list[dict[str, Any]]", json.loads(done.stdout)["items"])
    sick = {pod["metadata"]["name"]: why for pod in pods if (why := _why(pod))}
    if not sick:
        return Finding(name=name, said=f"{len(pods)} are as they should be")
    first = next(iter(sick))
    return Finding(
        name=name,
        said="; ".join(f"{each}: {why}" for each, why in sick.items()),
        do=(
            f"kubectl --context {context} -n {namespace} describe pod {first}",
            f"kubectl --context {context} -n {namespace} logs {first} --all-containers --previous",
        ),
    )


def _why(pod: dict[str, Any]) -> str:
    """Return why a pod is not as it should be; "" if it is."""
    status = cast("dict[str, Any]", pod["status"])
    if status.get("phase") == "Succeeded" or pod["metadata"].get("deletionTimestamp"):
        return ""
    conditions = cast("Sequence[dict[str, Any]]", status.get("conditions", []))
    if any(each["type"] == "Ready" and each["status"] == "True" for each in conditions):
        return ""
    containers = cast(
        "Sequence[dict[str, Any]]",
        [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])],
    )
    waiting = [each["state"]["waiting"] for each in containers if "waiting" in each["state"]]
    reasons = [each["reason"] for each in waiting if each.get("reason") != "PodInitializing"]
    unscheduled = [each["message"] for each in conditions if each.get("reason") == "Unschedulable"]
    return ", ".join([*reasons, *unscheduled]) or f"{status.get('phase')}, and not ready"


def _anybody() -> ssl.SSLContext:
    """Return the trust that asking for the time needs: none, for nothing is told or believed.

    On a clock that is wrong, every certificate looks as if it had ended.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def clock(url: str, *, now: datetime | None = None) -> Finding:
    """Return whether this machine's clock agrees with a server's, which says its time."""
    name = "clock"
    try:
        with client(_anybody()) as browser:
            there = parsedate_to_datetime(browser.head(url).headers["Date"])
    except (httpx.HTTPError, OSError, KeyError, ValueError):
        return Finding(name=name, said=f"{url} does not say what time it is")
    apart = abs(((now or datetime.now(UTC)) - there).total_seconds())
    if apart <= SKEW:
        return Finding(name=name, said=f"within {SKEW} seconds of {httpx.URL(url).host}")
    return Finding(
        name=name,
        said=f"{apart:.0f} seconds apart from {httpx.URL(url).host}",
        do=("timedatectl set-ntp true", "date --utc"),
    )
