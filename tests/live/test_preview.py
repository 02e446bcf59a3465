"""What `ov preview` says of real plans: engine, providers and cluster have their say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from operations.errors import Exit
from sandbox.instance import CHECKOUT
from tests.live.platform import Platform
from tests.live.project import DEMO, Project, chosen, clone_into

pytestmark = pytest.mark.live

DIGEST = f"sha256:{'e' * 64}"

Settings = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Seed:
    """One change of settings or of the program, and what a reviewer has to be told."""

    settings: Callable[[Settings], None] = lambda _: None
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    program: Callable[[Path], None] | None = None
    # What happens to whom, by kind and name, and its class; of nothing else more than "harmless".
    told: Mapping[str, str]
    cause: str = ""
    code: int = 0


def setting(key: str, value: Any) -> Callable[[Settings], None]:
    def change(config: Settings) -> None:
        config[f"openvault:{key}"] = value

    return change


def another_image(key: str) -> Callable[[Settings], None]:
    def change(config: Settings) -> None:
        image, _, _ = config[f"openvault:{key}"].partition("@")
        config[f"openvault:{key}"] = f"{image}@{DIGEST}"

    return change


def edited(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(program: Path) -> None:
        file = program / name
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return change


SEEDED: Mapping[str, Seed] = {
    "nothing at all": Seed(told={}),
    "a release of the back end": Seed(
        settings=another_image("backendImage"),
        told={"Deployment ov-wag": "restarts", "Job ov-wag-migrate": "restarts"},
        cause="backendImage changed from",
    ),
    "a release of the front end": Seed(
        settings=another_image("frontendImage"),
        told={"Deployment ov-frontend": "restarts"},
        cause="frontendImage changed from",
    ),
    "a patch of the database": Seed(
        settings=another_image("databaseImage"),
        told={"StatefulSet db": "outage"},
        cause="databaseImage changed from",
    ),
    "more pods": Seed(
        settings=setting("replicas", {"ov-frontend": 2}),
        # A second pod asks for another node, if there is one: the first learns of it, too.
        told={"Deployment ov-frontend": "restarts"},
        cause="replicas",
    ),
    "another secret key": Seed(
        secrets={"secretKey": "a-secret-key-of-tests-" * 4},
        told={"Deployment ov-wag": "restarts", "Secret ov-wag-credentials": "harmless"},
        cause="secretKey has another value",
    ),
    "larger uploads": Seed(
        settings=setting("uploadLimit", "50m"),
        told={"Deployment ov-nginx": "restarts"},
        cause="uploadLimit",
    ),
    "another address": Seed(
        settings=setting("siteUrl", "https://other.localhost"),
        told={
            "Ingress ov-nginx": "outage",
            "Deployment ov-wag": "restarts",
            "Deployment ov-nginx": "restarts",
            "Job ov-wag-migrate": "restarts",
        },
        cause="siteUrl changed from",
    ),
    "no jumpbox": Seed(
        settings=setting("jumpbox", value=False),
        told={"Deployment jumpbox": "harmless"},
        cause="jumpbox changed from true to false",
    ),
    "another page of the proxy": Seed(
        program=edited("images/ov-nginx/away.html", "</body>", "<p>Soon.</p></body>"),
        told={"Image ov-nginx": "harmless", "Deployment ov-nginx": "restarts"},
    ),
    "a volume under another name": Seed(
        program=edited(
            "components/backend.py", 'Volume(f"ov-{content}"', 'Volume(f"wag-{content}"'
        ),
        told={
            "PersistentVolumeClaim ov-media": "data",
            "PersistentVolumeClaim ov-static": "data",
            "Deployment ov-wag": "restarts",
            "Deployment ov-nginx": "restarts",
        },
        code=Exit.UNACKNOWLEDGED,
    ),
    "no default policy": Seed(
        program=edited("components/namespace.py", '("default-deny", _DENY)', '("shut", _DENY)'),
        told={"NetworkPolicy default-deny": "forbidden"},
        code=Exit.UNACKNOWLEDGED,
    ),
}


def reviewed(platform: Platform, folder: Path, seed: Seed) -> tuple[int, Any, str]:
    """Return the code, the stack's changes and the errors of `ov preview` on ov-demo."""
    program = CHECKOUT
    if seed.program:
        program = folder / "clone"
        clone_into(program)
        seed.program(program)
    project = Project(platform=platform, folder=folder / "stacks", stack=DEMO, program=program)
    content = chosen(platform)
    seed.settings(content["config"])
    project.configure(content)
    for key, value in seed.secrets.items():
        project.seal(f"openvault:{key}", value)
    said = platform.run(
        str(CHECKOUT / "ov"), "preview", "--stack", DEMO, "--json",
        env=project.environment, check=False,
    )  # fmt: skip
    return said.returncode, json.loads(said.stdout)["stacks"], said.stderr


@pytest.mark.parametrize("name", SEEDED)
def test_a_seeded_change_is_told_for_what_it_is(
    name: str, platform: Platform, tmp_path: Path
) -> None:
    seed = SEEDED[name]

    code, stacks, said = reviewed(platform, tmp_path, seed)

    assert code == seed.code, said
    (stack,) = stacks
    told = {each["resource"]: each["class"] for each in stack["changes"]}
    assert bool(told) == bool(seed.told)
    harmless = {each for each in told if told[each] == "harmless"} - seed.told.keys()
    assert {each: told[each] for each in told if each not in harmless} == seed.told
    for each in stack["changes"]:
        if each["resource"] in seed.told and seed.cause:
            assert each["cause"].startswith(seed.cause), each
