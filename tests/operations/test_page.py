"""The page "Images": every console block of it is typed, and answers as it says."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from operations.errors import Exit
from sandbox.instance import CHECKOUT, Instance
from sandbox.toolchain import locate
from tests.operations.conftest import FILES
from tests.operations.fake import PASSWORD
from tests.operations.real import running
from tests.typed import marked, matches, unmarked

PAGE = CHECKOUT / "docs" / "images.md"

# What the page has published at Docker Hub.
PUBLISHED = {
    "wgbhmla/ov-wag": ("v0.2.1", "v0.3.0"),
    "wgbhmla/ov-frontend": ("v0.2.1",),
    "wgbhmla/ov-nginx": ("v0.1.0",),
    "library/postgres": ("14.2-alpine",),
}

Shell = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("said", "shown", "same"),
    [
        ("a  b\n", "a b", True),
        ("a b c", "a b", False),
        ("x\ny\nz", "…\nz", True),
        ("sha256:" + 64 * "1", "sha256:" + 64 * "2", True),
        ("at v1.2", "at v1x2", False),
    ],
)
def test_an_answer_is_compared_word_by_word(said: str, shown: str, *, same: bool) -> None:
    assert matches(said, shown) is same


def test_every_console_block_is_one_that_is_typed() -> None:
    assert marked(PAGE)
    assert unmarked(PAGE) == 0


def test_every_exit_code_is_on_a_page() -> None:
    pages = [page.read_text() for page in (CHECKOUT / "docs").glob("*.md")]
    listed = {
        int(code)
        for page in pages
        for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)
        if "## Exit codes" in page or page == PAGE.read_text()
    }

    assert listed - {0} == set(Exit)


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Generator[Mapping[str, str]]:
    """Run Docker Hub and ghcr.io as the page has them; return name → address."""
    toolchain = locate(Instance.from_environment().cache)
    if toolchain is None:
        pytest.fail("the toolchain is not built; type: make up")
    folder = tmp_path_factory.mktemp("registries")
    created = (datetime.now(UTC) - timedelta(days=5, hours=1)).isoformat()
    with (
        running(toolchain, folder / "hub") as hub,
        running(toolchain, folder / "ghcr", users=True) as ghcr,
    ):
        for repository, tags in PUBLISHED.items():
            hub.release(repository, *tags, created=created)
        ghcr.release("wgbhmla/ov-wag", "v0.3.0", created=created)
        yield {"docker.io": hub.address, "ghcr.io": ghcr.address}


@pytest.fixture
def shell(registries: Mapping[str, str], settings: Path, tmp_path: Path) -> Shell:
    """Return a shell in the checkout, whose settings are a copy and whose registries are here."""
    toolchain = locate(Instance.from_environment().cache)
    assert toolchain
    for name in FILES:
        path = settings / name
        path.write_text(_here(path.read_text(), registries))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "ghcr-token").write_text(f"{PASSWORD}\n")
    (tmp_path / "state").mkdir()
    # The order of what is said must not hang on how Python was started.
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    env = {
        **plain,
        "HOME": str(tmp_path / "home"),
        "PATH": f"{toolchain.path('pulumi').parent}:{os.environ['PATH']}",
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "only for this test",
        "PULUMI_HOME": str(tmp_path / "home" / ".pulumi"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    def type_in(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", f"{_here(command, registries)} 2>&1"],
            cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip

    for stack in ("openvault", "ov-demo"):
        made = type_in(f"pulumi stack init {stack} --non-interactive")
        assert made.returncode == 0, made.stdout
    return type_in


def _here(text: str, registries: Mapping[str, str]) -> str:
    for name, address in registries.items():
        text = text.replace(f"{name}/", f"{address}/")
    return text


def _there(text: str, registries: Mapping[str, str]) -> str:
    for name, address in registries.items():
        text = text.replace(address, name)
    return text


@pytest.mark.live
def test_every_command_of_the_page_answers_as_the_page_says(
    shell: Shell, registries: Mapping[str, str]
) -> None:
    for typed in (each for block in marked(PAGE) for each in block.commands):
        said = shell(typed.command)
        answer = _there(said.stdout, registries)

        assert said.returncode == typed.code, f"{typed.command}\n{answer}"
        assert matches(answer, typed.answer), f"{typed.command}\nsaid:\n{answer}\n{typed.answer}"


@pytest.mark.live
def test_pulumi_leaves_the_comments_of_a_pinned_stack(shell: Shell, settings: Path) -> None:
    shell("./ov images pin ov-wag docker.io/wgbhmla/ov-wag:v0.3.0 --stack ov-demo")
    shell("pulumi config set jumpbox false -s ov-demo")

    text = (settings / "Pulumi.ov-demo.yaml").read_text()
    assert "# A demo is taken down and put up again" in text
    assert "ov-wag:v0.3.0@sha256:" in text
