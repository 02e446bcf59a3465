"""The pictures say what the program declares, and are read by everybody."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from declared.pictures import page
from declared.pictures.architecture import Words, architecture
from declared.pictures.drawing import drawn
from declared.pictures.files import README, files, replaced
from declared.pictures.graph import Graph
from declared.pictures.layout import GAP, plan, ranked
from declared.pictures.objects import Namespace
from declared.pictures.policies import Pods, Way, guarded, matches, ways
from declared.pictures.request import CutError, request
from declared.stacks import ROOT
from tests.stacks import settled, settled_of_one

SVG = "{http://www.w3.org/2000/svg}"
WORDS = Words(title="A site", frame="namespace", edge=["Ingress"])


def demo() -> Namespace:
    return Namespace(name="ov-demo", objects=copy.deepcopy(settled("ov-demo").manifests))


def of_one() -> Namespace:
    return Namespace(name="ov-demo", objects=settled_of_one("ov-demo").manifests)


def expected() -> Mapping[str, str]:
    declared = {
        "0.x": settled("ov-demo").manifests,
        "1.x": settled_of_one("ov-demo").manifests,
    }
    return files(declared, (ROOT / README).read_text())


def arrows(graph: Graph) -> dict[tuple[str, str], str]:
    return {(each.source, each.target): each.label for each in graph.arrows}


def find(site: Namespace, kind: str, name: str) -> Any:
    return next(each for each in site.all(kind) if each["metadata"]["name"] == name)


def test_the_committed_pictures_are_those_of_the_program() -> None:
    stale = [
        name
        for name, text in expected().items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text() != text
    ]

    assert not stale, "the program declares otherwise: type make pictures"


def test_a_new_service_changes_the_picture() -> None:
    before = drawn("site", architecture(demo(), WORDS))
    site = demo()
    added = copy.deepcopy(find(site, "Deployment", "jumpbox"))
    added["metadata"]["name"] = "ov-new"
    added["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] = "ov-new"

    after = architecture(Namespace(name="ov-demo", objects=[*site.objects, added]), WORDS)

    assert "ov-new" in {box.title for box in after.boxes}
    assert drawn("site", after) != before


def test_arrows_are_what_the_network_lets_through() -> None:
    assert arrows(architecture(demo(), WORDS)) == {
        ("people", "edge"): "https",
        ("edge", "ov-nginx"): "8080",
        ("ov-nginx", "ov-frontend"): "3000",
        ("ov-nginx", "ov-wag"): "8000",
        ("ov-frontend", "ov-wag"): "8000",
        ("ov-wag", "db"): "5432",
        ("migrate", "db"): "5432",
        ("jumpbox", "db"): "5432",
        ("ov-wag", "volume ov-media"): "writes",
        ("ov-wag", "volume ov-static"): "writes",
        ("ov-nginx", "volume ov-media"): "reads",
        ("ov-nginx", "volume ov-static"): "reads",
        ("db", "volume ov-db"): "writes",
    }


def test_arrows_of_the_other_generation_lead_out() -> None:
    found = arrows(architecture(of_one(), WORDS))

    assert {pair: label for pair, label in found.items() if pair[1] == "outside"} == {
        ("ov-wag", "outside"): "443, 9200",
        ("migrate", "outside"): "443",
        ("reindex", "outside"): "9200",
    }


PODS = [
    Pods(name="asker", labels={"app": "asker"}, ports={}),
    Pods(name="server", labels={"app": "server", "tier": "back"}, ports={8000: "http"}),
]


def policy(direction: str, app: str, *rules: Mapping[str, Any]) -> dict[str, Any]:
    selector: Any = {"matchLabels": {"app": app}} if app else {}
    spec = {"podSelector": selector, "policyTypes": [direction], direction.lower(): list(rules)}
    return {"spec": spec}


ASKER = {"podSelector": {"matchLabels": {"app": "asker"}}}
INSIDE = Way(source="asker", target="server", port=8000)
STRANGE = Way(source="", target="server", port=8000)


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({"from": [ASKER]}, {INSIDE}),
        ({"from": [ASKER], "ports": [{"port": 8000}]}, {INSIDE}),
        ({"from": [ASKER], "ports": [{"port": "http"}]}, {INSIDE}),
        ({"from": [ASKER], "ports": [{"port": 7000, "endPort": 9000}]}, {INSIDE}),
        ({"from": [ASKER], "ports": [{"port": 80}]}, set[Way]()),
        ({"from": [{"podSelector": {"matchLabels": {"app": "other"}}}]}, set[Way]()),
        ({"from": [{"namespaceSelector": {"matchLabels": {"team": "edge"}}}]}, {STRANGE}),
        ({"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}, {STRANGE}),
        ({"from": [{"namespaceSelector": {}, **ASKER}]}, {INSIDE, STRANGE}),
        ({}, {INSIDE, STRANGE}),
    ],
)
def test_a_rule_is_read_as_the_network_reads_it(rule: Mapping[str, Any], found: set[Way]) -> None:
    policies = [policy("Ingress", "server", rule), policy("Egress", "server")]

    assert {each for each in ways(policies, PODS, "here") if each.target} == found


def test_whoever_may_not_ask_has_no_arrow_even_if_he_would_be_let_in() -> None:
    open_door = policy("Ingress", "server", {"from": [ASKER]})
    locked_in = policy("Egress", "asker", {"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]})

    assert INSIDE in ways([open_door], PODS, "here")
    assert INSIDE not in ways([open_door, locked_in], PODS, "here")


def test_where_no_policy_is_everybody_may_come() -> None:
    assert {INSIDE, STRANGE} <= set(ways([], PODS, "here"))
    assert not guarded([], PODS[1])
    assert guarded([policy("Ingress", "")], PODS[1])


def test_questions_to_the_name_server_are_no_arrow() -> None:
    cluster = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
    names = policy("Egress", "", {"to": [cluster], "ports": [{"port": 53}]})

    assert not ways([names, policy("Ingress", "")], PODS, "here")


@pytest.mark.parametrize(
    ("operator", "values", "selected"),
    [
        ("In", ["back", "front"], True),
        ("NotIn", ["back"], False),
        ("Exists", None, True),
        ("DoesNotExist", None, False),
    ],
)
def test_a_selector_may_be_an_expression(operator: str, values: Any, *, selected: bool) -> None:
    selector = {"matchExpressions": [{"key": "tier", "operator": operator, "values": values}]}

    assert matches(selector, PODS[1].labels) is selected


def test_a_request_goes_as_the_settings_lead() -> None:
    visit, files_, editing = request(demo(), "a request").scenes

    assert [each.target for each in visit.messages][:5] == [
        "edge", "ov-nginx", "ov-frontend", "ov-wag", "db",
    ]  # fmt: skip
    assert [each.source for each in visit.messages][5:] == [
        "db", "ov-wag", "ov-frontend", "ov-nginx", "edge",
    ]  # fmt: skip
    assert "ov-static, ov-media" in {each.target for each in files_.messages}
    assert ("ov-wag", "writes uploads") in {(each.source, each.text) for each in editing.messages}


def test_in_the_other_generation_browsers_ask_bucket_and_search_themselves() -> None:
    scenes = request(of_one(), "a request").scenes

    direct = {
        each.target for scene in scenes for each in scene.messages if each.source == "browser"
    }
    assert direct == {"edge", "bucket", "search"}


def test_a_way_that_ends_is_not_drawn() -> None:
    for variable in ("FRONTEND", "BACKEND"):
        site = demo()
        container = find(site, "Deployment", "ov-nginx")["spec"]["template"]["spec"]["containers"][
            0
        ]
        (entry,) = [each for each in container["env"] if each["name"] == variable]
        entry["value"] = "nobody:80"

        with pytest.raises(CutError, match=f"{variable}=nobody:80"):
            request(site, "a request")


def test_a_way_that_the_network_closes_is_not_drawn() -> None:
    closed = [each for each in demo().objects if each["metadata"]["name"] != "ov-wag-to-db"]

    with pytest.raises(CutError, match="nothing from ov-wag to db"):
        request(Namespace(name="ov-demo", objects=closed), "a request")


@pytest.mark.parametrize("name", ["architecture", "request"])
@pytest.mark.parametrize("end", ["", "-1.x"])
def test_a_picture_is_told_to_whoever_does_not_see_it(name: str, end: str) -> None:
    root = ET.fromstring(expected()[f"docs/pictures/{name}{end}.svg"])

    labels = root.attrib["aria-labelledby"].split()
    told = {each.attrib["id"]: each.text for each in root if "id" in each.attrib}
    assert root.attrib["role"] == "img"
    assert all(told[each] for each in labels)
    assert "ov-wag" in (told[labels[1]] or "")


def test_words_are_read_on_a_light_and_a_dark_screen() -> None:
    written = ("ink", "quiet", "ready", "starting", "failing", "stopped")
    weak = [
        (ink, ground)
        for screen in (page.LIGHT, page.DARK)
        for ink in written
        for ground in page.GROUNDS
        if contrast(screen[ink], screen[ground]) < 4.5
    ]

    assert not weak


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours as WCAG 2 has it: 1 to 21."""
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("site", [demo, of_one])
def test_boxes_and_the_words_at_arrows_do_not_lie_on_each_other(site: Any) -> None:
    root = ET.fromstring(drawn("site", architecture(site(), WORDS)))

    taken = [
        tuple(float(each.attrib[key]) for key in ("x", "y", "width", "height"))
        for each in root.iter(f"{SVG}rect")
        if each.attrib["class"] == "box"
    ]
    for each in root.iter(f"{SVG}text"):
        if each.attrib["class"] == "label":
            wide = page.width(each.text or "", 12)
            x, y = float(each.attrib["x"]), float(each.attrib["y"])
            taken.append((x - wide / 2, y - 10, wide, 12))
    for index, first in enumerate(taken):
        for second in taken[index + 1 :]:
            assert apart(first, second), (first, second)


def apart(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    return any(
        first[axis] + first[axis + 2] <= second[axis]
        or second[axis] + second[axis + 2] <= first[axis]
        for axis in (0, 1)
    )


def test_whoever_is_asked_stands_below_and_nobody_is_pushed_aside() -> None:
    names = ["a", "b", "c", "d"]
    links = [("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")]

    found = plan(dict.fromkeys(names, (100.0, 40.0)), links)

    assert ranked(names, links) == {"a": 0, "b": 1, "c": 2, "d": 1}
    assert len(found.routes["a", "c"]) == 3
    for layer in found.layers:
        for left, right in pairwise(layer):
            assert right.x - left.x >= (left.width + right.width) / 2 + GAP - 0.01


def test_a_circle_ends_where_it_began() -> None:
    assert ranked(["a", "b"], [("a", "b"), ("b", "a")]) == {"a": 0, "b": 1}


def test_a_page_without_a_place_for_a_picture_is_told() -> None:
    with pytest.raises(LookupError, match="no place for request"):
        replaced("# A page\n", "request", "a picture\n")
