"""The part of GitHub's API that a workflow uses, in memory or on a port of this machine."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
from typing_extensions import override

REPOSITORY = "WGBH-MLA/openvault"
TOKEN = "sentinel-of-github"


class FakeGitHub:
    """The part of GitHub's API that is used, with pages of two."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.merged: list[dict[str, Any]] = []
        self.broken = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.broken:
            return httpx.Response(self.broken, json={"message": "Resource not accessible"})
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        path = request.url.path.removeprefix(f"/repos/{REPOSITORY}/")
        body = json.loads(request.content or "{}")
        match request.method, path.split("/"):
            case "GET", ["issues", "7", "comments"]:
                return self._page(request, self.comments)
            case "POST", ["issues", "7", "comments"]:
                self.comments.append({"id": len(self.comments), **body})
            case "PATCH", ["issues", "comments", number]:
                self.comments[int(number)] |= body
            case "GET", ["issues"]:
                assert request.url.params["state"] == "open"
                return self._page(request, self.issues)
            case "POST", ["issues"]:
                self.issues.append({"number": len(self.issues), **body})
            case "PATCH", ["issues", number]:
                self.issues[int(number)] |= body
            case "GET", ["commits", "abc", "pulls"]:
                return httpx.Response(200, json=self.merged)
            case _:
                return httpx.Response(404, json={"message": "Not Found"})
        return httpx.Response(201, json={})

    def _page(self, request: httpx.Request, all_: list[dict[str, Any]]) -> httpx.Response:
        begin = 2 * (int(request.url.params["page"]) - 1)
        return httpx.Response(200, json=all_[begin : begin + 2])


@contextmanager
def served(hub: FakeGitHub) -> Generator[str]:
    """Serve *hub* on loopback, and return its address."""

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = f"http://{self.headers['Host']}{self.path}"
            headers = dict(self.headers.items())
            answer = hub.answer(httpx.Request(self.command, url, headers=headers, content=body))
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PATCH = do  # noqa: N815, the names that the library calls

        @override
        def log_message(self, format: str, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
