"""Whether a service answers, asked where it listens."""

from __future__ import annotations

from sandbox.instance import Instance
from sandbox.process import attempt


def answers(instance: Instance, url: str) -> bool:
    """Tell whether something answers inside the sandbox's network; no proxy is asked."""
    ask = ["nsenter", f"--net={instance.netns}", "curl", "--silent", "--fail"]
    return attempt([*ask, "--max-time", "5", "--noproxy", "*", url]).returncode == 0
