"""The documents by which a client learns what there is, where, and what may be done to it."""

from __future__ import annotations

from sandbox.rancher.names import Document

READ = ("GET",)
ALL_OF_A_KIND = ("GET", "POST")
ONE = ("GET", "PUT", "DELETE")


def management(base: str) -> Document:
    """Return the schemas of /v3."""
    return _collection(
        f"{base}/v3/schemas",
        [
            _schema(base, "project", "projects", ALL_OF_A_KIND, ONE),
            _schema(base, "cluster", "clusters", READ, READ),
            _schema(base, "setting", "settings", READ, READ),
            _schema(base, "roleTemplate", "roleTemplates", READ, READ),
            _schema(base, "token", "tokens", ALL_OF_A_KIND, ("GET", "DELETE")),
            _schema(
                base,
                "projectRoleTemplateBinding",
                "projectRoleTemplateBindings",
                ALL_OF_A_KIND,
                ONE,
            ),
        ],
    )


def cluster(base: str, name: str) -> Document:
    """Return the schemas of one cluster."""
    root = f"{base}/v3/cluster/{name}"
    namespace = _schema(base, "namespace", "namespaces", ALL_OF_A_KIND, ONE)
    namespace["links"] = {
        "self": f"{root}/schemas/namespace",
        "collection": f"{root}/namespaces",
    }
    namespace["resourceActions"] = {"move": {"input": "namespaceMove"}}
    return _collection(f"{root}/schemas", [namespace])


def project(base: str, name: str) -> Document:
    """Return the schemas of one project: what it has beside namespaces is not doubled."""
    return _collection(f"{base}/v3/project/{name}/schemas", [])


def _schema(
    base: str, name: str, plural: str, all_of_a_kind: tuple[str, ...], one: tuple[str, ...]
) -> Document:
    return {
        "id": name,
        "type": "schema",
        "pluralName": plural,
        "links": {
            "self": f"{base}/v3/schemas/{name}",
            "collection": f"{base}/v3/{plural.lower()}",
        },
        "collectionMethods": list(all_of_a_kind),
        "resourceMethods": list(one),
        "collectionActions": {},
        "resourceActions": {},
        "resourceFields": {},
    }


def _collection(where: str, found: list[Document]) -> Document:
    return {
        "type": "collection",
        "resourceType": "schema",
        "links": {"self": where},
        "actions": {},
        "pagination": {"limit": 1000, "total": len(found)},
        "data": found,
    }
