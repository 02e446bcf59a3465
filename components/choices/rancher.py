"""Under which Rancher a stack is, in which project of it, and whose that is."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from components import quota
from components.contract import Need
from components.endpoint import Address
from components.quota import Amounts
from components.reader import Reader

_CLUSTER = re.compile(r"local|c-[-a-z0-9]+")
_PROJECT = re.compile(r"[-a-z0-9]+:p-[a-z0-9]+")
_ROLE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_PRINCIPAL = re.compile(r"[a-z]+(_[a-z]+)?://\S+")
_TOKEN = 20

# What a directory calls several people.
_GROUPS = ("_group", "_org", "_team")


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A role in the project, and who has it."""

    principal: str
    role: str

    @property
    def is_group(self) -> bool:
        """Whether the principal is several people."""
        return self.principal.partition("://")[0].endswith(_GROUPS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rancher:
    """A stack's project in Rancher, as the settings want it."""

    url: str
    # Certificates of those whose word is taken for Rancher's identity; the usual ones if empty.
    authority: str
    token: str = field(repr=False)
    cluster: str
    # The project that was there before the stack, and stays when it goes.
    adopted: str
    # The project that bears this stack's mark, known once Rancher was asked.
    present: str = ""
    # Its role bindings there, by name.
    bindings: Mapping[str, str] = field(default_factory=dict[str, str])
    name: str
    description: str
    members: Sequence[Member]
    quota: Amounts
    namespace_quota: Amounts
    limits: Amounts
    protect: bool


def rancher(
    read: Reader, *, protect: bool, needs: Sequence[Need], volumes: Sequence[int]
) -> Rancher | None:
    """Return the project of the stack, into which its *needs* and *volumes* fit; or no Rancher."""
    absent = not read.text("rancherUrl")
    given = {key: read.text(key) for key in ("rancherToken", "rancherCa", "rancherProject")}
    cluster = read.text("rancherCluster")
    members = _members(read)
    limits = _amounts(read, "rancherLimits", quota.CONTAINER)
    whole = _amounts(read, "rancherQuota", tuple(quota.FIELDS))
    part = _amounts(read, "rancherNamespaceQuota", tuple(quota.FIELDS)) or whole
    description, name = read.text("rancherDescription"), read.text("rancherName") or read.stack
    if absent:
        return None
    read.secret("rancherToken", _TOKEN)
    cluster = read.matching("rancherCluster", "the id of a cluster", "local", _CLUSTER)
    if given["rancherProject"]:
        example = f"{cluster}:p-abcde"
        project = read.matching("rancherProject", "the id of a project", example, _PROJECT)
        if not project.startswith(f"{cluster}:"):
            read.refuse("rancherProject", f"a project of cluster {cluster}", example)
    if given["rancherCa"] and not _is_certificate(given["rancherCa"]):
        example = f"pulumi config set rancherCa -s {read.stack} < ca.pem"
        read.refuse("rancherCa", "a certificate in PEM", "", example)
    _demand_fit(read, whole, part, limits, quota.asked(needs, volumes, limits))
    _demand_limits(read, limits, needs)
    return Rancher(
        url=read.parsed("rancherUrl", "https:// and a host", "https://rancher.example.org", _url),
        authority=given["rancherCa"],
        token=given["rancherToken"],
        cluster=cluster,
        adopted=given["rancherProject"],
        name=name,
        description=description,
        members=members,
        quota=whole,
        namespace_quota=part,
        limits=limits,
        protect=protect,
    )


def _url(text: str) -> str | None:
    """Return the address without a path: the provider would leave one out, unasked."""
    address = Address.parse(text)
    return address.url if address and address.scheme == "https" else None


def _is_certificate(text: str) -> bool:
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        return False
    return True


def _members(read: Reader) -> Sequence[Member]:
    key = "rancherRoles"
    found: list[Member] = []
    for principal, given in read.object(key).items():
        roles = cast("list[object]", given) if isinstance(given, list) else [given]
        if _PRINCIPAL.fullmatch(principal) and all(_is_role(role) for role in roles):
            found += [Member(principal=principal, role=str(role)) for role in roles]
        else:
            read.say(
                f"{read.full(key)} has {principal!r} as {given!r}: a principal of Rancher's and "
                "the id of a role template, or a list of them, is needed",
                f"Type, for example: pulumi config set --path "
                f"'{key}[\"openldap_group://cn=archivists\"]' read-only -s {read.stack}",
            )
    return found


def _is_role(role: object) -> bool:
    return isinstance(role, str) and bool(_ROLE.fullmatch(role))


def _amounts(read: Reader, key: str, fields: Sequence[str]) -> Amounts:
    found: dict[str, str] = {}
    for field_, given in read.object(key).items():
        if field_ not in fields:
            read.entry(key, field_, f"there are only {', '.join(fields)}")
        elif quota.amount(field_, str(given)) is None:
            example = quota.spelled(field_, 500)
            read.entry(key, field_, f"{given!r} is not an amount as {example}", example)
        else:
            found[field_] = str(given)
    return found


def _demand_fit(
    read: Reader, whole: Amounts, part: Amounts, limits: Amounts, taken: Mapping[str, int]
) -> None:
    """Refuse quotas of different things, or smaller than what goes into them."""
    key = "rancherNamespaceQuota"
    if set(whole) != set(part):
        fields = ", ".join(sorted(set(whole) ^ set(part)))
        read.say(
            f"{read.full(key)} and {read.full('rancherQuota')} must limit the same, and only one "
            f"has {fields}",
            f"Type, to give the namespace all of it: pulumi config rm {key} -s {read.stack}",
        )
        return
    larger = quota.over(whole, part)
    if larger:
        read.say(
            f"{read.full(key)} is more than the whole project has: {', '.join(larger)}",
            f"Type, to give the namespace all of it: pulumi config rm {key} -s {read.stack}",
        )
    for field_, given in part.items():
        if field_ == "limitsCpu" and field_ not in limits:
            read.say(
                f"{read.full('rancherQuota')} limits limitsCpu, and no container here says its "
                "own: each would be refused",
                f"Type: pulumi config set --path rancherLimits.limitsCpu 1000m -s {read.stack}",
            )
        elif quota.short({field_: given}, taken):
            read.say(
                f"The pods of stack {read.stack} together ask for {field_} "
                f"{quota.spelled(field_, taken[field_])}, a roll-out included, and the quota of "
                f"their namespace is {given}",
                f"Type: pulumi config set --path "
                f"{'rancherNamespaceQuota' if read.object(key) else 'rancherQuota'}.{field_} "
                f"{quota.spelled(field_, taken[field_])} -s {read.stack}",
            )


def _demand_limits(read: Reader, limits: Amounts, needs: Sequence[Need]) -> None:
    """Refuse a usual limit of processor time below what a container of ours asks for."""
    most = max(need.cpu for need in needs)
    usual = quota.amount("limitsCpu", limits.get("limitsCpu", ""))
    if usual is not None and usual < most:
        read.entry(
            "rancherLimits",
            "limitsCpu",
            f"a container that asks for {most}m could not have a limit of {usual}m",
            f"{most}m",
        )
