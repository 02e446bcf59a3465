"""The Rancher that a stack is under: whether it is reached, knows us, and lets us do our part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from urllib.parse import quote

from components import answers
from components.answers import Document, NoAnswerError, Server, Trouble
from components.naming import PROJECT
from operations.doctor.finding import Finding, Patient
from operations.programs import last_words, said_by

# Days in which somebody makes another token, even over a holiday.
SOON = 14


def examine(patient: Patient) -> Iterator[Finding]:
    """Yield findings in the order in which they depend on one another; stop where one fails."""
    url = patient.text("rancherUrl")
    if not url:
        yield Finding(name="rancher", said="the settings name none (rancherUrl)")
        return
    asked = _Asked(
        url=url.rstrip("/"),
        cluster=patient.text("rancherCluster"),
        stack=patient.stack,
        patient=patient,
    )
    there = asked.address()
    yield there
    if not there.well:
        return
    token = _token(patient.stack)
    if isinstance(token, Finding):
        yield token
        return
    yield from asked.known(token)


def _token(stack: str) -> str | Finding:
    """Return the stack's token, which goes to Rancher alone; or why there is none."""
    key = f"{PROJECT}:rancherToken"
    quiet = ("--non-interactive", "--color", "never")
    done = said_by("pulumi", "config", "get", key, "--stack", stack, *quiet)
    if done is not None and done.returncode == 0 and done.stdout.strip():
        return done.stdout.strip()
    said = last_words(done) if done is not None and done.returncode else f"{key} is not set"
    return Finding(name="rancher token", said=said, do=(answers.again(stack),))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    url: str
    cluster: str
    stack: str
    patient: Patient

    def _server(self, token: str = "") -> Server:
        return Server(url=self.url, authority=self.patient.text("rancherCa"), token=token)

    def address(self) -> Finding:
        """Return whether somebody is there who can be told a token."""
        name = "rancher"
        try:
            self._server().ask("/ping")
        except NoAnswerError as error:
            return _found(name, self._explained(error))
        return Finding(name=name, said=f"{self.url} answers, with a certificate that is trusted")

    def _explained(self, error: NoAnswerError) -> Trouble:
        return answers.unanswered(error, url=self.url, cluster=self.cluster, stack=self.stack)

    def known(self, token: str) -> Iterator[Finding]:
        """Yield what Rancher says to whom the token is."""
        server = self._server(token)
        try:
            cluster = server.get(f"/v3/clusters/{quote(self.cluster, safe='')}")
        except NoAnswerError as error:
            what = "rancher token" if error.status == 401 else "rancher cluster"
            yield _found(what, self._explained(error))
            return
        yield self._lasts(server)
        away = answers.inactive(cluster, self.cluster, self.url)
        if away:
            yield _found("rancher cluster", away)
            return
        yield Finding(name="rancher cluster", said=f"{self.cluster} is active")
        yield from self._project(server)

    def _lasts(self, server: Server) -> Finding:
        """Return until when the token holds."""
        name, key = "rancher token", server.token.partition(":")[0]
        try:
            said = str(server.get(f"/v3/tokens/{quote(key, safe='')}").get("expiresAt") or "")
            ends = datetime.fromisoformat(said) if said else None
        except (NoAnswerError, ValueError):
            return Finding(name=name, said="it holds; Rancher does not say until when")
        if ends is None:
            return Finding(name=name, said="it holds, without an end")
        ends = ends if ends.tzinfo else ends.replace(tzinfo=UTC)
        days = (ends - datetime.now(UTC)).days
        until = f"it holds until {ends:%Y-%m-%d}, {days} days from now"
        if days >= SOON:
            return Finding(name=name, said=until)
        account = f"make another at {self.url}/dashboard/account, without a scope, then:"
        return Finding(name=name, said=until, do=(account, answers.again(self.stack)))

    def _project(self, server: Server) -> Iterator[Finding]:
        """Yield whether the stack's project is there, and ours to change."""
        name, adopted = "rancher project", self.patient.text("rancherProject")
        try:
            listed = server.listed("projects", clusterId=self.cluster)
        except NoAnswerError as error:
            yield _found(name, self._explained(error))
            return
        found, trouble = answers.chosen(listed, adopted=adopted, stack=self.stack)
        if trouble:
            yield _found(name, trouble)
            return
        where = answers.place(server, self.cluster, self.stack)
        if found is None:
            said, command = answers.missing(self.stack)
            # Before there is a namespace, there was no update.
            yield Finding(name=name, said=said, do=(command,) if where is not None else ())
            return
        told = list(
            answers.changed(
                found,
                name=self.patient.text("rancherName") or self.stack,
                quota=_amounts(self.patient.settings.get("rancherQuota")),
                stack=self.stack,
                where=where,
            )
        )
        called = f"{found['id']} ({found['name']})"
        yield Finding(
            name=name,
            said="; ".join(said for said, _ in told) or called,
            do=tuple(dict.fromkeys(command for _, command in told)),
        )
        yield self._rights(found)

    def _rights(self, found: Document) -> Finding:
        """Return whether the token may change the project: only then Rancher says where to."""
        name, called = "rancher rights", f"project {found['id']}"
        if "update" in (found.get("links") or {}):
            return Finding(name=name, said=f"the token may change {called}")
        ask = f"ask at {self.url} for the role project-owner of it, or take somebody's who has it:"
        return Finding(
            name=name,
            said=f"the token may look at {called}, and not change it",
            do=(ask, answers.again(self.stack)),
        )


def _found(name: str, trouble: Trouble) -> Finding:
    return Finding(name=name, said=f"{trouble.what}: {trouble.why}", do=(trouble.command,))


def _amounts(given: object) -> Mapping[str, str]:
    if not isinstance(given, dict):
        return {}
    return {str(key): str(value) for key, value in cast("dict[object, object]", given).items()}
