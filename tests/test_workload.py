"""What every pod has in common."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.contract import Check, Contract, Need, Promise
from components.endpoint import SecretValue
from components.scale import Scale
from components.workload import Workload, WorkloadArgs
from declared.engine import Engine, run
from tests import parts

CONTRACT = Contract(
    uid=1000,
    gid=2000,
    port=8000,
    required=frozenset({"PLAIN"}),
    optional=frozenset({"PASSWORD"}),
    secret=frozenset({"PASSWORD"}),
    scratch={"run": "", "var/cache": ""},
    need=Need(cpu=50, memory=64, memory_limit=128),
    alive=Check(path="/alive", timeout=4),
    ready=Check(command=("ready",)),
    waits=lambda its: ("wait", f"for {its.port}"),
    patience=30,
)
PASSWORD = SecretValue(secret="it-credentials", key="password", revision="r1")


def workload(**changes: Any) -> Engine:
    args = WorkloadArgs(image=parts.artifact("it:v1"), contract=CONTRACT, env={"PLAIN": "a"})
    return run(lambda: Workload("it", replace(args, **changes)))


def test_it_selects_its_own_pods_by_what_never_changes() -> None:
    deployment = workload().one("Deployment")

    assert deployment.inputs["spec"]["selector"]["matchLabels"] == {
        "app.kubernetes.io/name": "it",
        "app.kubernetes.io/part-of": "openvault",
    }


def test_it_runs_as_the_user_the_contract_names() -> None:
    security = workload().one("Deployment").pod["securityContext"]

    assert (security["runAsUser"], security["runAsGroup"], security["fsGroup"]) == (
        1000,
        2000,
        2000,
    )


def test_it_writes_only_where_the_contract_says() -> None:
    deployment = workload().one("Deployment")

    assert {each["mountPath"] for each in deployment.container["volumeMounts"]} == {
        "/run",
        "/var/cache",
    }
    assert all(each["emptyDir"] == {} for each in deployment.pod["volumes"])


def test_a_secret_comes_by_reference() -> None:
    deployment = workload(env={"PLAIN": "a", "PASSWORD": PASSWORD}).one("Deployment")

    assert deployment.env == {"PLAIN": "a", "PASSWORD": ("it-credentials", "password")}


def test_a_secret_that_comes_in_clear_is_refused() -> None:
    with pytest.raises(TypeError, match="PASSWORD must come out of a Secret"):
        workload(env={"PLAIN": "a", "PASSWORD": "hunter2"})


def test_what_the_image_does_not_read_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match="DEAD would be given, and the image does not read"):
        workload(env={"PLAIN": "a", "DEAD": "b"})


def test_what_an_image_says_of_itself_counts_for_more_than_what_is_known_of_its_kind() -> None:
    said = Promise(port=9000, required=frozenset({"PLAN"}))

    with pytest.raises(pulumi.RunError) as refusal:
        workload(image=parts.artifact("it:v2", promise=said))
    told = str(refusal.value)

    assert "it would not work with its image" in told
    assert "- the image needs PLAN, and is given PLAIN: is it PLAN?." in told
    assert "- port 8000 would be asked, and the image answers on port 9000." in told
    assert "Type: ./ov images pin it REFERENCE --stack STACK" in told


def test_it_is_pulled_with_what_opens_its_registry() -> None:
    closed = parts.artifact("it:v1", pull_secret="registries")

    assert workload(image=closed).one("Deployment").pod["imagePullSecrets"] == [
        {"name": "registries"}
    ]
    assert "imagePullSecrets" not in workload().one("Deployment").pod


def test_an_image_that_would_miss_something_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match="needs PLAIN, which nothing offers"):
        workload(env={})


def test_a_new_secret_starts_a_new_pod() -> None:
    other = replace(PASSWORD, revision="r2")
    first, second = (
        workload(env={"PLAIN": "a", "PASSWORD": each}).one("Deployment").template
        for each in (PASSWORD, other)
    )

    assert first["spec"] == second["spec"]
    assert first["metadata"]["annotations"] == {"secret.openvault/PASSWORD": "r1"}
    assert second["metadata"]["annotations"] == {"secret.openvault/PASSWORD": "r2"}


def test_it_may_take_as_long_to_start_as_the_contract_says() -> None:
    container = workload().one("Deployment").container
    startup = container["startupProbe"]

    # One question, answered when there is an answer: each other one would be told as a warning.
    assert startup["exec"] == {"command": ["wait", "for 8000"]}
    assert startup["timeoutSeconds"] == 30
    assert startup["failureThreshold"] > 1
    assert container["readinessProbe"]["exec"] == {"command": ["ready"]}


def test_one_that_hangs_is_restarted_and_one_that_is_busy_is_not() -> None:
    alive = workload().one("Deployment").container["livenessProbe"]

    assert alive["httpGet"] == {"path": "/alive", "port": 8000}
    assert alive["timeoutSeconds"] == 4
    assert alive["periodSeconds"] * alive["failureThreshold"] == 180


def test_one_that_cannot_start_is_known_in_minutes() -> None:
    deployment = workload().one("Deployment")

    assert deployment.inputs["spec"]["progressDeadlineSeconds"] <= 150
    assert deployment.timeouts == {"create": "3m", "update": "3m", "delete": "3m"}


def test_what_runs_before_it_has_its_image_and_its_environment() -> None:
    contract = replace(CONTRACT, before={"first": ("do", "it")})
    deployment = workload(contract=contract).one("Deployment")
    (first,) = deployment.pod["initContainers"]

    assert first["command"] == ["do", "it"]
    assert first["image"] == deployment.container["image"]
    assert first["env"] == deployment.container["env"]
    assert "readinessProbe" not in first


# More than one


def claimed(**changes: Any) -> Engine:
    contract = replace(CONTRACT, volumes={"data": "/data"})
    return workload(contract=contract, claims={"data": "it-data"}, **changes)


def test_pods_of_one_kind_are_kept_on_different_nodes() -> None:
    deployment = workload(replicas=2).one("Deployment")
    (spread,) = deployment.pod["topologySpreadConstraints"]

    assert deployment.inputs["spec"]["replicas"] == 2
    assert spread["topologyKey"] == "kubernetes.io/hostname"
    assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
    wanted = spread["labelSelector"]["matchLabels"].items()
    assert wanted <= deployment.template["metadata"]["labels"].items()


def test_a_node_is_emptied_of_one_after_another() -> None:
    budget = workload(replicas=2).one("PodDisruptionBudget").inputs["spec"]

    assert budget["maxUnavailable"] == 1
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_a_single_pod_does_not_keep_a_node_from_being_emptied() -> None:
    assert not workload().all("PodDisruptionBudget")
    assert "topologySpreadConstraints" not in workload().one("Deployment").pod


def test_pods_that_share_a_volume_stay_together_and_leave_together() -> None:
    # The second one starts on another node only when the first has left this one, too.
    engine = claimed(replicas=2)

    assert "podAffinity" in engine.one("Deployment").pod["affinity"]
    assert "topologySpreadConstraints" not in engine.one("Deployment").pod
    assert not engine.all("PodDisruptionBudget")


def test_nobody_asks_before_it_can_have_started() -> None:
    container = workload(contract=replace(CONTRACT, start=7)).one("Deployment").container

    assert container["startupProbe"]["initialDelaySeconds"] == 7


def test_who_scales_it_decides_how_many_pods_it_has() -> None:
    scaled = workload(replicas=Scale(least=2, most=5, cpu=70))

    assert "replicas" not in scaled.one("Deployment").inputs["spec"]
    spec = scaled.one("HorizontalPodAutoscaler").inputs["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "it"}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 5)
    (metric,) = spec["metrics"]
    assert metric["resource"] == {
        "name": "cpu",
        "target": {"type": "Utilization", "averageUtilization": 70},
    }


def test_who_is_scaled_is_spread_and_leaves_a_node_one_by_one() -> None:
    scaled = workload(replicas=Scale(least=1, most=2, cpu=70))

    assert scaled.one("Deployment").pod["topologySpreadConstraints"]
    assert scaled.one("PodDisruptionBudget")


def test_nobody_scales_what_has_a_number_of_pods() -> None:
    fixed = workload(replicas=3)

    assert fixed.one("Deployment").inputs["spec"]["replicas"] == 3
    assert not fixed.all("HorizontalPodAutoscaler")
