"""The stack's project in Rancher: its quotas, and who has which role in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import pulumi

from components import demand
from components.choices.rancher import Member, Rancher
from components.naming import MARK
from components.options import TIMEOUTS
from components.quota import Amounts, notes

# Rancher adds its own of these, of which the provider would make a change each time.
_ADDED = ["annotations", "labels"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectArgs:
    """The project as the settings want it."""

    wanted: Rancher


class Project(pulumi.ComponentResource):
    """Give a stack its place in Rancher, which is found again whatever becomes of an answer."""

    id: pulumi.Output[str]
    # What a namespace says so that it belongs to the project.
    membership: Mapping[str, pulumi.Input[str]]

    def __init__(
        self, name: str, args: ProjectArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Project", name, None, opts)
        wanted = args.wanted
        child = pulumi.ResourceOptions(parent=self, custom_timeouts=TIMEOUTS)
        kept = pulumi.ResourceOptions(
            protect=wanted.protect,
            # It was there before the stack.
            retain_on_delete=bool(wanted.adopted),
            # Without effect on one that the state knows already.
            import_=wanted.adopted or wanted.present or None,
            ignore_changes=_ADDED,
        )

        project = demand.rancher2.Project(
            name,
            name=wanted.name,
            cluster_id=wanted.cluster,
            description=wanted.description,
            annotations={MARK: name},
            resource_quota=_quota(wanted),
            container_resource_limit=_limits(wanted.limits),
            opts=pulumi.ResourceOptions.merge(child, kept),
        )
        for member in wanted.members:
            # Another role is another binding: nobody is without one in between.
            binding = f"{member.role}-{_mark(member)}"
            demand.rancher2.ProjectRoleTemplateBinding(
                binding,
                name=binding,
                project_id=project.id,
                role_template_id=member.role,
                group_principal_id=member.principal if member.is_group else None,
                user_principal_id=None if member.is_group else member.principal,
                opts=pulumi.ResourceOptions.merge(
                    child,
                    pulumi.ResourceOptions(
                        import_=wanted.bindings.get(binding),
                        ignore_changes=_ADDED,
                    ),
                ),
            )

        self.id = project.id
        self.membership = {
            "field.cattle.io/projectId": project.id,
            **notes(wanted.namespace_quota, wanted.limits),
        }
        self.register_outputs({"id": self.id})


def _mark(member: Member) -> str:
    return hashlib.sha256(member.principal.encode()).hexdigest()[:8]


def _quota(wanted: Rancher) -> demand.rancher2.ProjectResourceQuotaArgsDict | None:
    if not wanted.quota:
        return None
    return {
        "project_limit": cast(
            "demand.rancher2.ProjectResourceQuotaProjectLimitArgsDict", _snake(wanted.quota)
        ),
        "namespace_default_limit": cast(
            "demand.rancher2.ProjectResourceQuotaNamespaceDefaultLimitArgsDict",
            _snake(wanted.namespace_quota),
        ),
    }


def _limits(limits: Amounts) -> demand.rancher2.ProjectContainerResourceLimitArgsDict | None:
    if not limits:
        return None
    return cast("demand.rancher2.ProjectContainerResourceLimitArgsDict", _snake(limits))


def _snake(amounts: Amounts) -> dict[str, str]:
    return {re.sub(r"(?=[A-Z])", "_", key).lower(): value for key, value in amounts.items()}
