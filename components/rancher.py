"""The Rancher a stack is under, asked before anything is sent to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import pulumi

from components import answers
from components.answers import Document, NoAnswerError, Server, Trouble
from components.choices.rancher import Rancher
from components.quota import over
from components.settings import Settings


def require_rancher(settings: Settings) -> Settings:
    """Refuse to go on unless Rancher can do its part; return the settings with what it has.

    Raises `pulumi.RunError` with what to type. What somebody changed in Rancher is told, and left
    to `pulumi up --refresh`, which the person may choose.
    """
    wanted, stack = settings.rancher, settings.namespace
    if wanted is None:
        return settings
    server = Server(url=wanted.url, authority=wanted.authority, token=wanted.token)
    asked = _Asked(wanted=wanted, stack=stack, server=server)
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
    server: Server

    def require_cluster(self) -> None:
        """Refuse a Rancher that is not there, does not know us, or has lost the cluster."""
        wanted = self.wanted
        try:
            cluster = self.server.get(f"/v3/clusters/{wanted.cluster}")
        except NoAnswerError as error:
            self._explain(error)
        _demand(answers.inactive(cluster, wanted.cluster, wanted.url))

    def _explain(self, error: NoAnswerError) -> NoReturn:
        wanted = self.wanted
        _refuse(answers.unanswered(error, url=wanted.url, cluster=wanted.cluster, stack=self.stack))

    def project(self) -> Document | None:
        """Return the stack's project: the one that is adopted, or the one that bears its mark."""
        listed = self._listed("projects", clusterId=self.wanted.cluster)
        found, trouble = answers.chosen(listed, adopted=self.wanted.adopted, stack=self.stack)
        _demand(trouble)
        return found

    def bindings(self, project: str) -> Mapping[str, str]:
        """Return the ids of a project's role bindings by name, which a lost state knows not."""
        listed = self._listed("projectroletemplatebindings", projectId=project)
        return {each["name"]: each["id"] for each in listed}

    def _listed(self, what: str, **wanted: str) -> Sequence[Document]:
        try:
            return self.server.listed(what, **wanted)
        except NoAnswerError as error:
            self._explain(error)

    def changed(self, found: Document | None) -> Iterator[str]:
        """Yield what is not in Rancher as it is in the settings, and what to type."""
        wanted, stack = self.wanted, self.stack
        if found is None:
            said, command = answers.missing(stack)
            yield f"{said}.\n    Type, then: {command}"
            return
        where = answers.place(self.server, wanted.cluster, stack)
        told = answers.changed(
            found, name=wanted.name, quota=wanted.quota, stack=stack, where=where
        )
        for said, command in told:
            yield f"{said}.\n    Type, to have it as the settings say: {command}"
        self._demand_unused(found)

    def _demand_unused(self, found: Document) -> None:
        """Refuse less quota than namespaces have been given of it."""
        quota = self.wanted.quota
        used = answers.amounts(found, "usedLimit")
        kept = {field: given for field, given in used.items() if field in quota}
        larger = over(quota, kept)
        if larger:
            _refuse(
                Trouble(
                    what="The quota of the project (rancherQuota) cannot be less than its "
                    "namespaces have",
                    why=", ".join(larger),
                    command="pulumi config set --path rancherNamespaceQuota.FIELD AMOUNT "
                    f"-s {self.stack}, and pulumi up, before rancherQuota becomes smaller",
                )
            )


def _demand(trouble: Trouble | None) -> None:
    if trouble:
        _refuse(trouble)


def _refuse(trouble: Trouble) -> NoReturn:
    raise pulumi.RunError(
        f"{trouble.what}: {trouble.why}. Nothing was changed.\n    Type: {trouble.command}"
    )
