"""The people of the sandbox's Rancher: users, their tokens and their kubeconfigs.

Each installation has tokens of its own. A file holds a token whole, for root alone; the API server
knows its hash.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from sandbox import files
from sandbox.cluster.pki import Authority, Leaf
from sandbox.instance import Instance
from sandbox.rancher.names import API, Document


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A user, and the group that a directory would say of it."""

    name: str
    id: str
    title: str
    group: str = ""

    @property
    def principal(self) -> str:
        """The user's own principal."""
        return f"local://{self.id}"


ADMIN = Account(name="admin", id="user-admin", title="Default Admin")
CURATOR = Account(
    name="curator", id="u-curator", title="A curator", group="openldap_group://cn=archivists"
)
STRANGER = Account(name="stranger", id="u-stranger", title="Somebody without any project")
ACCOUNTS = (ADMIN, CURATOR, STRANGER)

# The name of a token → whose it is. The last one has expired before it was made.
TOKENS = {"admin": ADMIN, "curator": CURATOR, "stranger": STRANGER, "expired": ADMIN}


def token_file(instance: Instance, name: str = "admin") -> Path:
    """Return the file with a token: `admin`, `curator`, `stranger` or `expired`."""
    return instance.secrets / f"rancher-{name}-token"


def kubeconfig(instance: Instance, name: str) -> Path:
    """Return the kubeconfig of a user."""
    return instance.state / "rancher" / f"{name}.conf"


def make_files(instance: Instance) -> bool:
    """Make the tokens and kubeconfigs that are missing; return whether any was."""
    instance.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    changed = False
    for name in TOKENS:
        path = token_file(instance, name)
        if not path.exists():
            changed |= files.write(path, f"token-{name}:{secrets.token_hex(27)}", files.PRIVATE)
    authority = Authority.load(instance.pki)
    for account in ACCOUNTS:
        leaf = Leaf(name=account.id, group=account.group or None)
        changed |= authority.ensure_kubeconfig(
            kubeconfig(instance, account.name), leaf, instance.api_server, instance.context
        )
    return changed


def objects(instance: Instance) -> list[Document]:
    """Return the users and tokens as the API server has them."""
    return [
        *map(_user, ACCOUNTS),
        *(
            token(token_file(instance, name).read_text(), account, expires=_end(name))
            for name, account in TOKENS.items()
        ),
    ]


def token(value: str, account: Account, *, expires: str = "") -> Document:
    """Return the object of a token whose *value* is its name and its secret."""
    name, _, secret = value.partition(":")
    groups = [account.group] if account.group else []
    return token_object(name, secret, account.id, groups, expires)


def token_object(
    name: str, secret: str, user: str, groups: list[str], expires: str = ""
) -> Document:
    """Return what the API server keeps of a token."""
    return {
        "apiVersion": API,
        "kind": "Token",
        "metadata": {"name": name},
        "userId": user,
        "groupPrincipals": groups,
        "hash": digest(secret),
        "expiresAt": expires,
    }


def digest(secret: str) -> str:
    """Return what is kept of a token's secret: it is random, so its hash cannot be turned back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _user(account: Account) -> Document:
    return {
        "apiVersion": API,
        "kind": "User",
        "metadata": {"name": account.id},
        "displayName": account.title,
        "username": account.name,
        "enabled": True,
        "principalIds": [account.principal],
    }


def _end(name: str) -> str:
    return dt.datetime(2026, 1, 1, tzinfo=dt.UTC).isoformat() if name == "expired" else ""
