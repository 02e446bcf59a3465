"""The programs of an operator's shell, and a site that says its time; all is well at first."""

from __future__ import annotations

import json
import shlex
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx

from tests.operations.plans import digest
from tests.programs import program

# What each program says where all is well, by the words it is asked with.
PULUMI = {
    "version": "v3.252.0",
    "whoami": json.dumps({"user": "archivist", "url": "s3://key:secret@bucket/state"}),
    "stack ls": json.dumps([{"name": "organization/openvault/ov-demo"}]),
    "config get": "a-sentinel-that-nobody-prints",
    "stack export": json.dumps({"deployment": {}}),
    "preview": json.dumps(digest()),
    "stack history": "[]",
}
KUBECTL = {
    "version --client": "Client Version: v1.36.3",
    "config get-contexts": "ov-demo",
    "version -o json": json.dumps({"serverVersion": {"gitVersion": "v1.36.3"}}),
    "auth can-i": "yes",
    "get pods": json.dumps({"items": []}),
}
WELL = {
    "pulumi": PULUMI,
    "kubectl": KUBECTL,
    "git": {"--version": "git version 2.39.5"},
    "docker": {"version": "20.10.24"},
}


class Programs:
    """A folder of programs that say what they are told to say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._answers: dict[str, dict[str, tuple[str, int]]] = {}
        for name, answers in WELL.items():
            for words, said in answers.items():
                self.say(name, words, said)

    def say(self, name: str, words: str, said: str, *, code: int = 0) -> None:
        """Let *name* answer *said* where it is asked with *words*; a failure goes to stderr."""
        answers = self._answers.setdefault(name, {})
        answers[words] = said, code
        # The shell's own words alone: nothing is started for an answer.
        tries = "\n".join(
            f'  *"{known}"*) printf "%s\\n" {shlex.quote(answers[known][0])}'
            f"{' >&2' if answers[known][1] else ''}; exit {answers[known][1]} ;;"
            for known in sorted(answers, key=len, reverse=True)
        )
        script = f"""
case "$*" in
{tries}
esac
echo "error: {name} was asked something else: $*" >&2
exit 99
"""
        program(self.folder / name, script)

    def without(self, name: str) -> None:
        (self.folder / name).unlink()


def saying(apart: timedelta) -> Callable[[ssl.SSLContext], httpx.Client]:
    """Return a site whose clock is so far *apart* from ours."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url == "https://demo.ov.wgbh-mla.org"
        return httpx.Response(200, headers={"Date": format_datetime(datetime.now(UTC) + apart)})

    return lambda _: httpx.Client(transport=httpx.MockTransport(answer))
