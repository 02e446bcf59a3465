"""How a registry is told who asks: by name and password, or by a token that stands for them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.request import parse_http_list, parse_keqv_list

import httpx

from operations.credentials import Credentials

REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
CLIENT = "openvault-operations"


class TokenError(Exception):
    """The service that gives tokens gave none."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(str(response.url))
        self.response = response


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a registry asks of whoever wants something of it."""

    scheme: str
    parameters: Mapping[str, str]

    @classmethod
    def of(cls, response: httpx.Response) -> list[Challenge]:
        """Return the challenges in *response*, in the registry's order."""
        found: list[Challenge] = []
        for header in response.headers.get_list("WWW-Authenticate"):
            scheme, _, rest = header.partition(" ")
            words = [word for word in parse_http_list(rest) if "=" in word]
            found.append(cls(scheme.lower(), parse_keqv_list(words)))
        return found


class RegistryAuth(httpx.Auth):
    """Ask without a name first, and give one only when and how the registry wants it."""

    requires_response_body = True

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials
        self._header = ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._header:
            request.headers["Authorization"] = self._header
        response = yield request
        if response.status_code != HTTPStatus.UNAUTHORIZED:
            return
        for challenge in Challenge.of(response):
            if challenge.scheme == "bearer" and "realm" in challenge.parameters:
                answer = yield self._token_request(challenge.parameters)
                self._header = f"Bearer {_token(answer)}"
            elif challenge.scheme == "basic" and self._credentials:
                self._header = self._credentials.basic
            else:
                continue
            request.headers["Authorization"] = self._header
            yield request
            return

    def _token_request(self, parameters: Mapping[str, str]) -> httpx.Request:
        ask = {key: parameters[key] for key in ("service", "scope") if key in parameters}
        known = self._credentials
        if known and known.identity_token:
            grant = {"grant_type": "refresh_token", "refresh_token": known.identity_token}
            return httpx.Request(
                "POST", parameters["realm"], data={**ask, **grant, "client_id": CLIENT}
            )
        url = httpx.URL(parameters["realm"]).copy_merge_params(ask)
        return httpx.Request("GET", url, headers={"Authorization": known.basic} if known else {})


def _token(response: httpx.Response) -> str:
    if not response.is_success:
        raise TokenError(response)
    try:
        answer = response.json()
        return str(answer.get("token") or answer["access_token"])
    except (ValueError, LookupError, AttributeError) as error:
        raise TokenError(response) from error
