"""Where names and passwords come from."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from operations import credentials
from operations.credentials import Credentials
from operations.errors import Exit, Refused

AUTH = base64.b64encode(b"archivist:open:sesame").decode()
KNOWN = Credentials(username="archivist", password="open:sesame")


def store(content: object) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    credentials.place().write_text(text)


def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = tmp_path / "docker-credential-vault"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


def test_without_a_file_nobody_is_known() -> None:
    assert credentials.stored("docker.io") is None


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("https://index.docker.io/v1/", "docker.io"),
        ("docker.io", "docker.io"),
        ("ghcr.io", "ghcr.io"),
        ("https://ghcr.io/v2/", "ghcr.io"),
        ("http://localhost:5000", "localhost:5000"),
    ],
)
def test_what_docker_login_stored_is_found_however_it_spells_the_registry(
    key: str, registry: str
) -> None:
    store({"auths": {"other.example.org": {"auth": "bm86bm8="}, key: {"auth": AUTH}}})

    assert credentials.stored(registry) == KNOWN


def test_another_registrys_password_is_not_given_away() -> None:
    store({"auths": {"ghcr.io": {"auth": AUTH}}})

    assert credentials.stored("ghcr.io.example.org") is None


def test_an_identity_token_is_read() -> None:
    store({"auths": {"ghcr.io": {"auth": "dXNlcjo=", "identitytoken": "abc"}}})

    assert credentials.stored("ghcr.io") == Credentials(username="user", identity_token="abc")


@pytest.mark.parametrize("config", [{"credsStore": "vault"}, {"credHelpers": {"ghcr.io": "vault"}}])
def test_a_credential_helper_is_asked(
    config: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = '{"Username":"archivist","Secret":"open:sesame"}'
    helper(tmp_path, monkeypatch, f"[ \"$1 $(cat)\" = 'get ghcr.io' ] && echo '{answer}'")
    store({**config, "auths": {"ghcr.io": {}}})

    assert credentials.stored("ghcr.io") == KNOWN


def test_docker_hub_is_known_to_a_helper_by_its_oldest_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = '{"Username":"archivist","Secret":"open:sesame"}'
    helper(tmp_path, monkeypatch, f"[ $(cat) = https://index.docker.io/v1/ ] && echo '{answer}'")
    store({"credHelpers": {"index.docker.io": "vault"}})

    assert credentials.stored("docker.io") == KNOWN


def test_a_strange_entry_for_another_registry_is_no_trouble() -> None:
    store({"auths": {"[::1]:5000": {}, "": None, "https://ghcr.io": {"auth": AUTH}}})

    assert credentials.stored("ghcr.io") == KNOWN


def test_a_credential_helper_may_know_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, monkeypatch, "echo credentials not found in native keychain; exit 1")
    store({"credsStore": "vault"})

    assert credentials.stored("ghcr.io") is None


def test_a_credential_helper_may_keep_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, monkeypatch, """echo '{"Username":"<token>","Secret":"abc"}'""")
    store({"credsStore": "vault"})

    assert credentials.stored("ghcr.io") == Credentials(username="<token>", identity_token="abc")


@pytest.mark.parametrize("script", ["echo surprise", "echo '[]'"])
def test_a_helper_that_talks_nonsense_is_named(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, monkeypatch, script)
    store({"credsStore": "vault"})

    with pytest.raises(Refused, match=r"docker-credential-vault does not work.*--username"):
        credentials.stored("ghcr.io")


def test_a_missing_credential_helper_is_named() -> None:
    store({"credsStore": "nowhere"})

    with pytest.raises(Refused, match=r"docker-credential-nowhere does not work.*--username"):
        credentials.stored("ghcr.io")


@pytest.mark.parametrize(
    "broken",
    ["{", "[]", {"auths": {"ghcr.io": {"auth": "%%%"}}}, {"credsStore": "../../bin/sh"}],
)
def test_a_broken_file_is_named_with_the_way_out(broken: object) -> None:
    store(broken)

    with pytest.raises(Refused, match=r"config\.json cannot be read.*docker login") as refusal:
        credentials.stored("ghcr.io")
    assert refusal.value.code is Exit.UNAUTHORIZED


def test_a_password_is_in_no_representation() -> None:
    assert "sesame" not in repr(KNOWN)
    assert "abc" not in repr(Credentials(username="user", identity_token="abc"))
