"""The firewall that network policies become."""

from __future__ import annotations

import re

import pytest

from sandbox.cluster.kinds import Expression, Peer, Policy, PolicyPort, Selector
from sandbox.cluster.netpol import matches, ruleset
from tests.cluster.objects import pod, policy, space

WEB = pod("web", "10.244.0.2", app="web")
API = pod("api", "10.244.0.3", app="api")
DNS = pod("dns", "10.244.0.9", "kube-system", k8s="dns")
PODS = [WEB, API, DNS]
SPACES = [space("site"), space("kube-system")]

TO_API: Selector = {"matchLabels": {"app": "api"}}
FROM_WEB: Peer = {"podSelector": {"matchLabels": {"app": "web"}}}


def chain(name: str, *policies: Policy) -> list[str]:
    """Return the rules of one chain of the firewall for these policies."""
    text = ruleset(policies, PODS, SPACES)
    found = re.search(rf"chain {name} {{\n(.*?)\n  }}", text, re.DOTALL)
    assert found, text
    return [line.strip() for line in found[1].splitlines()]


def test_without_policies_nobody_is_asked() -> None:
    assert not [rule for rule in chain("forward") if "jump" in rule]


def test_a_policy_without_rules_isolates_every_pod_of_its_namespace_alone() -> None:
    closed = policy({"podSelector": {}, "policyTypes": ["Ingress"]})

    assert "ip daddr { 10.244.0.2, 10.244.0.3 } jump ingress" in chain("forward", closed)
    assert chain("ingress", closed) == ["drop"]


def test_a_policy_says_nothing_about_the_direction_it_does_not_name() -> None:
    closed = policy({"podSelector": {}, "policyTypes": ["Ingress"]})

    assert not [rule for rule in chain("forward", closed) if "jump egress" in rule]


def test_without_types_egress_counts_when_it_has_rules() -> None:
    quiet = policy({"podSelector": {}, "ingress": []})
    speaking = policy({"podSelector": {}, "egress": [{}]})

    assert not [rule for rule in chain("forward", quiet) if "jump egress" in rule]
    assert [rule for rule in chain("forward", speaking) if "jump egress" in rule]


def test_an_empty_rule_allows_everybody() -> None:
    opened = policy({"podSelector": TO_API, "ingress": [{}]})

    assert chain("ingress", opened) == ["ip daddr { 10.244.0.3 } return", "drop"]


def test_a_peer_is_looked_for_in_the_policy_s_own_namespace() -> None:
    rule = policy({"podSelector": TO_API, "ingress": [{"from": [{"podSelector": {}}]}]})

    allowed = "ip daddr { 10.244.0.3 } ip saddr { 10.244.0.2, 10.244.0.3 } return"
    assert chain("ingress", rule) == [allowed, "drop"]


def test_a_namespace_selector_names_the_pods_of_other_namespaces() -> None:
    system: Selector = {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
    rule = policy({"podSelector": TO_API, "ingress": [{"from": [{"namespaceSelector": system}]}]})

    assert chain("ingress", rule)[0] == "ip daddr { 10.244.0.3 } ip saddr { 10.244.0.9 } return"


def test_a_peer_that_nobody_is_opens_nothing() -> None:
    nobody: Peer = {"podSelector": {"matchLabels": {"app": "nobody"}}}
    rule = policy({"podSelector": TO_API, "ingress": [{"from": [nobody]}]})

    assert chain("ingress", rule) == ["drop"]


def test_a_block_of_addresses_leaves_some_out() -> None:
    block: Peer = {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}
    rule = policy({"podSelector": TO_API, "ingress": [{"from": [block]}]})

    allowed = "ip daddr { 10.244.0.3 } ip saddr 10.0.0.0/8 ip saddr != { 10.1.0.0/16 } return"
    assert chain("ingress", rule)[0] == allowed


def test_a_block_of_all_addresses_is_everybody() -> None:
    rule = policy({"podSelector": TO_API, "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]})

    assert chain("egress", rule)[0] == "ip saddr { 10.244.0.3 } return"


def test_a_block_of_version_six_is_nobody() -> None:
    rule = policy({"podSelector": TO_API, "ingress": [{"from": [{"ipBlock": {"cidr": "::/0"}}]}]})

    assert chain("ingress", rule) == ["drop"]


@pytest.mark.parametrize(
    ("port", "expression"),
    [
        ({"port": 80}, "tcp dport 80"),
        ({"protocol": "UDP", "port": 53}, "udp dport 53"),
        ({"port": 8000, "endPort": 8010}, "tcp dport 8000-8010"),
        ({"protocol": "TCP"}, "meta l4proto tcp"),
    ],
)
def test_a_port_is_opened_as_it_is_written(port: PolicyPort, expression: str) -> None:
    rule = policy({"podSelector": TO_API, "ingress": [{"from": [FROM_WEB], "ports": [port]}]})

    allowed = f"ip daddr {{ 10.244.0.3 }} ip saddr {{ 10.244.0.2 }} {expression} return"
    assert chain("ingress", rule)[0] == allowed


def test_a_named_port_is_the_one_that_each_receiver_declares() -> None:
    api = pod("api", "10.244.0.3", app="api")
    api["spec"] = {"containers": [{"ports": [{"name": "http", "containerPort": 8080}]}]}
    rule = policy({"podSelector": {}, "ingress": [{"ports": [{"port": "http"}]}]})

    text = ruleset([rule], [WEB, api], SPACES)

    assert "ip daddr 10.244.0.3 tcp dport 8080 return" in text
    assert text.count("dport") == 1, "the web pod declares no such port"


def test_a_named_port_of_another_protocol_is_another_port() -> None:
    api = pod("api", "10.244.0.3", app="api")
    api["spec"] = {
        "containers": [{"ports": [{"name": "dns", "containerPort": 53, "protocol": "UDP"}]}]
    }
    rule = policy({"podSelector": {}, "ingress": [{"ports": [{"port": "dns"}]}]})

    assert "dport" not in ruleset([rule], [api], SPACES)


def test_egress_to_dns_names_the_servers_and_both_protocols() -> None:
    servers: Peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s": "dns"}},
    }
    ports: list[PolicyPort] = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
    rule = policy(
        {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [servers], "ports": ports}],
        }
    )

    way = "ip saddr { 10.244.0.2, 10.244.0.3 } ip daddr { 10.244.0.9 }"
    assert chain("egress", rule) == [
        f"{way} udp dport 53 return",
        f"{way} tcp dport 53 return",
        "drop",
    ]


def test_what_an_isolated_pod_sends_to_the_node_is_asked_too() -> None:
    closed = policy({"podSelector": {}, "policyTypes": ["Egress"]})

    assert "ip saddr { 10.244.0.2, 10.244.0.3 } jump egress" in chain("input", closed)


def test_policies_add_up() -> None:
    closed = policy({"podSelector": {}, "policyTypes": ["Ingress"]})
    opened = policy({"podSelector": TO_API, "ingress": [{"from": [FROM_WEB]}]})

    rules = chain("ingress", closed, opened)

    assert rules == ["ip daddr { 10.244.0.3 } ip saddr { 10.244.0.2 } return", "drop"]


def test_every_pod_reaches_itself_and_answers_are_never_asked() -> None:
    rules = chain("forward", policy({"podSelector": {}, "policyTypes": ["Egress", "Ingress"]}))

    assert rules[1] == "ct state established,related accept"
    assert rules[2].startswith("ip saddr . ip daddr { 10.244.0.2 . 10.244.0.2,")
    assert rules[2].endswith("accept")


def test_a_pod_without_an_address_of_its_own_is_nobody() -> None:
    host = pod("host", "198.18.0.2", app="api")
    host["spec"]["hostNetwork"] = True
    ended = pod("ended", "10.244.0.7", app="api")
    ended["status"]["phase"] = "Succeeded"
    early = pod("early", "", app="api")
    closed = policy({"podSelector": {}, "policyTypes": ["Ingress"]})

    assert "jump" not in ruleset([closed], [host, ended, early], SPACES)


def test_the_table_is_replaced_as_a_whole() -> None:
    lines = ruleset([], [], []).splitlines()

    assert lines[:3] == [
        "add table inet sandbox_policies",
        "delete table inet sandbox_policies",
        "table inet sandbox_policies {",
    ]


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ({"key": "app", "operator": "In", "values": ["web", "api"]}, True),
        ({"key": "app", "operator": "In", "values": ["api"]}, False),
        ({"key": "app", "operator": "NotIn", "values": ["api"]}, True),
        ({"key": "tier", "operator": "NotIn", "values": ["api"]}, True),
        ({"key": "app", "operator": "Exists"}, True),
        ({"key": "tier", "operator": "Exists"}, False),
        ({"key": "tier", "operator": "DoesNotExist"}, True),
        ({"key": "app", "operator": "Later"}, False),
    ],
)
def test_an_expression_asks_for_labels(expression: Expression, fits: bool) -> None:  # noqa: FBT001
    assert matches({"matchExpressions": [expression]}, {"app": "web"}) is fits
