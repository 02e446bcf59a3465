"""What people type for an image."""

from __future__ import annotations

import pytest

from operations import names
from operations.errors import Exit, Refused

DIGEST = "sha256:" + 64 * "a"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("wgbhmla/ov-wag:v0.2.1", "docker.io/wgbhmla/ov-wag:v0.2.1"),
        ("docker.io/wgbhmla/ov-wag:v0.2.1", "docker.io/wgbhmla/ov-wag:v0.2.1"),
        ("index.docker.io/wgbhmla/ov-wag:v1", "docker.io/wgbhmla/ov-wag:v1"),
        ("postgres:14.2-alpine", "docker.io/library/postgres:14.2-alpine"),
        ("docker.io/postgres:14.2", "docker.io/library/postgres:14.2"),
        ("postgres", "docker.io/library/postgres:latest"),
        ("postgres:latest", "docker.io/library/postgres:latest"),
        (f"postgres@{DIGEST}", f"docker.io/library/postgres@{DIGEST}"),
        (f"ghcr.io/a/b/c:v1@{DIGEST}", f"ghcr.io/a/b/c:v1@{DIGEST}"),
        ("localhost:5000/x:1", "localhost:5000/x:1"),
        ("198.18.0.2:5000/sandbox/nginx:1.22", "198.18.0.2:5000/sandbox/nginx:1.22"),
    ],
)
def test_a_name_is_read_as_docker_reads_it(typed: str, meant: str) -> None:
    assert str(names.read(typed)) == meant


@pytest.mark.parametrize(
    "typed", ["", "Wgbhmla/ov-wag:v1", "ov wag", "a/b:", "a@sha256:12", "https://docker.io/a/b:1"]
)
def test_what_is_no_reference_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(Refused, match=r"is no reference.*Type for example") as refusal:
        names.read(typed)

    assert refusal.value.code is Exit.USAGE


def test_docker_hub_answers_under_another_name_than_it_is_written_with() -> None:
    reference = names.read("wgbhmla/ov-wag:v1")

    assert names.registry(reference) == "docker.io"
    assert names.host("docker.io") == "registry-1.docker.io"
    assert names.path(reference) == "wgbhmla/ov-wag"


@pytest.mark.parametrize(
    ("registry", "plainly"),
    [
        ("localhost:5000", True),
        ("localhost", True),
        ("127.0.0.1:5000", True),
        ("198.18.0.2:5000", True),
        ("198.19.255.1", True),
        ("198.20.0.1:5000", False),
        ("10.0.0.1:5000", False),
        ("localhost.example.org", False),
        ("docker.io", False),
    ],
)
def test_only_this_machine_and_its_sandbox_are_spoken_to_in_clear(
    registry: str, *, plainly: bool
) -> None:
    assert names.speaks_plainly(registry) is plainly
