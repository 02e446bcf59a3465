"""`ov github`: what a workflow of this repository does beside the work itself."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, cast

import httpx
import typer

from operations.errors import Exit, Refused
from operations.writing import write

app = typer.Typer(
    help="What a workflow on GitHub does beside the work itself.", no_args_is_help=True
)

# What is written to a file of the runner's, and the variable that says where it is.
_CREDENTIALS: Mapping[str, tuple[str, str]] = {
    "OV_KUBECONFIG": ("kubeconfig", "KUBECONFIG"),
    "OV_PASSPHRASE": ("passphrase", "PULUMI_CONFIG_PASSPHRASE_FILE"),
}

_MARK = re.compile(r"\A<!-- [a-z -]+ -->")

_PATIENCE = 30

Text = Annotated[Path, typer.Argument(metavar="FILE", help="What to write.")]


@app.command()
def credentials() -> None:
    """Put the credentials of this step into files that the next steps find, and nobody else."""
    folder, exported = Path(_setting("RUNNER_TEMP")), Path(_setting("GITHUB_ENV"))
    lines: list[str] = []
    for variable, (name, key) in _CREDENTIALS.items():
        if not (content := os.environ.get(variable, "")):
            continue
        path = folder / name
        try:
            path.unlink(missing_ok=True)
            # Nobody else may read it, from its first moment on.
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise _unwritten(path, error, "RUNNER_TEMP") from None
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        lines.append(f"{key}={path}\n")
    if not lines:
        raise Refused(
            Exit.SETTINGS,
            "This step has no credentials",
            f"none of {', '.join(_CREDENTIALS)} is set",
            "Give the environment of this workflow its secrets: see docs/github.md",
        )
    try:
        with exported.open("a", encoding="utf-8") as file:
            file.writelines(lines)
    except OSError as error:
        raise _unwritten(exported, error, "GITHUB_ENV") from None


def _unwritten(path: Path, error: OSError, variable: str) -> Refused:
    return Refused(
        Exit.USAGE,
        f"{path} cannot be written",
        error.strerror or str(error),
        f"A workflow on GitHub sets {variable}: run it there",
    )


@app.command()
def description(
    *, to: Annotated[Path, typer.Option("--to", metavar="FILE", help="Where to.")]
) -> None:
    """Write the description of the pull request that is looked at, or was merged just now."""
    found = _pull_request()
    if not found and (commit := os.environ.get("GITHUB_SHA")):
        with _github() as github:
            merged = _list(github, f"commits/{commit}/pulls")
        found = next(iter(merged), None)
    body = str((found or {}).get("body") or "")
    # What cannot be made cannot be written to, which is said then.
    with suppress(OSError):
        to.parent.mkdir(parents=True, exist_ok=True)
    write(to, body)


@app.command()
def comment(file: Text) -> None:
    """Write a comment on the pull request, or update the one that is there."""
    number = _pull_request().get("number")
    if not number:
        raise Refused(
            Exit.USAGE,
            "There is no pull request to comment on",
            "the event of this workflow is none of a pull request",
            "Use it in a workflow with `on: pull_request`",
        )
    body = _marked(file)
    with _github() as github:
        for each in _all(github, f"issues/{number}/comments"):
            if str(each["body"]).startswith(_mark(body)):
                _send(github, "PATCH", f"issues/comments/{each['id']}", {"body": body})
                return
        _send(github, "POST", f"issues/{number}/comments", {"body": body})


@app.command()
def issue(
    title: Annotated[str, typer.Argument(help="By which it is found again.")], file: Text
) -> None:
    """Open an issue, or update the open one that has this title."""
    body = _marked(file)
    with _github() as github:
        for each in _all(github, "issues", state="open"):
            if each["title"] == title and "pull_request" not in each:
                _send(github, "PATCH", f"issues/{each['number']}", {"body": body})
                return
        _send(github, "POST", "issues", {"title": title, "body": body})


def _marked(file: Path) -> str:
    """Return a text that begins with the mark by which it is found again."""
    try:
        body = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            Exit.USAGE,
            f"There is nothing to write: {file} cannot be read",
            getattr(error, "strerror", None) or str(error),
            "Make it first: ./ov preview --markdown FILE",
        ) from None
    if not _MARK.match(body):
        raise Refused(
            Exit.USAGE,
            f"{file} has no mark by which it would be found again",
            "it does not begin with <!-- ov preview -->",
            "Make it by ./ov preview --markdown FILE",
        )
    return body


def _mark(body: str) -> str:
    return body.partition("\n")[0]


def _pull_request() -> dict[str, Any]:
    """Return what the event says of its pull request; nothing if it has none."""
    found: object = _event().get("pull_request")
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _event() -> dict[str, Any]:
    try:
        found: object = json.loads(Path(_setting("GITHUB_EVENT_PATH")).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(
            Exit.USAGE,
            "The event of this workflow cannot be read",
            str(error),
            "Run it in a workflow on GitHub",
        ) from None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _setting(name: str) -> str:
    if value := os.environ.get(name, ""):
        return value
    raise Refused(
        Exit.USAGE,
        f"{name} is not set",
        "a workflow on GitHub sets it",
        "Run it there; on your own machine, ./ov preview says the same",
    )


@contextmanager
def _github() -> Generator[httpx.Client]:
    """Give a client of GitHub's API for this repository; what goes wrong is told in words."""
    api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    base = f"{api}/repos/{_setting('GITHUB_REPOSITORY')}/"
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {_setting('GITHUB_TOKEN')}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    try:
        with httpx.Client(base_url=base, headers=headers, timeout=_PATIENCE) as github:
            yield github
    except httpx.HTTPStatusError as error:
        answer = error.response
        raise Refused(
            Exit.UNAUTHORIZED if answer.status_code in {401, 403} else Exit.UNREACHABLE,
            f"GitHub answers {answer.status_code} to {answer.request.method}",
            _message(answer),
            "Look at `permissions:` of the job: it needs pull-requests or issues: write",
        ) from None
    except httpx.HTTPError as error:
        raise Refused(
            Exit.UNREACHABLE, "GitHub does not answer", str(error), "Run the job again"
        ) from None


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, LookupError, TypeError):
        return answer.reason_phrase


def _list(github: httpx.Client, path: str, **params: str) -> list[dict[str, Any]]:
    answer = github.get(path, params=params)
    answer.raise_for_status()
    return cast("list[dict[str, Any]]", answer.json())


def _all(github: httpx.Client, path: str, **params: str) -> Iterator[dict[str, Any]]:
    """Yield every entry of a listing, page by page."""
    page = 1
    while found := _list(github, path, per_page="100", page=str(page), **params):
        yield from found
        page += 1


def _send(github: httpx.Client, method: str, path: str, body: Mapping[str, str]) -> None:
    github.request(method, path, json=body).raise_for_status()
