"""Sign-on: a provider of OpenID Connect that believes whoever says who they are."""

from __future__ import annotations

import json
import sys

from sandbox.instance import Instance
from sandbox.process import Processes
from sandbox.services.asking import answers

PORT = 9400

# Who can sign on with one click.
EDITOR = {
    "sub": "editor",
    "name": "Edith Keeler",
    "email": "editor@openvault.example",
    "email_verified": True,
}


def start(processes: Processes) -> bool:
    """Start it unless it runs; return whether it was started now."""
    provider = [f"{sys.prefix}/bin/python", "-W", "ignore", "-m", "oidc_provider_mock"]
    options = ["--host", "127.0.0.1", "--port", str(PORT), "--user-claims", json.dumps(EDITOR)]
    return processes.start("sign-on", [*provider, *options])


def settle(instance: Instance, processes: Processes) -> None:
    """Wait until it answers."""
    page = f"http://127.0.0.1:{PORT}/.well-known/openid-configuration"
    processes.wait_until("sign-on", lambda: answers(instance, page), seconds=30)
