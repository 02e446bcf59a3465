"""What holds for every stack this repository declares, through the real program."""

import re
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from components.roster import companions, setting
from declared.engine import Engine, Resource, texts
from declared.stacks import ROOT, SCHEMA, STACKS, chosen, written
from tests.stacks import ONE, OUTSIDE_SECRETS, SECRETS, settled, settled_of_one, up


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return request.param


# What the settings of a companion end with, each behind its name.
KINDS = ("Image", "Build", "Contract")

SEALED_VALUES = (*SECRETS.values(), *OUTSIDE_SECRETS.values())

# Each stack in both generations: as it is committed, and with what a stack of 1.x chooses besides.
RUNS = {"0.x": settled, "1.x": settled_of_one}
BESIDES: Mapping[str, Mapping[str, Any]] = {"0.x": {}, "1.x": ONE}


@pytest.fixture(params=RUNS)
def generation(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def engine(stack: str, generation: str) -> Engine:
    return RUNS[generation](stack)


def test_a_stack_has_the_name_of_its_namespace(engine: Engine, stack: str) -> None:
    (namespace,) = (each for each in engine.objects if each.kind == "Namespace")

    assert namespace.object_name == stack
    assert engine.exports["namespace"] == stack


# Settings


@pytest.mark.parametrize("key", SCHEMA)
def test_every_key_says_what_it_is_for(key: str) -> None:
    assert set(SCHEMA[key]) >= {"description", "default"}
    assert ("type" in SCHEMA[key]) != SCHEMA[key].get("secret", False)
    assert len(SCHEMA[key]["description"]) > 20


def test_a_stack_chooses_only_keys_that_are_declared(stack: str) -> None:
    beside = {f"{setting(name)}{kind}" for name in companions() for kind in KINDS}

    assert set(chosen(stack)) <= set(SCHEMA) | beside


def test_a_stack_chooses_only_what_differs_from_the_default(stack: str) -> None:
    for key, value in chosen(stack).items():
        assert value != SCHEMA.get(key, {"default": ""})["default"], key


def test_the_keys_declared_are_the_keys_read() -> None:
    with pytest.raises(pulumi.RunError) as refusal:
        up("ov-demo", bogus="1")

    assert "openvault:bogus" in str(refusal.value)
    assert str(refusal.value).count("- ") == 1
    # Nothing that the schema declares is unknown, and nothing it does not declare is needed.
    assert up("ov-demo").exports


def test_every_secret_is_sealed_or_not_there_at_all(stack: str) -> None:
    for key in SECRETS:
        assert set(chosen(stack).get(key, {"secure": ""})) == {"secure"}


def test_every_password_of_a_registry_is_sealed(stack: str) -> None:
    for server, login in chosen(stack).get("registries", {}).items():
        assert set(login["password"]) == {"secure"}, server


def test_the_two_stacks_share_no_address() -> None:
    first, second = (chosen(stack) for stack in STACKS)

    for key in ("siteUrl", "adminUrl", "kubeContext"):
        assert first[key] != second[key]


# Structure


def test_nothing_but_the_site_hangs_from_the_stack(engine: Engine) -> None:
    (root,) = engine.all("Stack")

    assert [each.type for each in engine.seen if each.parent == root.urn] == [
        "openvault:components:OpenVault"
    ]


def test_every_component_registers_its_outputs(engine: Engine) -> None:
    components = {each.urn for each in engine.seen if each.type.startswith("openvault:")}

    assert components <= set(engine.outputs)


def test_every_type_is_the_name_of_its_class(engine: Engine) -> None:
    for each in engine.seen:
        if each.type.startswith("openvault:"):
            package, module, name = each.type.split(":")
            assert (package, module) == ("openvault", "components")
            assert f"class {name}(" in "".join(
                path.read_text() for path in (ROOT / "components").glob("*.py")
            )


def test_preview_shows_all_that_up_creates(engine: Engine, stack: str, generation: str) -> None:
    preview = up(stack, preview=True, **BESIDES[generation])

    assert {each.urn for each in preview.seen} == {each.urn for each in engine.seen}


def test_no_resource_changes_its_identity_unseen(
    engine: Engine, stack: str, generation: str, request: pytest.FixtureRequest
) -> None:
    """A URN that leaves this list is a resource deleted, unless an alias says otherwise."""
    golden = ROOT / "tests" / "urns" / f"{stack}{'' if generation == '0.x' else '-1.x'}.txt"
    seen = "".join(f"{urn}\n" for urn in sorted(each.urn for each in engine.seen))
    if request.config.getoption("--update-urns"):
        golden.write_text(seen)

    assert seen == golden.read_text()


# Where it lands


def test_everything_lands_on_the_cluster_that_the_stack_names(engine: Engine, stack: str) -> None:
    provider = engine.one("kubernetes")

    assert provider.inputs["context"] == chosen(stack)["kubeContext"]
    assert provider.inputs["namespace"] == stack
    for each in engine.objects:
        assert each.provider.startswith(f"{provider.urn}::"), each.urn


def test_no_object_says_another_namespace(engine: Engine) -> None:
    for each in engine.objects:
        assert "namespace" not in each.inputs["metadata"], each.urn


def test_nothing_is_made_by_whatever_is_at_hand(engine: Engine, stack: str) -> None:
    assert set(written(stack)["pulumi:disable-default-providers"]) == {
        "kubernetes",
        "docker",
        "rancher2",
    }
    for each in engine.seen:
        if each.type.startswith(("kubernetes:", "docker:")):
            assert each.provider, each.urn


def test_a_new_kubeconfig_or_server_address_replaces_nothing(engine: Engine, stack: str) -> None:
    provider = engine.one("kubernetes")

    assert provider.inputs["clusterIdentifier"] == stack
    assert provider.inputs["kubeconfig"] == ""


def test_everything_waits_for_the_namespace(engine: Engine) -> None:
    (namespace,) = (each for each in engine.objects if each.kind == "Namespace")

    for each in engine.objects:
        assert each is namespace or namespace.urn in each.dependencies, each.urn


def test_nothing_waits_ten_minutes_for_what_is_wrong(engine: Engine) -> None:
    for each in engine.objects:
        assert each.timeouts["create"] in ("3m", "5m"), each.urn


# What must outlive a mistake


def data(engine: Engine) -> list[Resource]:
    """Return what holds data, and what takes data with it."""
    return [each for each in engine.objects if each.kind in ("PersistentVolumeClaim", "Namespace")]


def test_data_stays_when_the_stack_goes(engine: Engine) -> None:
    assert {each.object_name for each in data(engine)} >= {"ov-db", engine.exports["namespace"]}
    assert all(each.retain for each in data(engine))


def test_files_are_on_volumes_where_there_is_no_storage_outside() -> None:
    names = {each.object_name for each in data(settled("openvault"))}
    others = {each.object_name for each in data(settled_of_one("openvault"))}

    assert names - others == {"ov-media", "ov-static"}


def test_the_public_sites_data_is_protected() -> None:
    assert all(each.protect for each in data(settled("openvault")))


def test_nothing_else_is_kept_back(engine: Engine) -> None:
    kept = {each.urn for each in data(engine)}

    for each in engine.seen:
        if each.urn not in kept:
            assert not each.protect, each.urn
            assert not each.retain, each.urn


# Secrets


def test_no_secret_leaves_a_secret(engine: Engine) -> None:
    assert {each.type for each in engine.seen if each.secret} == {"kubernetes:core/v1:Secret"}


def test_the_values_of_secrets_are_nowhere_in_clear(engine: Engine) -> None:
    for each in engine.seen:
        if each.kind != "Secret":
            said = "\n".join(texts(dict(each.inputs)))
            assert not [value for value in SEALED_VALUES if value in said], each.urn
    said = "\n".join(texts([dict(at) for at in engine.outputs.values()] + [dict(engine.exports)]))
    assert not [value for value in SEALED_VALUES if value in said]


# Pods


def containers(engine: Engine) -> list[Mapping[str, Any]]:
    """Return every container of the stack, those that run first included."""
    return [
        container
        for maker in engine.pods
        for container in [*maker.pod["containers"], *maker.pod.get("initContainers", [])]
    ]


def test_every_pod_is_one_a_restricted_namespace_admits(engine: Engine) -> None:
    for maker in engine.pods:
        security = maker.pod["securityContext"]
        assert security["runAsNonRoot"], maker.urn
        assert security["runAsUser"] > 0, maker.urn
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, maker.urn
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(maker.pod), maker.urn
    for container in containers(engine):
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security["readOnlyRootFilesystem"] is True


def test_the_cluster_tells_no_pod_anything(engine: Engine) -> None:
    for maker in engine.pods:
        assert maker.pod["automountServiceAccountToken"] is False, maker.urn
        assert maker.pod["enableServiceLinks"] is False, maker.urn


def test_every_container_says_what_it_needs(engine: Engine) -> None:
    for container in containers(engine):
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        # A limit on processor time makes a page slow on a node that has nothing else to do.
        assert set(container["resources"]["limits"]) == {"memory"}


def test_every_image_is_the_same_tomorrow(engine: Engine) -> None:
    for container in containers(engine):
        assert re.fullmatch(r"[^@]+@sha256:[0-9a-f]{64}", container["image"])


def test_every_server_says_when_it_is_well(engine: Engine) -> None:
    for each in engine.pods:
        if each.kind in ("Deployment", "StatefulSet") and each.name != "jumpbox":
            probes = {"startupProbe", "readinessProbe", "livenessProbe"}
            assert probes <= set(each.container), each.urn


def test_one_name_one_set_of_pods(engine: Engine) -> None:
    labels = [each.template["metadata"]["labels"]["app.kubernetes.io/name"] for each in engine.pods]

    assert len(labels) == len(set(labels))


# Outputs


def test_an_operator_learns_where_the_site_is_and_what_it_runs(
    engine: Engine, stack: str, generation: str
) -> None:
    assert engine.exports["siteUrl"] == chosen(stack)["siteUrl"]
    assert engine.exports["adminUrl"] == chosen(stack)["adminUrl"]
    assert set(engine.exports["images"]) >= {"db", "ov-wag", "ov-frontend", "ov-nginx"}
    assert "@sha256:" in engine.exports["images"]["ov-nginx"]
    assert (
        engine.exports["release"]["ov-wag"]
        == {
            "0.x": "v0.2.1",
            "1.x": "v1.0.0",
        }[generation]
    )
    assert engine.exports["backups"] == {}
