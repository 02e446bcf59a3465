"""The running sandbox, as a person with a shell meets it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.instance import CHECKOUT, Instance


@dataclass(frozen=True, slots=True)
class Platform:
    """A sandbox and the environment that `make -s env` gives a shell."""

    instance: Instance
    environment: Mapping[str, str]

    @classmethod
    def of_this_run(cls) -> Platform:
        """Return the sandbox that OV_SANDBOX names, which must be up."""
        exports = subprocess.run(
            [sys.executable, "-m", "sandbox", "env"],
            capture_output=True, text=True, check=False, cwd=CHECKOUT,
        )  # fmt: skip
        assert exports.returncode == 0, exports.stderr
        shell = ["bash", "-c", 'eval "$1" && env -0', "bash", exports.stdout]
        words = subprocess.run(shell, capture_output=True, text=True, check=True).stdout
        entries = (entry.split("=", 1) for entry in words.split("\0") if entry)
        return cls(Instance.from_environment(), dict(entries))

    @property
    def site(self) -> str:
        """The public address of ov-demo."""
        return self.environment["OV_SITE_URL"]

    @property
    def admin(self) -> str:
        """The address of ov-demo's CMS."""
        return self.environment["OV_ADMIN_URL"]

    @property
    def administrator(self) -> tuple[str, str]:
        """The administrator's name and password."""
        password = Path(self.environment["OV_ADMIN_PASSWORD_FILE"]).read_text().strip()
        return self.environment["OV_ADMIN_USER"], password

    def run(
        self,
        *argv: str,
        check: bool = True,
        env: Mapping[str, str] | None = None,
        timeout: int = 600,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as a shell with the sandbox's environment would."""
        done = subprocess.run(
            argv,
            env={**self.environment, **(env or {})},
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(argv)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def kubectl(self, *words: str, stack: str = "ov-demo") -> str:
        """Return what kubectl says of *stack*'s namespace."""
        return self.run("kubectl", "-n", stack, *words).stdout

    def objects(self, kind: str, *words: str, stack: str = "ov-demo") -> list[dict[str, Any]]:
        """Return every object of a kind in *stack*'s namespace."""
        found: dict[str, Any] = json.loads(
            self.kubectl("get", kind, *words, "-o", "json", stack=stack)
        )
        return found["items"]

    def generations(self, *, stack: str = "ov-demo") -> dict[str, int]:
        """Return how often each workload's specification was written."""
        found = self.objects("deployments,statefulsets", stack=stack)
        return {each["metadata"]["name"]: each["metadata"]["generation"] for each in found}

    def sql(self, query: str, *, stack: str = "ov-demo") -> list[str]:
        """Return the rows of *query*, asked inside the database's own pod."""
        words = ("exec", "db-0", "--", "psql", "-U", "openvault", "-Atc", query)
        return self.kubectl(*words, stack=stack).splitlines()

    def curl(self, url: str, *words: str) -> tuple[int, str]:
        """Return the status and the body of a request as a client outside the cluster makes it."""
        marked = ("-w", "\n%{http_code}")
        authority = ("--cacert", self.environment["OV_CA_FILE"])
        done = self.run(
            "curl", "-sS", "--max-time", "20", *authority, *marked, *words, url, check=False
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body


def eventually(
    what: str, holds: Callable[[], bool], *, seconds: float = 120, every: float = 0.5
) -> None:
    """Wait until *holds*, or fail saying what never came true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(every)


def host(url: str) -> str:
    """Return the host name of *url*."""
    return urlsplit(url).hostname or ""
