"""A Rancher asked, and what its answers mean in a person's words.

The program refuses with these words before it plans; `ov doctor` finds the same by them.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from typing import Any, cast
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

from components.naming import MARK
from components.quota import Amounts, same

# Seconds for one answer.
PATIENCE = 10

Document = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """What is in the way, why, and what to type."""

    what: str
    why: str
    command: str


class NoAnswerError(Exception):
    """An answer that is none, with its status; 0 without any answer."""

    def __init__(self, status: int, why: str, *, trusted: bool = True) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.trusted = trusted


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A Rancher, and as whom it is asked."""

    url: str
    # Certificates of those whose word is taken for its identity; the usual ones if empty.
    authority: str
    token: str = field(repr=False)

    def get(self, path: str) -> Document:
        """Return one document; raise `NoAnswerError` for every other answer."""
        try:
            return json.loads(self.ask(path))
        except ValueError as error:
            raise NoAnswerError(0, str(error)) from None

    def listed(self, what: str, **wanted: str) -> Sequence[Document]:
        """Return what Rancher has of a kind; it may leave a filter out that it does not know."""
        found: Sequence[Document] = self.get(f"/v3/{what}?{urlencode(wanted)}")["data"]
        return [each for each in found if wanted.items() <= each.items()]

    def ask(self, path: str) -> str:
        """Return the text at *path*; raise `NoAnswerError` for every other answer."""
        if not (self.token.isascii() and self.token.isprintable()):
            # What refuses it further down says it, too.
            raise NoAnswerError(HTTPStatus.UNAUTHORIZED, "it is not one line of plain letters")
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            # A redirection is no answer: whom it names would be told the token.
            with closing(self._connection()) as connection:
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                if answer.status != HTTPStatus.OK:
                    why = f"it says {answer.status} {answer.reason}"
                    raise NoAnswerError(answer.status, why)
                return str(answer.read(), "utf-8")
        except (OSError, HTTPException, ValueError) as error:
            trusted = not isinstance(error, ssl.SSLCertVerificationError)
            raise NoAnswerError(0, _why(error), trusted=trusted) from None

    def _connection(self) -> HTTPSConnection:
        """Return a connection, by way of the proxy that there may be."""
        address = urlsplit(self.url)
        there = address.hostname or "", address.port or 443
        trust = ssl.create_default_context(cadata=self.authority or None)
        proxy = urlsplit(getproxies().get("https", ""))
        if not proxy.hostname or proxy_bypass(there[0]):
            return HTTPSConnection(*there, timeout=PATIENCE, context=trust)
        connection = HTTPSConnection(
            proxy.hostname, proxy.port or 80, timeout=PATIENCE, context=trust
        )
        connection.set_tunnel(*there)
        return connection


def again(stack: str) -> str:
    """Return what to type for another token."""
    return f"pulumi config set --secret rancherToken -s {stack}    (it asks for it)"


def unanswered(error: NoAnswerError, *, url: str, cluster: str, stack: str) -> Trouble:
    """Return why *cluster* was asked for in vain."""
    if error.status == HTTPStatus.UNAUTHORIZED:
        return Trouble(
            what="Rancher does not accept the token (rancherToken)",
            why="it has expired, was deleted, or is for one cluster alone",
            command=f"{again(stack)}, after making another at {url}/dashboard/account, without a "
            "scope",
        )
    if error.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        return Trouble(
            what=f"Rancher shows no cluster {cluster} (rancherCluster)",
            why="there is none of that id, or the token (rancherToken) may not see it",
            command=f"pulumi config set rancherCluster ID -s {stack}, or {again(stack)}",
        )
    trust = f"pulumi config set rancherCa -s {stack} < ca.pem    (of whoever signed it)"
    return Trouble(
        what=f"Rancher at {url} (rancherUrl) does not answer",
        why=error.why,
        command=f"curl {url}/ping" if error.trusted else trust,
    )


def inactive(cluster: Document, name: str, url: str) -> Trouble | None:
    """Return why Rancher does nothing for a cluster; None if it does."""
    conditions = cast("Sequence[Document]", cluster.get("conditions") or [])
    updated = [each for each in conditions if each["type"] == "Updated"]
    if any(each["status"] == "True" for each in updated):
        return None
    said = ", ".join(each.get("message", "") for each in updated) or "it does not say why"
    return Trouble(
        what=f"Cluster {name} (rancherCluster) is not active in Rancher",
        why=f"{said}; quotas and roles would reach nobody",
        command=f"kubectl get pods -n cattle-system    (or look at {url})",
    )


def chosen(
    projects: Sequence[Document], *, adopted: str, stack: str
) -> tuple[Document | None, Trouble | None]:
    """Return the stack's project, the adopted one or the one that bears its mark; or trouble."""
    there = {str(each["id"]): each for each in projects}
    marked = [name for name, each in there.items() if _mark(each) == stack]
    if adopted:
        return there.get(adopted), _adoption(there, marked, adopted=adopted, stack=stack)
    if len(marked) > 1:
        return None, Trouble(
            what=f"Several projects in Rancher are marked as stack {stack}'s",
            why=" and ".join(f"{one} ({there[one]['name']})" for one in marked),
            command="kubectl get namespaces -L field.cattle.io/projectId    (delete in Rancher "
            "the project without namespaces)",
        )
    return (there[marked[0]] if marked else None), None


def _adoption(
    there: Mapping[str, Document], marked: Sequence[str], *, adopted: str, stack: str
) -> Trouble | None:
    """Return why a project cannot be adopted; None if it can."""
    if adopted not in there:
        return Trouble(
            what=f"Rancher shows no project {adopted} (rancherProject)",
            why="there is none of that id, or the token (rancherToken) may not see it",
            command=f"pulumi config set rancherProject ID -s {stack}",
        )
    others = [one for one in marked if one != adopted]
    if others:
        return Trouble(
            what=f"Stack {stack} has a project of its own, {others[0]}",
            why=f"it would be deleted for {adopted} (rancherProject)",
            command=f"pulumi config rm rancherProject -s {stack}",
        )
    return None


def missing(stack: str) -> tuple[str, str]:
    """Return what it means that the stack has no project, and what to type then."""
    said = (
        f"Rancher has no project of stack {stack}: the first update makes it. If there was one, "
        "somebody deleted it"
    )
    return said, f"pulumi up --refresh -s {stack}"


def place(server: Server, cluster: str, stack: str) -> str | None:
    """Return the project of the stack's namespace; None when there is no namespace."""
    try:
        space = server.get(f"/v3/cluster/{cluster}/namespaces/{stack}")
    except NoAnswerError:
        return None
    return space.get("projectId") or ""


def changed(
    found: Document, *, name: str, quota: Amounts, stack: str, where: str | None
) -> Iterator[tuple[str, str]]:
    """Yield what somebody changed in Rancher, and what to type; *where* the namespace is."""
    project, refresh = f"Project {found['id']}", f"pulumi up --refresh -s {stack}"
    if found["name"] != name:
        yield f"{project} is {found['name']!r} in Rancher, not {name!r}", refresh
    if found.get("state") == "removing":
        yield f"{project} is being deleted in Rancher", refresh
    if where not in (None, found["id"]):
        other = where or "no project"
        yield f"Namespace {stack} is in {other} in Rancher, not in {found['id']}", refresh
    live = amounts(found, "limit")
    if quota and not live:
        # A refresh does not notice it either: the next change of the project brings it back.
        yield (
            f"{project} has no quota in Rancher any more, if it had one",
            f"pulumi config set rancherDescription TEXT -s {stack}",
        )
    elif not same(quota, live):
        yield f"{project} has another quota in Rancher than the settings say", refresh


def amounts(project: Document, which: str) -> Amounts:
    """Return the project's quota (`limit`), or what its namespaces have of it (`usedLimit`)."""
    found = cast("Mapping[str, Amounts]", project.get("resourceQuota") or {})
    return found.get(which) or {}


def _mark(project: Document) -> str:
    annotations = cast("Mapping[str, str]", project.get("annotations") or {})
    return annotations.get(MARK, "")


def _why(reason: Exception) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted, see rancherCa ({reason})"
    if isinstance(reason, TimeoutError):
        return f"there was no answer in {PATIENCE} seconds"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror.lower()
    return str(reason)
