"""Under which addresses, and how, the public is let in."""

from __future__ import annotations

import re

from components.endpoint import Address, Door
from components.reader import Reader

_UPLOAD = re.compile(r"[1-9]\d{1,2}m")

_ISSUER = re.compile(r"(Cluster)?Issuer/[a-z0-9]([-a-z0-9.]*[a-z0-9])?")

# The CMS refuses larger pictures by itself, in MB.
_CMS_LIMIT = 10


def addresses(read: Reader) -> tuple[Address, Address]:
    """Return the address of the site and that of the CMS, which are on two hosts."""
    site = read.address("siteUrl", "https://demo.example.org")
    admin = read.address("adminUrl", "https://admin.demo.example.org")
    parsed = [Address.parse(read.text(key)) for key in ("siteUrl", "adminUrl")]
    if None not in parsed and site.host == admin.host:
        read.refuse("adminUrl", "a host other than the site's", "https://admin.example.org")
    if not read.flag("plainHttp"):
        _demand_https(read)
    return site, admin


def _demand_https(read: Reader) -> None:
    for key in ("siteUrl", "adminUrl"):
        address = Address.parse(read.text(key))
        if address is not None and address.scheme != "https":
            read.say(
                f"{read.full(key)} is {address.url!r}: everything would travel in clear, "
                "passwords too",
                f"Type: pulumi config set {key} https://{address.host} -s {read.stack}\n"
                f"    or, for a demo on a network you trust: pulumi config set plainHttp true "
                f"-s {read.stack}",
            )


def door(read: Reader) -> Door:
    """Return by which edge the public comes, and how much it may bring."""
    return Door(
        edge=read.edge("edge"),
        ingress_class=read.name("ingressClass", "nginx"),
        tls_secret=read.name("tlsSecret", "site-tls"),
        tls_issuer=_issuer(read),
        upload_limit=_upload_limit(read),
    )


def _issuer(read: Reader) -> str:
    """Return who makes the certificate, in the words of cert-manager; nothing is nobody."""
    key = "tlsIssuer"
    if not read.text(key):
        return ""
    address = Address.parse(read.text("siteUrl"))
    if address and address.scheme != "https":
        read.refuse(key, "an https address (siteUrl)", "", f"pulumi config rm {key}")
    allowed = "ClusterIssuer/NAME, or Issuer/NAME in the stack's namespace,"
    return read.matching(key, allowed, "ClusterIssuer/letsencrypt", _ISSUER)


def _upload_limit(read: Reader) -> int:
    """Return the largest upload in MB."""
    allowed = f"a number of MB from {_CMS_LIMIT}, which the CMS accepts, to 999"
    return int(read.matching("uploadLimit", allowed, "25m", _UPLOAD).removesuffix("m"))
