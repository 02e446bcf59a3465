"""Who may speak to whom."""

import pytest

from components.endpoint import Edge, Pods
from components.way import Way, WayArgs, outside
from declared.engine import Engine, run
from tests.stacks import settled

# The architecture: who asks, who answers, and where.
ARROWS = {
    ("edge", "ov-nginx", 8080),
    ("ov-nginx", "ov-frontend", 3000),
    ("ov-nginx", "ov-wag", 8000),
    ("ov-frontend", "ov-wag", 8000),
    ("ov-wag", "db", 5432),
    ("migrate", "db", 5432),
    ("jumpbox", "db", 5432),
}


def way() -> Engine:
    asked = [Pods(service="a", port=1), Pods(service="b", port=2)]
    return run(lambda: Way("it", WayArgs(asks=asked)))


def test_each_arrow_has_a_name_that_says_it() -> None:
    assert {each.object_name for each in way().all("NetworkPolicy")} == {"it-to-a", "it-to-b"}


def test_only_who_asks_comes_in_and_only_where_somebody_listens() -> None:
    policy = way().one("NetworkPolicy", "it-to-b").inputs["spec"]

    assert policy["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "b"
    assert policy["policyTypes"] == ["Ingress"]
    (entry,) = policy["ingress"]
    (peer,) = entry["from"]
    assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "it"
    assert entry["ports"] == [{"protocol": "TCP", "port": 2}]


@pytest.mark.parametrize(
    ("edge", "peer"),
    [
        (Edge(network="10.0.0.0/8"), {"ip_block": {"cidr": "10.0.0.0/8"}}),
        (
            Edge(namespace="edge"),
            {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "edge"}}},
        ),
    ],
)
def test_the_edge_is_let_in_wherever_it_is(edge: Edge, peer: object) -> None:
    assert outside(edge) == peer


def test_the_arrows_are_those_of_the_requests_way_and_no_others() -> None:
    assert arrows(settled("ov-demo")) == ARROWS


def test_production_has_no_jumpbox_and_no_way_for_one() -> None:
    assert arrows(settled("openvault")) == {each for each in ARROWS if each[0] != "jumpbox"}


def test_nobody_starts_before_it_may_ask() -> None:
    engine = settled("ov-demo")
    ways = {each.name: each.urn for each in engine.all("NetworkPolicy") if "-to-" in each.name}

    for each in engine.pods:
        name = "migrate" if each.kind == "Job" else each.name
        for arrow, urn in ways.items():
            if arrow.startswith(f"{name}-to-"):
                assert urn in each.dependencies, arrow


def arrows(engine: Engine) -> set[tuple[str, str, float]]:
    """Return who may come to whom, and at which port."""
    found = set[tuple[str, str, float]]()
    for policy in engine.all("NetworkPolicy"):
        spec = policy.inputs["spec"]
        for entry in spec.get("ingress", []):
            (peer,) = entry["from"]
            labels = peer.get("podSelector", {}).get("matchLabels", {})
            asker = labels.get("app.kubernetes.io/name", "edge")
            for port in entry["ports"]:
                answers = spec["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
                found.add((asker, answers, port["port"]))
    return found
