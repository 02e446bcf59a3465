"""Tokens as they are kept, and when they end."""

from __future__ import annotations

import datetime as dt

import pytest

from sandbox.rancher import accounts
from sandbox.rancher.access import expired

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def test_what_is_kept_of_a_token_is_not_the_token() -> None:
    kept = accounts.token("token-a:geheim", accounts.CURATOR)

    assert "geheim" not in str(kept)
    assert kept["metadata"]["name"] == "token-a"
    assert kept["hash"] == accounts.digest("geheim")
    assert kept["groupPrincipals"] == ["openldap_group://cn=archivists"]


@pytest.mark.parametrize(
    ("end", "over"),
    [
        ("", False),
        ("2026-06-01T00:00:00+00:00", True),
        ("2026-05-31T23:59:59+00:00", True),
        ("2026-06-01T00:00:01+00:00", False),
    ],
)
def test_a_token_ends_when_it_says_so(end: str, *, over: bool) -> None:
    assert expired({"expiresAt": end}, NOW) is over
