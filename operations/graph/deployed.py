"""The objects of a deployed stack, as its cluster has them now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from declared.pictures.objects import Maker, Namespace
from declared.pictures.policies import matches
from operations.errors import Exit, Refused
from operations.programs import last_words, said_by

KINDS = (
    "deployments",
    "statefulsets",
    "jobs",
    "cronjobs",
    "pods",
    "services",
    "ingresses",
    "networkpolicies",
    "persistentvolumeclaims",
)

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deployed:
    """A namespace of a cluster, with the pods that run in it."""

    site: Namespace

    def pods(self, maker: Maker) -> Sequence[Object]:
        """Return the pods of a maker that are not on their way out; of a Job's, those of its own.

        They are told by labels: whoever made a pod by hand under these labels is among them, as
        it is for Services and NetworkPolicies.
        """
        spec = maker.object["spec"]
        selector = spec.get("selector") or {"matchLabels": maker.labels}
        return [
            each
            for each in self.site.all("Pod")
            if matches(selector, each["metadata"].get("labels", {}))
            and not each["metadata"].get("deletionTimestamp")
        ]


def deployed(context: str, stack: str) -> Deployed:
    """Return what the cluster at *context* has of *stack*; a Refused says why it is not known."""
    asked = ("get", ",".join(KINDS), "-o", "json", "--request-timeout=10s")
    done = said_by("kubectl", "--context", context, "--namespace", stack, *asked)
    if done is None:
        raise Refused(
            Exit.TOOLS,
            "kubectl is missing",
            "the picture is drawn from what kubectl reads in the cluster",
            "Install kubectl, then type the same again",
        )
    if done.returncode:
        raise Refused(
            Exit.UNREACHABLE,
            f"The cluster of {stack} does not say what it has",
            last_words(done).rstrip("."),
            f"See what is in the way: ./ov doctor --stack {stack} --offline",
        )
    found = cast("list[Object]", json.loads(done.stdout)["items"])
    site = Namespace(name=stack, objects=found)
    if not site.makers:
        raise Refused(
            Exit.MISSING,
            f"Nothing of {stack} is deployed",
            f"the namespace {stack} at {context} has no service in it",
            f"Deploy it first: pulumi up -s {stack}",
        )
    return Deployed(site)
