"""The folder an image is built from: what must not be in it, and what it must have."""

import os
from itertools import accumulate, product
from pathlib import Path

import pytest

from components.context import faults, judged, patterns
from components.reference import Build
from declared.stacks import ROOT, STACKS, chosen
from sandbox.plugins.ignore import Ignored, parse


def folder(root: Path, *names: str, ignore: str | None = None) -> Path:
    """Make a context below *root* with files of these names."""
    context = root / "it"
    context.mkdir()
    for name in ("Dockerfile", *names):
        path = context / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("FROM scratch\n")
    if ignore is not None:
        (context / ".dockerignore").write_text(ignore)
    return context


def said(root: Path, context: str = "it", dockerfile: str = "Dockerfile") -> str:
    """Return what a person reads about a context, problem and way out."""
    found = faults(root, Build(context=context, dockerfile=dockerfile))
    return "\n".join(f"{each.problem}\n{each.way_out}" for each in found)


@pytest.mark.parametrize("stack", STACKS)
def test_what_the_committed_stacks_build_may_be_built(stack: str) -> None:
    for key, build in chosen(stack).items():
        if key.endswith("Build"):
            assert said(ROOT, build["context"]) == ""


def test_a_context_that_is_not_there_is_refused_by_where_it_was_looked_for(tmp_path: Path) -> None:
    assert f"context nosuch does not exist (looked for in {tmp_path})" in said(tmp_path, "nosuch")


def test_a_context_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "it").write_text("")

    assert "context it is no folder" in said(tmp_path)


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/WGBH-MLA/ov-wag.git#v0.2.1",
        "git://example.org/ov-wag.git",
        "git@github.com:WGBH-MLA/ov-wag.git",
        "github.com/WGBH-MLA/ov-wag",
    ],
)
def test_an_address_of_git_is_refused_with_the_way_to_a_folder(
    tmp_path: Path, address: str
) -> None:
    told = said(tmp_path, address)

    assert "only a local folder can be built" in told
    assert f"Type: git clone {address.partition('#')[0]} ../checkout" in told
    assert ("--branch v0.2.1" in told) is address.endswith("#v0.2.1")


def test_a_missing_dockerfile_is_refused_by_name(tmp_path: Path) -> None:
    folder(tmp_path)

    assert "no Dockerfile Other in context it" in said(tmp_path, dockerfile="Other")


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        ".env.production",
        "settings/.env",
        ".git/config",
        "deploy/.git/config",
        "server.pem",
        "tls/server.key",
        "id_rsa",
        "id_ed25519",
        "Pulumi.openvault.yaml",
        ".ssh/config",
        ".netrc",
    ],
)
def test_what_must_not_ship_is_refused_by_name_with_the_line_that_leaves_it_out(
    tmp_path: Path, name: str
) -> None:
    context = folder(tmp_path, name)
    top = name.partition("/.git/")[0] + "/.git" if "/.git/" in name else name
    top = top if not top.startswith((".git/", ".ssh/")) else top.partition("/")[0]

    told = said(tmp_path)
    assert f"context it contains what must not be in an image: {top}" in told
    assert f"Write into it/.dockerignore: {top}" in told

    (context / ".dockerignore").write_text(f"# private\n{top}\n")
    assert said(tmp_path) == ""


@pytest.mark.parametrize(
    "name", [".env.example", "app/models.py", "identity.py", "keys.py", "id_rsa.pub", ".gitignore"]
)
def test_what_only_looks_like_it_may_ship(tmp_path: Path, name: str) -> None:
    folder(tmp_path, name)

    assert said(tmp_path) == ""


@pytest.mark.parametrize(
    ("ignore", "ships"),
    [
        ("*", False),
        ("**/.env", False),
        ("a", False),
        ("a/", False),
        ("/a/b", False),
        ("a/*/.env", False),
        ("a/?/.e[n]v", False),
        ("a/**", False),
        ("*\n!a/b/.env", True),
        ("*\n!a\na/b/.env", False),
        (".env", True),
        ("*.env", True),
        ("# a", True),
        ("", True),
    ],
)
def test_a_dockerignore_is_read_as_docker_reads_it(
    tmp_path: Path, ignore: str, *, ships: bool
) -> None:
    folder(tmp_path, "a/b/.env", ignore=ignore)

    assert bool(said(tmp_path)) is ships


def test_the_program_and_the_provider_read_a_dockerignore_alike() -> None:
    lines = ["a", "*", "**", "*/", "a/**", "**/a", "a*/?", "[ab]/.e*", "!a", "!a/b", "!**/a", "!*"]
    paths = ["a", "b", ".env", "a/b", "a/.env", "b/a", "a/b/a", "b/a/.env"]

    for text in ("\n".join(pair) for pair in product(lines, repeat=2)):
        ours, theirs = patterns(text), Ignored(parse(text))
        for path in paths:
            matched: list[bool] = [False] * len(ours)
            inherited: list[bool] | None = None
            said = expected = False
            for folder in accumulate(path.split("/"), lambda above, name: f"{above}/{name}"):
                said, matched = judged(folder, ours, matched)
                expected, inherited = theirs.judge(folder, inherited)
            assert said is expected, (text, path)


def test_a_pattern_that_means_nothing_is_refused(tmp_path: Path) -> None:
    folder(tmp_path, ignore="[z-a]")

    assert "it/.dockerignore has a pattern that means nothing: [z-a]" in said(tmp_path)


def test_a_dockerfile_may_have_a_dockerignore_of_its_own(tmp_path: Path) -> None:
    context = folder(tmp_path, ".env", ignore=".env")
    (context / "Dockerfile.dockerignore").write_text("")

    assert "Write into it/Dockerfile.dockerignore: .env" in said(tmp_path)


def test_many_of_them_are_not_all_listed(tmp_path: Path) -> None:
    folder(tmp_path, *(f"{number}.pem" for number in range(9)))

    assert "4.pem and 4 more" in said(tmp_path)


def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    # The provider would stop reading there, and build nothing for later changes behind it.
    (folder(tmp_path) / "link").symlink_to("nosuch")

    assert "links that lead nowhere, or files that are neither file nor folder: link" in said(
        tmp_path
    )
    assert "write them into it/.dockerignore" in said(tmp_path)


def test_a_link_in_a_circle_is_refused(tmp_path: Path) -> None:
    (folder(tmp_path) / "link").symlink_to("link")

    assert "lead nowhere" in said(tmp_path)


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(folder(tmp_path) / "pipe")

    assert "neither file nor folder: pipe" in said(tmp_path)


def test_links_that_lead_somewhere_are_welcome(tmp_path: Path) -> None:
    context = folder(tmp_path, "file", "folder/file")
    (context / "to-file").symlink_to("file")
    (context / "to-folder").symlink_to("folder")

    assert said(tmp_path) == ""


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    (folder(tmp_path, ".env") / "link").symlink_to("nosuch")

    assert len(faults(tmp_path, Build(context="it"))) == 2
