"""The demo on the sandbox: `pulumi up`, with everything it needs around it."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from sandbox import plugins, settings
from sandbox.errors import Refusal
from sandbox.images import references
from sandbox.instance import Instance
from sandbox.process import attempt, run
from sandbox.rancher import accounts
from sandbox.settings import PROJECT, STACK
from sandbox.toolchain import Report, Toolchain

# A line of the engine's that says what happens to a resource; more follow while it lasts.
STEP = re.compile(
    r"^ *(?P<step>[-+~<>=]+ +\S+ \S+ (?:creating|updating|deleting|replacing|refreshing|reading))\b"
)

# "    + 3 created" and "    42 unchanged", the end of every update.
COUNT = re.compile(r"^ +(?:[-+~<>=]+ ?)?(\d+) (\w+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an update did: a word of the engine's → the number of resources."""

    counts: Mapping[str, int]

    @property
    def changed(self) -> bool:
        """Whether any resource is not as it was."""
        return bool(set(self.counts) - {"unchanged"})

    def __str__(self) -> str:
        return ", ".join(f"{number} {word}" for word, number in self.counts.items())


def environment(instance: Instance) -> dict[str, str]:
    """Return the variables of a shell that uses this sandbox, but PATH."""
    return {
        "OV_SANDBOX": instance.name,
        "OV_SITE_URL": settings.site_url(instance),
        "OV_ADMIN_URL": settings.admin_url(instance),
        "OV_CA_FILE": str(instance.ca),
        "OV_ADMIN_USER": settings.ADMIN,
        "OV_ADMIN_PASSWORD_FILE": str(settings.admin_password(instance)),
        # Not the provider's own variables: a setting that is missing must be missed.
        "OV_RANCHER_URL": instance.rancher,
        "OV_RANCHER_TOKEN_FILE": str(accounts.token_file(instance)),
        "KUBECONFIG": str(instance.kubeconfig),
        "DOCKER_HOST": f"unix://{instance.docker_socket}",
        # A second file beside each, as it would write else, is what a kill leaves half written.
        "PULUMI_BACKEND_URL": f"file://{instance.backend}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(settings.passphrase(instance)),
        "PULUMI_OPTION_CWD": str(instance.stacks),
        "PULUMI_ERROR_OUTPUT_STRING": "true",
        **plugins.environment(instance),
    }


def up(instance: Instance, toolchain: Toolchain, report: Report) -> Outcome:
    """Deploy ov-demo, or bring it to what the checkout says."""
    report("writing the settings")
    engine = Engine(instance, plugins.install(instance, toolchain))
    settings.make_secrets(instance)
    settings.write_project(instance)
    instance.backend.mkdir(mode=0o700, exist_ok=True)
    lacking = settings.write_stack(instance, references(instance))
    engine.pulumi("stack", "select", "--create", STACK, "--secrets-provider", "passphrase")
    for key in lacking:
        name, _ = settings.SECRETS[key]
        value = (instance.secrets / name).read_text()
        engine.pulumi("config", "set", "--secret", f"{PROJECT}:{key}", "-s", STACK, stdin=value)
    engine.heal(report)
    report("asking the engine what there is to do")
    return engine.up(report)


def wait_until_it_answers(instance: Instance, *, seconds: float = 240) -> None:
    """Wait until the site and the CMS answer through the front door, as a browser asks them."""
    authority = ssl.create_default_context(cafile=str(instance.ca))
    deadline = time.monotonic() + seconds
    for url in (settings.site_url(instance), f"{settings.admin_url(instance)}/admin/login/"):
        said = ""
        while (said := _answer(url, authority)) != "200":
            if time.monotonic() > deadline:
                raise Refusal(
                    f"{url} does not answer",
                    f"after {seconds:.0f} seconds it still says: {said}",
                    "Type `python -m sandbox status` to see which pod is not ready, then"
                    " `python -m sandbox logs ov-wag`, ov-frontend or ov-nginx",
                )
            time.sleep(0.5)


def _answer(url: str, authority: ssl.SSLContext) -> str:
    """Return the status of a request, or what went wrong with it."""
    there = httpx.URL(url)
    # Not every resolver knows that *.localhost is this machine; browsers and curl do.
    here = there.copy_with(host="127.0.0.1")
    headers = {"Host": there.netloc.decode()}
    try:
        with httpx.Client(verify=authority, trust_env=False, timeout=10) as client:
            extensions = {"sni_hostname": there.host}
            return str(client.get(here, headers=headers, extensions=extensions).status_code)
    except httpx.HTTPError as problem:
        return str(problem)


@dataclass(frozen=True, slots=True)
class Engine:
    """Pulumi, working on the sandbox's stack."""

    instance: Instance
    folder: Path

    def pulumi(self, *words: str, stdin: str = "") -> str:
        """Run one command and return what it wrote."""
        argv = [self.folder / "pulumi", *words, "--non-interactive", "--color", "never"]
        if not stdin:
            return run(argv, env=self._env(), what=f"pulumi {words[0]} {words[1]} failed")
        done = attempt(argv, env=self._env(), stdin=stdin)
        if done.returncode:
            raise Refusal(
                f"pulumi {words[0]} {words[1]} failed", done.stderr.strip(), "`make up` tries again"
            )
        return done.stdout

    def heal(self, report: Report) -> None:
        """Undo what an update that was killed left: its lock, and operations without an end."""
        locks = self.instance.backend / ".pulumi" / "locks" / "organization" / PROJECT / STACK
        for lock in sorted(locks.glob("*.json")) if locks.exists() else []:
            holder = int(json.loads(lock.read_text() or "{}").get("pid", 0))
            if _is_pulumi(holder):
                raise Refusal(
                    f"Another `pulumi` is at work on {STACK}",
                    f"process {holder} holds the stack",
                    f"Wait for it, or end it by `kill {holder}`, and type `make up` again",
                )
            report("removing the lock of an update that was killed")
            self.pulumi("cancel", "--yes", STACK)
        exported = json.loads(self.pulumi("stack", "export", "-s", STACK))
        if exported.get("deployment", {}).get("pending_operations"):
            report("finding out how far an update came that was killed")
            self.pulumi(
                "refresh", "--yes", "--skip-preview", "--clear-pending-creates", "-s", STACK
            )

    def up(self, report: Report) -> Outcome:
        """Update the stack; refuse with the engine's own diagnostics."""
        log = self.instance.logs / "pulumi.log"
        said: list[str] = []
        begun: set[str] = set()
        with log.open("a") as kept:
            for line in self._lines("up", "--yes", "--skip-preview", "-s", STACK):
                kept.write(line)
                said.append(line)
                step = STEP.match(line)
                if step and step["step"] not in begun:
                    begun.add(step["step"])
                    report(" ".join(step["step"].split()))
        return outcome("".join(said))

    def _lines(self, *words: str) -> Iterator[str]:
        argv = [self.folder / "pulumi", *words, "--non-interactive", "--color", "never"]
        said: list[str] = []
        with subprocess.Popen(
            argv,
            env={**os.environ, **self._env()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            for line in process.stdout or ():
                said.append(line)
                yield line
        if process.returncode:
            raise Refusal(
                "`pulumi up` did not succeed",
                diagnostics("".join(said)),
                f"The whole output is in {self.instance.logs / 'pulumi.log'};"
                " `make up` goes on from where it is",
            )

    def _env(self) -> dict[str, str]:
        path = os.environ.get("PATH", os.defpath)
        return {**environment(self.instance), "PATH": f"{self.folder}:{path}"}


def _is_pulumi(process: int) -> bool:
    try:
        holder = psutil.Process(process)
        # One that was killed keeps its name until its parent takes note of its end.
        return holder.status() != psutil.STATUS_ZOMBIE and holder.name().startswith("pulumi")
    except psutil.NoSuchProcess:
        return False


def outcome(text: str) -> Outcome:
    """Return what an update did, from the engine's own count of resources."""
    counted = text.rpartition("Resources:")[2]
    return Outcome({word: int(number) for number, word in COUNT.findall(counted)})


def diagnostics(text: str) -> str:
    """Return the part of the engine's words that says what went wrong."""
    _, found, rest = text.partition("Diagnostics:\n")
    if not found:
        return "\n  ".join(text.strip().splitlines()[-12:])
    for end in ("\nOutputs:", "\nResources:"):
        rest = rest.partition(end)[0]
    return "\n".join(line.rstrip() for line in rest.strip("\n").splitlines())
