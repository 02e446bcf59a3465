"""The services outside the cluster: object storage, search, sign-on, and what pages point to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network

from components.contract import Generation
from components.endpoint import Address
from components.outside import Outside
from components.reader import CRON, Reader

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_INDEX = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
_WORD = re.compile(r"[\w.:@/+-]+")
_PAGE = re.compile(r"https?://[\w.-]+(:\d+)?(/[\w./-]*)?")

# The index that the back end fills, by the name it gives it.
_PAGES = "__wagtailcore_page"

_ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """What the back end and the front end know of the outside, and it has to know of them."""

    backend: Outside = field(default_factory=Outside)
    frontend: Outside = field(default_factory=Outside)
    told: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])


_KEYS = (
    *("bucket", "bucketRegion", "bucketEndpoint", "bucketAccessKey", "bucketSecretKey"),
    *("searchUrl", "searchUser", "searchPassword", "searchIndex", "searchBrowserKey"),
    *("searchVerify", "seriesIndex", "reindexSchedule"),
    *("signOnUrl", "signOnClient", "signOnSecret", "googleClient"),
    *("archiveUrl", "organUrl", "cookieConsent", "previewUrl", "outside"),
)

# What a setting holds that chooses nothing.
_NOTHING = {"", "true"}


def services(read: Reader, generation: Generation, site: Address, admin: Address) -> Services:
    """Return the outside of a stack of this *generation*, or refuse settings that nobody reads."""
    if not generation.backend.reaches:
        for key in _KEYS:
            if read.text(key) not in _NOTHING:
                read.say(
                    f"{read.full(key)} is of no use: no image of generation "
                    f"{generation.name} reads it",
                    f"Type: pulumi config rm {key} -s {read.stack}",
                )
        return Services()
    search = _search_address(read, site)
    index = read.matching("searchIndex", "small letters, digits and ._-", "openvault", _INDEX)
    networks = _networks(read)
    return Services(
        backend=Outside(
            env=dict(
                [
                    *_storage(read),
                    *_search(read, search, index),
                    *_sign_on(read),
                    *_preview(read, site),
                    *_cookies(admin),
                ]
            ),
            secrets={
                "AWS_ACCESS_KEY_ID": read.secret("bucketAccessKey", 16),
                "AWS_SECRET_ACCESS_KEY": read.secret("bucketSecretKey", 32),
                "ES_PASSWORD": read.secret("searchPassword", 8),
                "AUTH0_CLIENT_SECRET": read.secret("signOnSecret", 16),
            },
            networks=networks,
            ports={
                "bucket": _port(read.text("bucketEndpoint")),
                "search": search.listens,
                "sign-on": _port(read.text("signOnUrl")),
            },
        ),
        frontend=Outside(
            env=dict([*_pages(read), ("ES_URL", search.url), ("ES_OV_INDEX", f"{index}{_PAGES}")]),
            secrets={"ES_API_KEY": read.secret("searchBrowserKey", 16)},
            networks=networks,
            ports={"organ": _port(read.text("organUrl"))} if read.text("organUrl") else {},
        ),
        told={
            "searchCorsOrigins": [site.url],
            "signOnCallbackUrls": [f"{admin.url}/accounts/auth0/login/callback/"],
        },
    )


def times(read: Reader, generation: Generation) -> str:
    """Return when the search index is filled anew, as cron spells it."""
    if not read.text("reindexSchedule"):
        return generation.reindex_at
    return read.parsed("reindexSchedule", "five fields of cron", "'0 8 * * *'", _five_fields)


def _five_fields(text: str) -> str | None:
    times = text.strip("'")
    return times if CRON.fullmatch(times) else None


def _storage(read: Reader) -> Iterator[tuple[str, str]]:
    allowed = "the name of a bucket: small letters, digits, - and ."
    yield "AWS_STORAGE_BUCKET_NAME", read.matching("bucket", allowed, "media.example.org", _BUCKET)
    if read.text("bucketRegion"):
        region = read.matching("bucketRegion", "the name of a region", "us-east-1", _BUCKET)
        yield "AWS_S3_REGION_NAME", region
    if read.text("bucketEndpoint"):
        yield "AWS_ENDPOINT_URL", read.address("bucketEndpoint", "https://s3.example.org").url


def _search_address(read: Reader, site: Address) -> Address:
    """Return the one address at which pods and browsers find the search."""
    key, example = "searchUrl", "https://search.example.org"
    address = read.address(key, example)
    if Address.parse(read.text(key)) is None:
        return address
    inside = "." not in address.host or address.host.endswith((".svc", ".cluster.local"))
    if inside and not address.local:
        read.refuse(
            key,
            "a public address, because browsers ask it, which know no name of a cluster",
            example,
        )
    elif address.scheme == "http" and site.scheme == "https" and not address.local:
        read.refuse(key, "https, because browsers let a page by https ask nothing else", example)
    return address


def _search(read: Reader, address: Address, index: str) -> Iterator[tuple[str, str]]:
    yield "ES_URL", address.url
    yield "ES_INDEX", index
    if read.text("searchUser"):
        yield "ES_USER", read.matching("searchUser", "a name without spaces", "elastic", _WORD)
    if not read.flag("searchVerify"):
        yield "ES_VERIFY_CERTS", "false"


def _sign_on(read: Reader) -> Iterator[tuple[str, str]]:
    yield "AUTH0_URL", read.address("signOnUrl", "https://example.us.auth0.com").url
    yield "AUTH0_CLIENT_ID", read.matching("signOnClient", "an identifier", "AbC123", _WORD)
    if read.text("googleClient"):
        yield "GOOGLE_CLIENT_ID", read.matching("googleClient", "an identifier", "AbC123", _WORD)


def _preview(read: Reader, site: Address) -> Iterator[tuple[str, str]]:
    page = f"{site.url}/preview"
    if read.text("previewUrl"):
        page = read.matching("previewUrl", "the address of a page", page, _PAGE)
    yield "OV_PREVIEW_URL", page


def _cookies(admin: Address) -> Iterator[tuple[str, str]]:
    """Yield what lets a browser send its cookies where it speaks in clear."""
    if admin.scheme == "http":
        yield "OV_CSRF_COOKIE_SECURE", "false"
        yield "OV_SESSION_COOKIE_SECURE", "false"


def _pages(read: Reader) -> Iterator[tuple[str, str]]:
    yield "AAPB_HOST", read.address("archiveUrl", "https://americanarchive.org").url
    if read.text("organUrl"):
        yield "ORGAN_URL", read.address("organUrl", "https://organ.example.org").url
    if read.text("seriesIndex"):
        allowed = "small letters, digits and ._-"
        yield "GBH_INDEX", read.matching("seriesIndex", allowed, "gbh-series", _INDEX)
    if read.text("cookieConsent"):
        consent = read.matching("cookieConsent", "an identifier", "0123-abcd", _WORD)
        yield "COOKIE_CONSENT_ID", consent


def _port(address: str) -> int:
    parsed = Address.parse(address)
    return parsed.listens if parsed else 443


def _networks(read: Reader) -> Sequence[str]:
    if not read.text("outside"):
        return (_ANYWHERE,)
    allowed = "networks of addresses with their lengths, with spaces between them"
    return read.parsed("outside", allowed, "203.0.113.0/24", _parsed_networks)


def _parsed_networks(text: str) -> Sequence[str] | None:
    words = text.split()
    try:
        networks = [str(ip_network(word)) for word in words]
    except ValueError:
        return None
    return networks if all("/" in word for word in words) else None
