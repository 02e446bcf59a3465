"""How much of the cluster a stack may take."""

from collections import Counter
from typing import Any

import pytest

from components.contract import Need
from components.room import SPARE, Room, RoomArgs
from declared.engine import Engine, run
from declared.stacks import STACKS
from tests.stacks import settled, up


def room(*needs: Need) -> Engine:
    return run(lambda: Room("it", RoomArgs(needs=needs)))


def quota(engine: Engine) -> Any:
    return engine.one("ResourceQuota").inputs["spec"]["hard"]


def limits(engine: Engine) -> Any:
    (found,) = engine.one("LimitRange").inputs["spec"]["limits"]
    return found


def amount(text: str) -> int:
    return int(text.rstrip("mMi"))


def test_the_quota_follows_from_what_is_asked_for() -> None:
    one, other = (Need(cpu=10, memory=20, memory_limit=30), Need(cpu=1, memory=2, memory_limit=3))
    found = quota(room(one, other))

    assert found["pods"] == str(2 * SPARE)
    assert found["requests.cpu"] == f"{11 * SPARE}m"
    assert found["requests.memory"] == f"{22 * SPARE}Mi"
    assert found["limits.memory"] == f"{33 * SPARE}Mi"


def test_a_change_of_everything_to_twice_its_size_finds_room() -> None:
    needs = [Need(cpu=10, memory=20, memory_limit=30), Need(cpu=1, memory=2, memory_limit=3)]
    found = quota(room(*needs))

    # Those that leave are still there when those that come are twice as large.
    assert 3 * sum(need.memory_limit for need in needs) <= amount(found["limits.memory"])
    assert 3 * sum(need.cpu for need in needs) <= amount(found["requests.cpu"])
    assert 2 * len(needs) < int(found["pods"])


def test_nobody_opens_a_second_door() -> None:
    found = quota(settled("openvault"))

    assert (found["services.loadbalancers"], found["services.nodeports"]) == ("0", "0")


def test_no_container_may_have_more_than_the_largest_of_ours() -> None:
    assert limits(settled("openvault"))["max"] == {"memory": "1024Mi"}
    larger = up("openvault", resources={"db": {"memoryLimit": "2Gi"}})
    assert limits(larger)["max"] == {"memory": "2048Mi"}


def test_a_tool_started_by_hand_is_admitted_without_saying_what_it_needs() -> None:
    found = limits(settled("openvault"))

    assert amount(found["default"]["memory"]) <= amount(found["max"]["memory"])
    assert set(found["defaultRequest"]) == {"cpu", "memory"}


@pytest.mark.parametrize("stack", STACKS)
def test_every_pod_and_its_successor_fit_at_once(stack: str) -> None:
    engine = up(stack, replicas={"ov-wag": 3, "ov-frontend": 4})
    asked = Counter[str]()
    for maker in engine.pods:
        count = int(maker.inputs["spec"].get("replicas", 1)) + (maker.kind == "Deployment")
        resources = maker.container["resources"]
        asked["pods"] += count
        for kind, sizes in resources.items():
            for what, size in sizes.items():
                asked[f"{kind}.{what}"] += count * amount(size)

    for what, most in quota(engine).items():
        if what in asked:
            assert asked[what] * SPARE == amount(most), what


def test_there_is_room_before_anybody_moves_in() -> None:
    engine = settled("ov-demo")
    (room,) = (each.urn for each in engine.all("ResourceQuota"))

    assert all(room in each.dependencies for each in engine.pods)
