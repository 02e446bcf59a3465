"""The programs an operator needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from operations.doctor.finding import Finding, Patient
from operations.programs import last_words, said_by

# The program needs what these can do; see requirements.txt for the engine.
LEAST: Mapping[str, tuple[Sequence[str], tuple[int, int]]] = {
    "pulumi": (("pulumi", "version"), (3, 252)),
    "kubectl": (("kubectl", "version", "--client"), (1, 30)),
    "git": (("git", "--version"), (2, 20)),
}

_WHERE: Mapping[str, str] = {
    "pulumi": "https://www.pulumi.com/docs/install/",
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
    "git": "https://git-scm.com/downloads",
    "docker": "https://docs.docker.com/engine/install/",
}


def examine(patient: Patient) -> Iterator[Finding]:
    """Yield a finding for each program."""
    for name, (command, least) in LEAST.items():
        yield _program(name, command, least)
    if any(patient.settings.get(key) for key in patient.settings if key.endswith("Build")):
        yield _docker(patient)


def _program(name: str, command: Sequence[str], least: tuple[int, int]) -> Finding:
    done = said_by(*command)
    wanted = ".".join(map(str, least))
    install = f"install {name} {wanted} or newer: {_WHERE[name]}"
    if done is None:
        return Finding(name=name, said="it is not on this shell's PATH", do=(install,))
    found = re.search(r"(\d+)\.(\d+)[.\d]*", done.stdout)
    if done.returncode or not found:
        return Finding(name=name, said=last_words(done), do=(install,))
    if (int(found[1]), int(found[2])) < least:
        return Finding(name=name, said=f"{found[0]} is older than {wanted}", do=(install,))
    return Finding(name=name, said=found[0])


def _docker(patient: Patient) -> Finding:
    """Return whether images can be built, where the settings want some built."""
    host = patient.text("dockerHost")
    where = ("--host", host) if host else ()
    done = said_by("docker", *where, "version", "--format", "{{.Server.Version}}")
    published = (
        "./ov images pin SERVICE REFERENCE --stack STACK --published    (builds nothing here)"
    )
    if done is None:
        install = f"install docker: {_WHERE['docker']}"
        return Finding(
            name="docker", said="images are built here, without it", do=(install, published)
        )
    if done.returncode:
        ask = f"docker {' '.join(where)} version".replace("  ", " ")
        return Finding(name="docker", said=last_words(done), do=(ask, published))
    return Finding(name="docker", said=done.stdout.strip())
