"""ov-demo, declared for a cluster as it is committed, and for a machine with secrets to fill in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from declared.engine import Engine
from declared.stacks import configured, declare

STACK = "ov-demo"

# Browsers and curl take every name below localhost for this machine.
HOST = "openvault.localhost"
ADMIN_HOST = f"admin.{HOST}"
PORT = 8080

# A secret setting → the variable that holds it on a machine.
VARIABLES: Mapping[str, str] = {
    "databasePassword": "OV_DATABASE_PASSWORD",
    "secretKey": "OV_SECRET_KEY",
    "adminPassword": "OV_ADMIN_PASSWORD",
}


@cache
def development() -> Engine:
    """Return what the program declares under a machine's addresses and secrets."""
    return _declared(siteUrl=f"https://{HOST}:{PORT}", adminUrl=f"https://{ADMIN_HOST}:{PORT}")


@cache
def cluster() -> Engine:
    """Return what the program declares for ov-demo as it is committed."""
    return _declared()


def _declared(**addresses: str) -> Engine:
    secrets = {key: filled_in(name) for key, name in VARIABLES.items()}
    sealed = [f"openvault:{key}" for key in secrets]
    return declare(STACK, configured(STACK, secrets, **addresses), sealed)


def filled_in(name: str) -> str:
    """Return the words by which compose takes a secret from the environment or from `.env`."""
    return f"${{{name}:?type ./ov dev up, which makes it and keeps it in .env}}"
