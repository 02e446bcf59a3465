"""Whatever is typed: words for a person and a code for a script, never a traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from operations.errors import Exit, Refused
from operations.project import Project, full
from tests.operations.conftest import Ov, Said
from tests.operations.fake import FakeRegistry
from tests.operations.shell import Programs

BINARY = bytes(range(128, 256))
NOBODY = 65534


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """Where somebody types: a folder of files, and the settings."""

    folder: Path
    settings: Path
    programs: Programs
    environment: pytest.MonkeyPatch

    def demo(self, content: bytes) -> None:
        """Give ov-demo other settings."""
        (self.settings / "Pulumi.ov-demo.yaml").write_bytes(content)

    def schema(self, content: bytes) -> None:
        """Give the project another Pulumi.yaml."""
        (self.settings / "Pulumi.yaml").write_bytes(content)

    def file(self, content: bytes) -> None:
        """Make the file that is named on the command line."""
        (self.folder / "file").write_bytes(content)

    def event(self, content: object) -> None:
        """Be a workflow with this event."""
        (self.folder / "event.json").write_text(json.dumps(content))
        for name, value in {
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_REPOSITORY": "WGBH-MLA/openvault",
            "GITHUB_API_URL": "http://127.0.0.1:9",
            "GITHUB_TOKEN": "sentinel",
        }.items():
            self.environment.setenv(name, value)

    def credentials(self, *, temp: str = "", exported: str = "") -> None:
        """Be a step with a secret, and with other folders than those of a runner."""
        self.environment.setenv("OV_PASSPHRASE", "sentinel")
        self.environment.setenv("RUNNER_TEMP", temp or str(self.folder))
        self.environment.setenv("GITHUB_ENV", exported or str(self.folder / "env"))


def nothing(_: Desk) -> None:
    """Leave all as it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bad:
    """What is typed, `@` for the folder of files; the code; and words that must be said."""

    typed: str
    code: int
    said: tuple[str, ...]
    before: Callable[[Desk], object] = field(default=nothing)
    # Whether it has the three parts of the house.
    whole: bool = True


def usage(typed: str, *said: str) -> Bad:
    """Return what the command line itself refuses, naming its help."""
    return Bad(typed=typed, code=Exit.USAGE, said=("--help", *said), whole=False)


# Where nobody can make a file, whoever they are.
CLOSED = "/sys/class"

SMOKE = "smoke -s ov-demo"
SITE = "--site https://a.invalid --admin https://b.invalid"
PIN = "images pin ov-wag"
REF = "registry.example.org/wgbh/ov-wag"
FOLDER = "Pulumi.ov-demo.yaml"

TABLE: dict[str, Bad] = {
    # The command line's own
    "a verb that there is not": usage("deploy", "No such command 'deploy'"),
    "an option that there is not": usage("preview --fast", "No such option"),
    # The parser says these two in one line.
    "a flag with a value": Bad(
        typed="doctor --offline=yes", code=Exit.USAGE, said=("does not take a value",), whole=False
    ),
    "an option without its value": Bad(
        typed="preview --stack", code=Exit.USAGE, said=("requires an argument",), whole=False
    ),
    "a word too many": usage("doctor ov-demo", "unexpected extra argument"),
    "a number that is none": usage(f"{SMOKE} --wait soon", "Invalid value for '--wait'"),
    "smoke of no stack": usage("smoke", "Missing option '--stack'"),
    "pin of nothing": usage("images pin --stack ov-demo", "Missing argument"),
    "a description to nowhere": usage("github description", "Missing option '--to'"),
    # Stacks
    **{
        f"a stack that there is not, {verb}": Bad(
            typed=f"{verb} --stack staging",
            code=Exit.USAGE,
            said=("No stack is called 'staging'", "openvault and ov-demo", "--stack ov-demo"),
        )
        for verb in ("preview", "doctor", "smoke", "images list", f"{PIN} {REF}:v1")
    },
    "a stack without a name": Bad(
        typed="doctor --stack=", code=Exit.USAGE, said=("No stack is called ''", "--stack")
    ),
    "a stack that is a path": Bad(
        typed="preview --stack ../ov-demo", code=Exit.USAGE, said=("No stack is called",)
    ),
    # Settings
    "a folder that there is not": Bad(
        typed="preview --stack ov-demo --settings @/none",
        code=Exit.USAGE,
        said=("no stack at all",),
    ),
    "a folder without settings": Bad(
        typed="preview --settings @", code=Exit.USAGE, said=("no stack at all", "--settings")
    ),
    **{
        f"settings that are {what}, {verb}": Bad(
            typed=f"{verb} --stack ov-demo",
            code=Exit.SETTINGS,
            said=(f"{FOLDER} cannot be read", f"git checkout -- {FOLDER}"),
            before=lambda desk, content=content: desk.demo(content),
        )
        for verb in ("preview", "doctor", "smoke", "images list")
        for what, content in {"no text": BINARY, "no YAML": b"config: [\n"}.items()
    },
    "settings that are a list": Bad(
        typed=f"{SMOKE} {SITE} --json",
        code=Exit.SICK,
        said=("is not well", "./ov smoke --stack ov-demo"),
        before=lambda desk: desk.demo(b"- a\n- b\n"),
    ),
    "settings that are empty": Bad(
        typed=f"{PIN} --from ov-demo --stack openvault",
        code=Exit.SETTINGS,
        said=("ov-demo has no image for ov-wag", "Name the image instead"),
        before=lambda desk: (desk.demo(b""), desk.schema(b"")),
    ),
    "a generation that there is not": Bad(
        typed=f"{SMOKE} {SITE}",
        code=Exit.SETTINGS,
        said=("ov-demo is of no generation", "pulumi config set generation", "0.x"),
        before=lambda desk: desk.demo(b"config:\n  openvault:generation: 7.x\n"),
    ),
    # Files
    "acknowledgements that are not there": Bad(
        typed="preview --acknowledged-in @/file",
        code=Exit.USAGE,
        said=("cannot be read", "Acknowledged: ov-demo"),
    ),
    "acknowledgements that are no text": Bad(
        typed="preview --acknowledged-in @/file",
        code=Exit.USAGE,
        said=("cannot be read", "Acknowledged: ov-demo"),
        before=lambda desk: desk.file(BINARY),
    ),
    "acknowledgements that are a folder": Bad(
        typed="preview --acknowledged-in @", code=Exit.USAGE, said=("cannot be read",)
    ),
    "a comment into a folder that there is not": Bad(
        typed="preview --markdown @/none/comment.md",
        code=Exit.USAGE,
        said=("cannot be written", "mkdir -p"),
    ),
    "a comment over a folder": Bad(
        typed="preview --markdown @", code=Exit.USAGE, said=("cannot be written",)
    ),
    "a comment into a folder that is closed": Bad(
        typed=f"preview --markdown {CLOSED}/comment.md",
        code=Exit.USAGE,
        said=(f"{CLOSED}/comment.md cannot be written", "ls -ld"),
    ),
    "an authority that is not there": Bad(
        typed=f"{SMOKE} {SITE} --ca @/file",
        code=Exit.USAGE,
        said=("holds no certificate to trust", "--ca FILE"),
    ),
    "an authority that is no certificate": Bad(
        typed=f"{SMOKE} {SITE} --ca @/file",
        code=Exit.USAGE,
        said=("holds no certificate to trust", "--ca FILE"),
        before=lambda desk: desk.file(BINARY),
    ),
    # Addresses and images
    "a site without a scheme": Bad(
        typed=f"{SMOKE} --site demo --admin demo", code=Exit.USAGE, said=("is no address", "https")
    ),
    "a site that is no address": Bad(
        typed=f"{SMOKE} --site https://a:port --admin https://b.invalid",
        code=Exit.USAGE,
        said=("is no address", "https"),
    ),
    "a stack that was never deployed": Bad(
        typed=SMOKE,
        code=Exit.SETTINGS,
        said=("It is not known where the site of ov-demo is", "--site"),
        before=lambda desk: desk.programs.say("pulumi", "stack output", "{}"),
    ),
    "an engine that says no JSON of its outputs": Bad(
        typed=SMOKE,
        code=Exit.SETTINGS,
        said=("It is not known where the site of ov-demo is", "--site"),
        before=lambda desk: desk.programs.say("pulumi", "stack output", "warning: new version"),
    ),
    "an image without a name": Bad(
        typed=f"{PIN}  --stack ov-demo", code=Exit.USAGE, said=("is not clear", "--from")
    ),
    "an image that is no image": Bad(
        typed="images resolve Not:An:Image", code=Exit.USAGE, said=("Not:An:Image",)
    ),
    "an image without a version": Bad(
        typed=f"{PIN} {REF} --stack ov-demo --published",
        code=Exit.USAGE,
        said=("names no version", "v0.2.1"),
    ),
    "a service that there is not": Bad(
        typed=f"images pin wagtail {REF}:v1 --stack ov-demo",
        code=Exit.USAGE,
        said=("No service is called 'wagtail'", "ov-wag"),
    ),
    # Workflows
    "a comment outside a workflow": Bad(
        typed="github comment @/file",
        code=Exit.USAGE,
        said=("GITHUB_EVENT_PATH is not set", "./ov preview"),
    ),
    "an event that is no JSON": Bad(
        typed="github comment @/file",
        code=Exit.USAGE,
        said=("event of this workflow cannot be read",),
        before=lambda desk: (
            desk.event({}),
            (desk.folder / "event.json").write_bytes(BINARY),
        ),
    ),
    **{
        f"an event of {what}": Bad(
            typed="github comment @/file",
            code=Exit.USAGE,
            said=("There is no pull request to comment on", "on: pull_request"),
            before=lambda desk, event=event: desk.event(event),
        )
        for what, event in {
            "a push": {"ref": "main"},
            "a pull request that is a word": {"pull_request": "7"},
            "a list": [7],
        }.items()
    },
    "a comment that is not there": Bad(
        typed="github comment @/file",
        code=Exit.USAGE,
        said=("cannot be read", "./ov preview --markdown FILE"),
        before=lambda desk: desk.event({"pull_request": {"number": 7}}),
    ),
    "an issue that is no text": Bad(
        typed="github issue Drift @/file",
        code=Exit.USAGE,
        said=("cannot be read", "./ov preview --markdown FILE"),
        before=lambda desk: (desk.event({}), desk.file(BINARY)),
    ),
    "a GitHub that does not answer": Bad(
        typed="github issue Drift @/file",
        code=Exit.UNREACHABLE,
        said=("GitHub does not answer", "Run the job again"),
        before=lambda desk: (desk.event({}), desk.file(b"<!-- ov preview -->\n")),
    ),
    "a description into a folder that is closed": Bad(
        typed=f"github description --to {CLOSED}/text",
        code=Exit.USAGE,
        said=(f"{CLOSED}/text cannot be written", "ls -ld"),
        before=lambda desk: desk.event({"pull_request": {"body": "a"}}),
    ),
    "credentials of nobody": Bad(
        typed="github credentials",
        code=Exit.SETTINGS,
        said=("This step has no credentials", "docs/github.md"),
        before=lambda desk: (desk.credentials(), desk.environment.delenv("OV_PASSPHRASE")),
    ),
    "credentials into a folder that there is not": Bad(
        typed="github credentials",
        code=Exit.USAGE,
        said=("cannot be written", "RUNNER_TEMP"),
        before=lambda desk: desk.credentials(temp="/nowhere/at/all"),
    ),
    "credentials that no step would find": Bad(
        typed="github credentials",
        code=Exit.USAGE,
        said=("cannot be written", "GITHUB_ENV"),
        before=lambda desk: desk.credentials(exported="/nowhere/at/all"),
    ),
}


@pytest.fixture
def desk(
    tmp_path: Path, settings: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """Return a desk with nothing on it."""
    for name in ("GITHUB_EVENT_PATH", "GITHUB_API_URL", "GITHUB_TOKEN", "GITHUB_SHA"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "desk"
    folder.mkdir()
    return Desk(folder=folder, settings=settings, programs=programs, environment=monkeypatch)


@pytest.mark.parametrize("name", TABLE)
def test_bad_input_is_told_with_what_to_type(
    name: str, desk: Desk, typed: Ov, registry: FakeRegistry
) -> None:
    bad = TABLE[name]
    bad.before(desk)

    said = typed(*bad.typed.replace("@", str(desk.folder)).split())

    assert said.code == bad.code, said
    words = " ".join(said.err.split())
    assert [each for each in bad.said if each not in words] == []
    assert "Traceback" not in said.out + said.err
    assert "sentinel" not in said.out + said.err
    assert is_complete(said) or not bad.whole, said.err


def is_complete(said: Said) -> bool:
    """Return whether there is what happened, why, and what to type, each in a line of its own."""
    what, *rest = said.err.strip().splitlines()
    return what.endswith(":") and rest[0].startswith("  ") and not rest[-1].startswith(" ")


def test_the_table_tries_every_verb() -> None:
    verbs = {
        "preview", "doctor", "smoke", "images list", "images pin", "images resolve",
        "github comment", "github issue", "github description", "github credentials",
    }  # fmt: skip

    assert {
        verb for verb in verbs if not any(b.typed.startswith(verb) for b in TABLE.values())
    } == (set())


@contextmanager
def as_nobody(folder: Path) -> Generator[None]:
    """Be somebody whom *folder* does not let in, which root is not."""
    folder.chmod(0)
    root = not os.geteuid()
    try:
        if root:
            os.seteuid(NOBODY)
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_a_folder_that_lets_nobody_in_is_no_traceback(settings: Path) -> None:
    with as_nobody(settings), pytest.raises(Refused) as refused:
        Project(settings).stack("ov-demo")

    assert "permission denied" in refused.value.why
    assert "ls -ld" in refused.value.do


def test_settings_that_nobody_may_write_are_no_traceback(settings: Path) -> None:
    before = Project(settings).stack("ov-demo")
    after = before.with_value(full("siteUrl"), "https://other.example.org")

    with as_nobody(settings), pytest.raises(Refused) as refused:
        after.write(before)

    assert "permission denied" in refused.value.why
    assert refused.value.code == Exit.SETTINGS
