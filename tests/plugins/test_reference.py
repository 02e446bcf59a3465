"""Names of images."""

import pytest

from sandbox.plugins import reference


@pytest.mark.parametrize(
    "name",
    [
        "docker.io/foo/bar",
        "docker.io/library/foo:1",
        "localhost/foo",
        "localhost:5000/a/b/c:v1.2",
        "host:99999/x",
        "198.18.0.2:5000/wgbhmla/ov-nginx:v0.1.0",
        "ghcr.io/wgbh/ov-wag@sha256:" + "0" * 64,
    ],
)
def test_a_name_that_says_everything_is_accepted(name: str) -> None:
    reference.require_canonical(name)


@pytest.mark.parametrize("name", ["foo", "foo:1", "foo/bar:1", "docker.io/foo"])
def test_a_name_that_needs_filling_in_is_refused(name: str) -> None:
    with pytest.raises(reference.InvalidNameError, match="repository name must be canonical"):
        reference.require_canonical(name)


def test_capital_letters_are_refused_by_name() -> None:
    with pytest.raises(reference.InvalidNameError) as error:
        reference.require_canonical("localhost:5000/DC:1")

    assert str(error.value) == ("invalid reference format: repository name (DC) must be lowercase")


@pytest.mark.parametrize("name", ["", "host/a:", "host.io/a b", "host.io/-a", "host.io/a@sha256:1"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(reference.InvalidNameError, match="invalid reference format"):
        reference.require_canonical(name)


@pytest.mark.parametrize(
    ("name", "repository", "tag", "registry"),
    [
        ("host:5000/a/b:1", "host:5000/a/b", "1", "host:5000"),
        ("host:5000/a/b", "host:5000/a/b", "latest", "host:5000"),
        ("host:5000/a@sha256:" + "0" * 64, "host:5000/a", "latest", "host:5000"),
        ("foo/bar:2", "foo/bar", "2", "docker.io"),
        ("index.docker.io/foo/bar", "index.docker.io/foo/bar", "latest", "docker.io"),
    ],
)
def test_a_name_has_a_repository_a_tag_and_a_registry(
    name: str, repository: str, tag: str, registry: str
) -> None:
    assert reference.repository(name) == repository
    assert reference.tag(name) == tag
    assert reference.registry(name) == registry
