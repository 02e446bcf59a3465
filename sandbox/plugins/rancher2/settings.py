"""What the provider is configured with: where Rancher is, and who asks it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SETTINGS = frozenset(
    {
        "accessKey",
        "apiUrl",
        "bootstrap",
        "caCerts",
        "insecure",
        "retries",
        "secretKey",
        "timeout",
        "tokenKey",
    }
)
SECRETS = ("accessKey", "secretKey", "tokenKey")

# The settings that the environment may give instead.
VARIABLES = {
    "accessKey": "RANCHER_ACCESS_KEY",
    "apiUrl": "RANCHER_URL",
    "bootstrap": "RANCHER_BOOTSTRAP",
    "caCerts": "RANCHER_CA_CERTS",
    "insecure": "RANCHER_INSECURE",
    "secretKey": "RANCHER_SECRET_KEY",
    "tokenKey": "RANCHER_TOKEN_KEY",
}
DEFAULT_TIMEOUT = "120s"

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)"


class SettingsError(ValueError):
    """What is wrong with the provider's settings."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where Rancher is and with which rights it is asked."""

    url: str
    token: str = field(repr=False)
    ca_certs: str = field(default="", repr=False)
    insecure: bool = False
    timeout: float = 120.0


def read(given: Mapping[str, str], environment: Mapping[str, str]) -> Settings:
    """Return the settings that are *given*, completed from the *environment*; ask nobody."""
    found = {
        key: given.get(key) or environment.get(variable, "") for key, variable in VARIABLES.items()
    }
    token = found["tokenKey"]
    if not token and found["accessKey"] and found["secretKey"]:
        token = f"{found['accessKey']}:{found['secretKey']}"
    url = _root(found["apiUrl"])
    _require_one_way_in(token, bootstrap=_is_true(found["bootstrap"]))
    return Settings(
        url=url,
        token=token,
        ca_certs=found["caCerts"],
        insecure=_is_true(found["insecure"]),
        timeout=_seconds(given.get("timeout") or DEFAULT_TIMEOUT),
    )


def _require_one_way_in(token: str, *, bootstrap: bool) -> None:
    if bootstrap and token:
        raise SettingsError(
            "[ERROR] Bootsrap mode activated. Token_key or access_key and secret_key can not be "
            "provided"
        )
    if bootstrap:
        raise SettingsError(
            "this rancher2 plugin does not bootstrap a server. Set tokenKey, or OV_PULUMI_BIN to "
            "the folder of an official Pulumi with its rancher2 plugin"
        )
    if not token:
        raise SettingsError("[ERROR] No token_key nor access_key and secret_key are provided")


def _root(url: str) -> str:
    # The official one drops every path, and so cannot reach a server below one.
    if not url:
        raise SettingsError("[ERROR] Normalizing url: no api_url provided")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018, reading it is what checks it
    except ValueError as error:
        raise SettingsError(f"[ERROR] Normalizing url {url}: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(
            f"[ERROR] Normalizing url {url}: parse {url!r}: it must begin with https:// and a host"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _seconds(duration: str) -> float:
    if not re.fullmatch(f"(?:{_PART})+", duration):
        raise SettingsError(
            f"[ERROR] timeout must be in golang duration format, error: time: invalid duration "
            f'"{duration}"'
        )
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, duration))


def _is_true(word: str) -> bool:
    return word.lower() in {"1", "t", "true"}
