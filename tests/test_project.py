"""The stack's project in Rancher, and the namespace that is in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.choices.rancher import Member
from declared.engine import Engine, Resource
from declared.stacks import ROOT, STACKS
from sandbox.rancher import quotas
from tests.rancherapi import CHOICES, TOKEN, FakeRancher, project
from tests.stacks import settled, up
from tests.wiring import faults

LIMITS = {"limitsCpu": "1000m", "requestsMemory": "64Mi"}


def under(there: FakeRancher | None = None, stack: str = "ov-demo", **changes: Any) -> Engine:
    """Return a run of the whole program with a Rancher."""
    with pytest.MonkeyPatch.context() as patch:
        (there or FakeRancher()).serve(patch)
        return up(stack, **{**CHOICES, **changes})


def made(engine: Engine) -> Resource:
    (found,) = (each for each in engine.seen if each.type == "rancher2:index/project:Project")
    return found


def notes(engine: Engine) -> dict[str, str]:
    (space,) = (each for each in engine.objects if each.kind == "Namespace")
    return space.inputs["metadata"]["annotations"]


@pytest.mark.parametrize("stack", STACKS)
def test_without_rancher_nothing_of_it_is_registered(stack: str) -> None:
    assert not [each.urn for each in settled(stack).seen if "rancher2" in each.type]
    assert not [key for key in notes(settled(stack)) if "cattle.io" in key]


def test_rancher_is_spoken_to_by_a_provider_of_its_own() -> None:
    engine = under()
    (provider,) = (each for each in engine.seen if each.type == "pulumi:providers:rancher2")

    assert provider.inputs["apiUrl"] == "https://rancher.example.org"
    assert provider.inputs["tokenKey"] == TOKEN
    assert provider.secret == {"tokenKey"}
    for each in engine.seen:
        if each.type.startswith("rancher2:"):
            assert each.provider.startswith(f"{provider.urn}::"), each.urn


def test_the_whole_stack_is_the_same_but_for_the_project(
    request: pytest.FixtureRequest,
) -> None:
    engine = under()
    golden = (ROOT / "tests" / "urns" / "ov-demo.txt").read_text().splitlines()

    seen = {each.urn for each in engine.seen}
    more = "".join(f"{urn}\n" for urn in sorted(seen - set(golden)))
    file = ROOT / "tests" / "urns" / "rancher.txt"
    if request.config.getoption("--update-urns"):
        file.write_text(more)

    assert faults(engine.objects) == []
    assert set(golden) <= seen
    assert more == file.read_text()


def test_the_namespace_belongs_to_the_project() -> None:
    assert notes(under())["field.cattle.io/projectId"] == "ov-demo-id"


def test_quota_and_limits_are_written_as_rancher_writes_them() -> None:
    quota = {"limitsCpu": "20000m", "pods": "60", "requestsCpu": "4"}
    said = notes(under(rancherQuota=quota, rancherLimits=LIMITS))

    assert said["field.cattle.io/resourceQuota"] == quotas.annotation(quota)
    assert said["field.cattle.io/containerDefaultResourceLimit"] == quotas.container_annotation(
        LIMITS
    )


def test_project_and_namespace_have_their_quotas() -> None:
    part = {"requestsCpu": "3000m", "limitsMemory": "20Gi"}
    engine = under(rancherNamespaceQuota=part, rancherLimits=LIMITS)

    assert made(engine).inputs["resourceQuota"] == {
        "projectLimit": CHOICES["rancherQuota"],
        "namespaceDefaultLimit": part,
    }
    assert made(engine).inputs["containerResourceLimit"] == LIMITS
    assert json.loads(notes(engine)["field.cattle.io/resourceQuota"]) == {"limit": part}


def test_without_quotas_nothing_is_said_of_them() -> None:
    engine = under(rancherQuota={})

    assert not {"resourceQuota", "containerResourceLimit"} & set(made(engine).inputs)
    assert "field.cattle.io/resourceQuota" not in notes(engine)


def test_what_rancher_adds_to_the_project_is_no_change() -> None:
    assert made(under()).ignored == ("annotations", "labels")


def test_a_project_bears_the_mark_of_its_stack() -> None:
    assert made(under()).inputs["annotations"] == {"openvault/stack": "ov-demo"}


def test_a_project_that_is_there_is_not_made_again() -> None:
    there = FakeRancher(projects=[project()], place="local:p-ours1")

    assert made(under(there)).imported == "local:p-ours1"
    assert made(under()).imported == ""


def test_a_role_binding_that_is_there_is_not_made_again() -> None:
    (first, *_) = under().all("ProjectRoleTemplateBinding")
    there = FakeRancher(projects=[project()], place="local:p-ours1", bindings=(first.name,))
    found = {each.name: each for each in under(there).all("ProjectRoleTemplateBinding")}

    assert found.pop(first.name).imported == f"local-p-ours1:{first.name}"
    assert {each.imported for each in found.values()} == {""}
    assert first.ignored == ("annotations", "labels")


@pytest.mark.parametrize("stack", STACKS)
def test_the_public_sites_project_is_protected(stack: str) -> None:
    there = FakeRancher(projects=[])

    assert made(under(there, stack)).protect is (stack == "openvault")


def test_an_adopted_project_stays_when_the_stack_goes() -> None:
    there = FakeRancher(projects=[project(mark="")], place="local:p-ours1")
    adopted = made(under(there, rancherProject="local:p-ours1"))

    assert adopted.imported == "local:p-ours1"
    assert adopted.retain
    assert not made(under()).retain


def test_who_has_a_role_is_a_person_or_a_group() -> None:
    engine = under(rancherRoles={"local://u-1": "project-owner", "github_org://9": "read-only"})
    found = engine.all("ProjectRoleTemplateBinding")
    # Whichever is registered first.
    group, person = sorted(found, key=lambda each: str(each.inputs["roleTemplateId"]), reverse=True)

    assert person.inputs["userPrincipalId"] == "local://u-1"
    assert "groupPrincipalId" not in person.inputs
    assert group.inputs["groupPrincipalId"] == "github_org://9"
    assert "userPrincipalId" not in group.inputs
    assert (person.inputs["roleTemplateId"], group.inputs["roleTemplateId"]) == (
        "project-owner",
        "read-only",
    )


def test_another_role_is_another_binding() -> None:
    names = {
        each.name
        for role in ("read-only", "project-member")
        for each in under(rancherRoles={"local://u-1": role}).all("ProjectRoleTemplateBinding")
    }

    assert len(names) == 2


@pytest.mark.parametrize("scheme", ["openldap_group", "github_org", "github_team", "okta_group"])
def test_a_principal_of_several_people_is_a_group(scheme: str) -> None:
    assert Member(principal=f"{scheme}://x", role="read-only").is_group
