"""Services beside the site's own: what a name in COMPANIONS brings, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import pytest

from components import roster
from components.companion import Companion, CompanionArgs, companions, declared
from components.contract import CONTRACTS, Contract, Need
from components.openvault import COMPANIONS
from components.options import children
from components.workload import Workload, WorkloadArgs
from declared.engine import Engine, Resource
from declared.stacks import ROOT, SCHEMA
from operations import reaches
from tests.stacks import settled, up
from tests.wiring import faults

STACK = "ov-demo"
IMAGE = f"example.org/old-links:v1.2.0@sha256:{'a' * 64}"
CONTRACT = Contract(
    uid=101,
    gid=101,
    port=8080,
    required=frozenset({"API"}),
    need=Need(cpu=10, memory=16, memory_limit=64),
)


class OldLinks(pulumi.ComponentResource):
    """Say where an address of the site before leads now."""

    def __init__(
        self, name: str, args: CompanionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:OldLinks", name, None, opts)
        Workload(
            name,
            WorkloadArgs(
                image=args.image,
                contract=args.contract,
                env={"API": args.site.backend.url},
                asks=[args.site.backend.pods],
                replicas=args.replicas,
            ),
            opts=children(self, opts),
        )
        self.register_outputs({})


# What there is, whatever these tests add.
written = roster.companions

OLD_LINKS = Companion(name="old-links", contract=CONTRACT, service=OldLinks, path="/old/")


@pytest.fixture(autouse=True, scope="module")
def added() -> Iterator[None]:
    """Have a module and a line more than the program has."""
    module = ModuleType("components.old_links")
    vars(module)["COMPANION"] = OLD_LINKS
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module.__name__, module)
        patch.setattr(roster, "companions", lambda: (*COMPANIONS, OLD_LINKS.name))
        yield


@cache
def running() -> Engine:
    """Return one run of a stack that chose an image of it, made once."""
    return up(STACK, oldLinksImage=IMAGE)


def objects(engine: Engine) -> dict[str, Resource]:
    return {f"{each.kind} {each.name}": each for each in engine.objects}


def test_a_stack_that_says_nothing_of_it_is_as_it_was() -> None:
    assert {each.urn for each in up(STACK).seen} == {each.urn for each in settled(STACK).seen}


def test_a_stack_that_names_its_image_runs_it_and_changes_no_identity() -> None:
    before, after = (objects(each) for each in (settled(STACK), running()))

    assert after.keys() - before.keys() == {
        "Deployment old-links",
        "NetworkPolicy old-links-to-ov-wag",
        "NetworkPolicy ov-nginx-to-old-links",
        "Service old-links",
    }
    assert before.keys() <= after.keys()
    assert {each.urn for each in before.values()} <= {each.urn for each in after.values()}


def test_nothing_changes_but_the_door_and_the_room() -> None:
    before, after = (objects(each) for each in (settled(STACK), running()))
    changed = {name for name in before if before[name].inputs != after[name].inputs}

    assert changed == {"Deployment ov-nginx", f"ResourceQuota {STACK}"}


def test_the_proxy_hands_on_what_is_asked_below_its_path() -> None:
    assert "ROUTES" not in settled(STACK).one("Deployment", "ov-nginx").env
    assert running().one("Deployment", "ov-nginx").env["ROUTES"] == "/old/=old-links:80"


def test_it_is_given_what_it_asks_for_and_the_stacks_outputs_name_it() -> None:
    server = running().one("Deployment", "old-links")

    assert server.container["image"] == IMAGE
    assert server.env == {"API": "http://ov-wag"}
    assert running().exports["images"]["old-links"] == IMAGE
    assert running().exports["release"]["old-links"] == "v1.2.0"


def test_all_that_holds_for_the_site_holds_with_it() -> None:
    engine = running()

    assert faults(engine.objects) == []
    (namespace,) = (each for each in engine.objects if each.kind == "Namespace")
    assert all(each is namespace or namespace.urn in each.dependencies for each in engine.objects)


def test_its_size_is_a_matter_of_the_same_settings() -> None:
    engine = up(
        STACK,
        oldLinksImage=IMAGE,
        replicas={"old-links": 2},
        resources={"old-links": {"memory": "48Mi"}},
    )
    server = engine.one("Deployment", "old-links")

    assert server.inputs["spec"]["replicas"] == 2
    assert server.container["resources"]["requests"]["memory"] == "48Mi"


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"oldLinksImage": "example.org/old-links:v1"}, "./ov images pin old-links example.org"),
        ({"oldLinksBuild": {"context": "images/jumpbox"}}, "./ov images pin old-links docker.io"),
        ({"oldlinksImage": IMAGE}, "did you mean oldLinksImage?"),
        ({"resources": {"oldlinks": {}}}, "old-links"),
        (
            {"oldLinksImage": IMAGE, "oldLinksContract": {"port": "9"}},
            "port 8080 would be asked, and the image answers on port 9",
        ),
    ],
    ids=["a tag", "a build alone", "a slip", "another size", "another image"],
)
def test_what_is_wrong_with_it_is_said_as_of_any_service(
    choices: dict[str, Any], said: str
) -> None:
    with pytest.raises(pulumi.RunError, match=said.replace("?", r"\?")):
        up(STACK, **choices)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Old_Links"}, "small letters"),
        ({"path": "old"}, "one word between slashes"),
        ({"path": "/media/"}, "answers itself"),
        ({"contract": replace(CONTRACT, port=None)}, "no port to ask"),
    ],
)
def test_a_declaration_that_cannot_work_is_none(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(OLD_LINKS, **change)


def test_a_module_that_declares_nothing_is_named() -> None:
    with pytest.raises(TypeError, match=r"components.proxy declares no COMPANION called proxy"):
        declared("proxy")


def test_its_name_is_nobody_elses() -> None:
    taken = {*CONTRACTS, "edge", "default"}
    prefixes = [roster.setting(name) for name in COMPANIONS]

    assert not taken & set(COMPANIONS)
    assert len({each.path for each in companions() if each.path}) == len(
        [each for each in companions() if each.path]
    )
    assert not {f"{prefix}Image" for prefix in prefixes} & set(SCHEMA)


def test_who_loads_no_engine_knows_the_same_names(tmp_path: Path) -> None:
    assert written() == COMPANIONS

    program = tmp_path / "openvault.py"
    text = (ROOT / "components" / "openvault.py").read_text()
    (line,) = (each for each in text.splitlines() if each.startswith("COMPANIONS: "))
    program.write_text(text.replace(line, 'COMPANIONS: tuple[str, ...] = ("old-links", "feed")'))
    assert written(program) == ("old-links", "feed")
    without = tmp_path / "without.py"
    without.write_text(text.replace(line, ""))
    with pytest.raises(ValueError, match="has no COMPANIONS"):
        written(without)


def test_a_setting_is_spelled_as_all_are() -> None:
    assert [roster.setting(name) for name in ("feed", "old-links")] == ["feed", "oldLinks"]


def test_the_command_line_and_the_sandbox_know_it_by_its_name_alone() -> None:
    script = (
        "from components import roster; roster.companions = lambda: ('old-links',);"
        "from operations import cause, project, reaches, rules;"
        "from sandbox import cli, settings;"
        "print(project.image_key('old-links'), *rules._OPTIONAL & {'old-links'},"
        "      *cause.FILES['images/old-links/'], *reaches.REACHES['oldLinksBuild'],"
        "      cli.SERVICES['old-links'], *settings._OF_OTHER_REGISTRIES, sep='|')"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()

    assert said.split("|")[:4] == [
        "oldLinksImage",
        "old-links",
        "Image old-links",
        "Deployment old-links",
    ]
    assert {"* old-links", "Deployment ov-nginx", "NetworkPolicy *-to-old-links"} <= set(
        said.split("|")
    )
    # The sandbox does without it until somebody chooses an image that is there.
    assert {"deployment/old-links", "oldLinksImage", "oldLinksBuild"} <= set(said.split("|"))
    assert "oldLinksImage" not in reaches.REACHES
