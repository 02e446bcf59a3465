"""The connection to Rancher."""

import functools
import json
import ssl
from typing import Any, cast

import httpx

from sandbox.plugins.rancher2.client import Answer
from sandbox.plugins.rancher2.errors import RancherError, RefusedError
from sandbox.plugins.rancher2.settings import Settings

# An answer that takes longer is given up, whatever Rancher still does.
PATIENCE = 60.0

SCHEMAS = "X-Api-Schemas"

AGENT = "pulumi-resource-rancher2"
OK = 200
MULTIPLE_CHOICES = 300

# What a refusal says about itself, not about what was refused.
ENVELOPE = {"id", "links", "actions", "type", "status"}


class HttpConnection:
    """Sends one request over HTTP and judges the answer."""

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        self._authorization = {"Authorization": f"Bearer {settings.token}"}
        self._client = _client(_trust(settings, system=False), transport)
        self._pinger = self._client
        if settings.ca_certs and not settings.insecure:
            self._pinger = _client(_trust(settings, system=True), transport)

    def ping(self, url: str, /) -> str:
        """Return what *url* answers, whatever its status; the token is not sent."""
        return self._send(self._pinger, "GET", url, None, {}).text

    def get(self, url: str, /) -> Answer:
        """Return the answer of *url*, which must be 200."""
        answer = self._send(self._client, "GET", url, None, self._authorization)
        if answer.status_code != OK:
            raise _refusal(answer, url)
        return Answer(_parsed(answer), answer.headers.get(SCHEMAS))

    def send(self, method: str, url: str, body: Any = None, /) -> dict[str, Any]:
        """Return the object that a change answers with; an empty one if it answers nothing."""
        answer = self._send(self._client, method, url, body, self._authorization)
        if answer.status_code >= MULTIPLE_CHOICES:
            raise _refusal(answer, url)
        return _parsed(answer) if answer.content else {}

    @staticmethod
    def _send(
        client: httpx.Client, method: str, url: str, body: Any, headers: dict[str, str]
    ) -> httpx.Response:
        content = None
        if body is not None:
            content = json.dumps(body)
            headers = {**headers, "Content-Type": "application/json"}
        request = functools.partial(client.request, method, url, content=content, headers=headers)
        try:
            try:
                return request()
            except httpx.RemoteProtocolError:
                # A kept connection that the other side closed just now: Go asks again, too.
                if method != "GET":
                    raise
                return request()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RancherError(f'{method.title()} "{url}": {_words(error)}') from error


def _parsed(answer: httpx.Response) -> dict[str, Any]:
    """Return the object in *answer*."""
    try:
        found: object = answer.json()
    except ValueError as error:
        raise RancherError(f"{answer.request.url}: no JSON in the answer: {error}") from error
    if not isinstance(found, dict):
        raise RancherError(f"{answer.request.url}: the answer is no JSON object")
    return cast("dict[str, Any]", found)


def _client(trust: ssl.SSLContext, transport: httpx.BaseTransport | None) -> httpx.Client:
    client = httpx.Client(
        verify=trust, timeout=PATIENCE, follow_redirects=True, transport=transport
    )
    client.headers = httpx.Headers({"User-Agent": AGENT, "Accept-Encoding": "gzip"})
    for header in ("Accept", "Connection"):
        client.headers.pop(header, None)
    return client


def _trust(settings: Settings, *, system: bool) -> ssl.SSLContext:
    if settings.insecure:
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
        return trust
    if not settings.ca_certs:
        return ssl.create_default_context()
    # These authorities alone; only for the ping also those of the machine.
    trust = ssl.create_default_context() if system else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        trust.load_verify_locations(cadata=settings.ca_certs)
    except (ssl.SSLError, ValueError) as error:
        if settings.url.startswith("http://"):
            raise RancherError(f"no certificate can be read from caCerts: {error}") from error
        # Without them the server is not trusted, and the ping says so.
    return trust


def _refusal(answer: httpx.Response, url: str) -> RefusedError:
    body = answer.text
    try:
        said: object = answer.json()
    except ValueError:
        said = None
    if isinstance(said, dict):
        body = ", ".join(
            f"{key}={value}"
            for key, value in cast("dict[str, Any]", said).items()
            if key not in ENVELOPE and value is not None
        )
    code = answer.status_code
    return RefusedError(
        code,
        f"Bad response statusCode [{code}]. Status [{code} {answer.reason_phrase}]. "
        f"Body: [{body}] from [{url}]",
    )


def _words(error: Exception) -> str:
    text = str(error)
    if isinstance(error, httpx.TimeoutException):
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    if isinstance(error, httpx.UnsupportedProtocol):
        return f'unsupported protocol scheme ""; {text}'
    if "CERTIFICATE_VERIFY_FAILED" in text:
        fault = text.partition("certificate verify failed: ")[2].partition(" (_ssl")[0]
        return (
            f"tls: failed to verify certificate: x509: "
            f"certificate signed by unknown authority ({fault})"
            if "issuer" in fault or "self-signed" in fault
            else f"tls: failed to verify certificate: x509: {fault}"
        )
    if "refused" in text:
        return "dial tcp: connect: connection refused"
    return text or type(error).__name__
