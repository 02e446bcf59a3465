"""The Rancher a stack is under, asked before anything is sent to it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from typing import Any, NoReturn, cast
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import pulumi

from components.choices.rancher import Rancher
from components.naming import MARK
from components.quota import Amounts, over, same
from components.settings import Settings

# Seconds for one answer.
PATIENCE = 10

_AGAIN = "pulumi config set --secret rancherToken -s {stack}    (it asks for it)"

Document = Mapping[str, Any]


class _RefusedError(Exception):
    """An answer that is none, with its status; 0 without any answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


def require_rancher(settings: Settings) -> Settings:
    """Refuse to go on unless Rancher can do its part; return the settings with what it has.

    Raises `pulumi.RunError` with what to type. What somebody changed in Rancher is told, and left
    to `pulumi up --refresh`, which the person may choose.
    """
    wanted, stack = settings.rancher, settings.namespace
    if wanted is None:
        return settings
    asked = _Asked(wanted=wanted, stack=stack)
    asked.require_cluster()
    found = asked.project()
    for problem in asked.changed(found):
        pulumi.log.warn(problem)
    there = replace(
        wanted,
        present=found["id"] if found else "",
        bindings=asked.bindings(found["id"]) if found else {},
    )
    return replace(settings, rancher=there)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    wanted: Rancher
    stack: str

    def require_cluster(self) -> None:
        """Refuse a Rancher that is not there, does not know us, or has lost the cluster."""
        wanted = self.wanted
        try:
            cluster = self._get(f"/v3/clusters/{wanted.cluster}")
        except _RefusedError as refused:
            self._explain(refused)
        conditions = cast("Sequence[Document]", cluster.get("conditions") or [])
        updated = [each for each in conditions if each["type"] == "Updated"]
        if not any(each["status"] == "True" for each in updated):
            said = ", ".join(each.get("message", "") for each in updated) or "it does not say why"
            _refuse(
                f"Cluster {wanted.cluster} (rancherCluster) is not active in Rancher",
                f"{said}; quotas and roles would reach nobody",
                f"kubectl get pods -n cattle-system    (or look at {wanted.url})",
            )

    def _explain(self, refused: _RefusedError) -> NoReturn:
        wanted, stack = self.wanted, self.stack
        if refused.status == HTTPStatus.UNAUTHORIZED:
            _refuse(
                "Rancher does not accept the token (rancherToken)",
                "it has expired, was deleted, or is for one cluster alone",
                f"{_AGAIN.format(stack=stack)}, after making another at {wanted.url}/dashboard/"
                "account, without a scope",
            )
        if refused.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            _refuse(
                f"Rancher shows no cluster {wanted.cluster} (rancherCluster)",
                "there is none of that id, or the token (rancherToken) may not see it",
                f"pulumi config set rancherCluster ID -s {stack}, or {_AGAIN.format(stack=stack)}",
            )
        _refuse(
            f"Rancher at {wanted.url} (rancherUrl) does not answer",
            refused.why,
            f"curl {wanted.url}/ping",
        )

    def project(self) -> Document | None:
        """Return the stack's project: the one that is adopted, or the one that bears its mark."""
        wanted, stack = self.wanted, self.stack
        listed = self._all("projects", clusterId=wanted.cluster)
        there = {each["id"]: each for each in listed}
        marked = [each["id"] for each in there.values() if _mark(each) == stack]
        if wanted.adopted:
            self._demand_adoptable(there, marked)
            return there[wanted.adopted]
        if len(marked) > 1:
            _refuse(
                f"Several projects in Rancher are marked as stack {stack}'s",
                " and ".join(f"{one} ({there[one]['name']})" for one in marked),
                "kubectl get namespaces -L field.cattle.io/projectId    (delete in Rancher the "
                "project without namespaces)",
            )
        return there[marked[0]] if marked else None

    def bindings(self, project: str) -> Mapping[str, str]:
        """Return the ids of a project's role bindings by name, which a lost state knows not."""
        listed = self._all("projectroletemplatebindings", projectId=project)
        return {each["name"]: each["id"] for each in listed}

    def _all(self, what: str, **wanted: str) -> Sequence[Document]:
        """Return what Rancher has of a kind; it may leave a filter out that it does not know."""
        try:
            found: Sequence[Document] = self._get(f"/v3/{what}?{urlencode(wanted)}")["data"]
        except _RefusedError as refused:
            self._explain(refused)
        return [each for each in found if wanted.items() <= each.items()]

    def _demand_adoptable(self, there: Mapping[str, Document], marked: Sequence[str]) -> None:
        adopted, stack = self.wanted.adopted, self.stack
        if adopted not in there:
            _refuse(
                f"Rancher shows no project {adopted} (rancherProject)",
                "there is none of that id, or the token (rancherToken) may not see it",
                f"pulumi config set rancherProject ID -s {stack}",
            )
        others = [one for one in marked if one != adopted]
        if others:
            _refuse(
                f"Stack {stack} has a project of its own, {others[0]}",
                f"it would be deleted for {adopted} (rancherProject)",
                f"pulumi config rm rancherProject -s {stack}",
            )

    def changed(self, found: Document | None) -> Iterator[str]:
        """Yield what is not in Rancher as it is in the settings, and what to type."""
        wanted, stack = self.wanted, self.stack
        again = f"    Type, to have it as the settings say: pulumi up --refresh -s {stack}"
        if found is None:
            yield (
                f"Rancher has no project of stack {stack}: the first update makes it. If there was "
                f"one, somebody deleted it.\n    Type, then: pulumi up --refresh -s {stack}"
            )
            return
        project = f"Project {found['id']}"
        if found["name"] != wanted.name:
            yield f"{project} is {found['name']!r} in Rancher, not {wanted.name!r}.\n{again}"
        if found.get("state") == "removing":
            yield f"{project} is being deleted in Rancher.\n{again}"
        place = self._place()
        if place not in (None, found["id"]):
            yield (
                f"Namespace {stack} is in {place or 'no project'} in Rancher, not in "
                f"{found['id']}.\n{again}"
            )
        live = _amounts(found, "limit")
        if wanted.quota and not live:
            # A refresh does not notice it either.
            yield (
                f"{project} has no quota in Rancher any more, if it had one.\n    The next change "
                f"of the project brings it back: pulumi config set rancherDescription TEXT "
                f"-s {stack}"
            )
        elif not same(wanted.quota, live):
            yield f"{project} has another quota in Rancher than the settings say.\n{again}"
        self._demand_unused(found)

    def _place(self) -> str | None:
        """Return the project of the stack's namespace; None when there is no namespace."""
        try:
            space = self._get(f"/v3/cluster/{self.wanted.cluster}/namespaces/{self.stack}")
        except _RefusedError:
            return None
        return space.get("projectId") or ""

    def _demand_unused(self, found: Document) -> None:
        """Refuse less quota than namespaces have been given of it."""
        quota = self.wanted.quota
        used = _amounts(found, "usedLimit")
        kept = {field: given for field, given in used.items() if field in quota}
        larger = over(quota, kept)
        if larger:
            _refuse(
                "The quota of the project (rancherQuota) cannot be less than its namespaces have",
                ", ".join(larger),
                f"pulumi config set --path rancherNamespaceQuota.FIELD AMOUNT -s {self.stack}, and "
                "pulumi up, before rancherQuota becomes smaller",
            )

    def _get(self, path: str) -> Document:
        headers = {"Authorization": f"Bearer {self.wanted.token}"}
        # A redirection is no answer: whom it names would be told the token.
        connection = self._connection()
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            if answer.status != HTTPStatus.OK:
                why = f"it says {answer.status} {answer.reason}"
                raise _RefusedError(answer.status, why)
            return json.load(answer)
        except (OSError, HTTPException, ValueError) as error:
            raise _RefusedError(0, _why(error)) from None
        finally:
            connection.close()

    def _connection(self) -> HTTPSConnection:
        """Return a connection, by way of the proxy that there may be."""
        address = urlsplit(self.wanted.url)
        there = address.hostname or "", address.port or 443
        trust = ssl.create_default_context(cadata=self.wanted.authority or None)
        proxy = urlsplit(getproxies().get("https", ""))
        if not proxy.hostname or proxy_bypass(there[0]):
            return HTTPSConnection(*there, timeout=PATIENCE, context=trust)
        connection = HTTPSConnection(
            proxy.hostname, proxy.port or 80, timeout=PATIENCE, context=trust
        )
        connection.set_tunnel(*there)
        return connection


def _mark(project: Document) -> str:
    annotations = cast("Mapping[str, str]", project.get("annotations") or {})
    return annotations.get(MARK, "")


def _amounts(project: Document, which: str) -> Amounts:
    found = cast("Mapping[str, Amounts]", project.get("resourceQuota") or {})
    return found.get(which) or {}


def _why(reason: object) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted, see rancherCa ({reason})"
    if isinstance(reason, TimeoutError):
        return f"there was no answer in {PATIENCE} seconds"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror.lower()
    return str(reason)


def _refuse(what: str, why: str, command: str) -> NoReturn:
    raise pulumi.RunError(f"{what}: {why}. Nothing was changed.\n    Type: {command}")
