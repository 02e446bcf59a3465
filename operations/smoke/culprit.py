"""Who is at fault, from what the checks saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from operations.smoke.checks import Result

Seen = Mapping[str, Result]


# Who waits for whom: one that has no pods takes those after it along.
_ORDER = ("db", "ov-wag", "ov-frontend", "ov-nginx")


def culprits(results: Sequence[Result], unready: Sequence[str] = ()) -> list[str]:
    """Return who is at fault and what to type, the most likely first; nobody on a healthy site.

    *unready* are the services that the cluster knows to have too few pods, where it can be asked.
    """
    failed = {each.name: each for each in results if not each.well}
    if not failed:
        return []
    seen = {each.name: each for each in results}
    if first := next((name for name in _ORDER if name in unready), ""):
        look = f"kubectl -n STACK describe pods -l app.kubernetes.io/name={first}"
        return [f"{first}: too few of its pods are ready. Type: {look}"]
    if said := _nobody(seen) or _gone(seen) or _behind(seen):
        return [said]
    return [words for name, words in _OF_ITSELF.items() if name in failed] or [
        f"not told by these checks: {', '.join(failed)} failed alone. See the logs of that minute"
    ]


def _nobody(seen: Seen) -> str:
    """Return who is at fault where no request is answered at all, TLS or not."""
    names = ("home", "back end", "API")
    if any(seen[name].well or seen[name].status for name in names):
        return ""
    certificates = [seen[f"certificate of the {which}"] for which in ("site", "admin")]
    if bad := next((each for each in certificates if "certificate" in each.said), None):
        return (
            f"the certificate: {bad.said}. See the Secret of tlsSecret, or who renews it: "
            "kubectl -n STACK get ingress,secret"
        )
    return (
        f"the way to the cluster (name, network, load balancer, edge): {seen['home'].said}. "
        "Type: kubectl -n STACK get ingress"
    )


def _gone(seen: Seen) -> str:
    """Return which service behind the door does not answer at all."""
    home, back = seen["home"], seen["back end"]
    statuses = {home.status, back.status}
    if statuses <= {502, 503, 504} and not (home.away or back.away):
        return (
            "ov-nginx: the edge has nobody to hand requests to. "
            "Type: kubectl -n STACK get pods,endpoints; kubectl -n STACK logs deployment/ov-nginx"
        )
    if back.away:
        return (
            "ov-wag, or db, without which it is not ready: the proxy finds nobody behind it. "
            "Type: kubectl -n STACK get pods"
        )
    if home.away:
        return (
            "ov-frontend: the proxy finds nobody behind it. "
            "Type: kubectl -n STACK describe pods -l app.kubernetes.io/name=ov-frontend"
        )
    return ""


def _behind(seen: Seen) -> str:
    """Return which service answers, and wrongly."""
    if seen["back end"].well and seen["API"].status >= 500:
        return (
            "db: the back end lives, and its pages that need the database fail. "
            "Type: kubectl -n STACK get pods db-0; kubectl -n STACK logs db-0"
        )
    if not seen["back end"].well:
        return f"ov-wag: {seen['back end'].said}. Type: kubectl -n STACK logs deployment/ov-wag"
    if not seen["home"].well and seen["API"].well:
        return (
            f"ov-frontend: {seen['home'].said}, and the API is well. "
            "Type: kubectl -n STACK logs deployment/ov-frontend"
        )
    return ""


# What fails while everybody answers, and whose fault that is.
_OF_ITSELF: Mapping[str, str] = {
    "certificate of the site": "the certificate of the site: see tlsSecret, or who renews it",
    "certificate of the admin": "the certificate of the admin: see tlsSecret, or who renews it",
    "plain http": "the edge: it serves the site without TLS instead of sending browsers to https",
    "static files": (
        "static files: the back end collects them when it starts, and browsers do not get them. "
        "Type: kubectl -n STACK logs deployment/ov-wag -c static"
    ),
    "exhibit": "the content: no exhibit is published, or the front end does not list it",
    "picture": (
        "media: pictures are in the CMS, and their files are not where browsers look. "
        "Type: kubectl -n STACK exec deployment/ov-wag -- ls /app/media"
    ),
    "login form": "ov-wag's settings: OV_TRUSTED_ORIGINS, cookies and the address of the admin",
    "security headers": "ov-nginx: a header that browsers need is missing. See images/ov-nginx",
    "wrong host": "the edge and ov-nginx: they answer to any host. See the Ingress and siteUrl",
    "page that is not there": "ov-frontend: a page that does not exist is no 404",
    "API": "ov-wag: its API does not answer as Wagtail's does",
}
