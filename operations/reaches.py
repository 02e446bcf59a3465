"""What each setting changes, by which a planned change is traced back to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.roster import companions, setting

_BACKEND = ("Deployment ov-wag", "Job ov-wag-migrate", "CronJob *")
_FRONTEND = ("Deployment ov-frontend",)
_PROXY = ("Deployment ov-nginx",)
_ROOM = ("ResourceQuota *", "LimitRange *")
_PODS = ("Deployment *", "StatefulSet *", "Job *", "CronJob *")
_KEYS = ("Secret ov-wag-credentials", *_BACKEND)
_WAY_OUT = ("NetworkPolicy *-to-outside",)
_PROJECT = ("Project *", "ProjectRoleTemplateBinding *", "Namespace *")


def _companion(name: str) -> Sequence[str]:
    """Return what comes and goes with a companion: the proxy learns its path by it."""
    ways = (f"NetworkPolicy {name}-*", f"NetworkPolicy *-to-{name}")
    return (f"* {name}", *ways, *_PROXY, *_ROOM)


# A setting → what it changes, by kind and name.
REACHES: Mapping[str, Sequence[str]] = {
    "siteUrl": (*_BACKEND, *_PROXY, "Ingress *"),
    "adminUrl": (*_BACKEND, *_PROXY, "Ingress *"),
    "ingressClass": ("Ingress *",),
    "tlsSecret": ("Ingress *",),
    "tlsIssuer": ("Ingress *", "NetworkPolicy edge-to-ov-nginx-tls"),
    "edge": ("NetworkPolicy edge-to-ov-nginx",),
    "uploadLimit": (*_PROXY, "Ingress *"),
    "workers": (*_BACKEND, *_ROOM),
    "replicas": ("Deployment *", "PodDisruptionBudget *", *_ROOM),
    "autoscaling": (
        "Deployment *",
        "HorizontalPodAutoscaler *",
        "PodDisruptionBudget *",
        *_ROOM,
    ),
    "resources": (*_PODS, *_ROOM),
    "kubeContext": ("Provider *",),
    "protect": ("Namespace *", "PersistentVolumeClaim *"),
    "backendImage": (*_BACKEND, "Image ov-wag"),
    "backendBuild": (*_BACKEND, "Image ov-wag"),
    "frontendImage": ("Deployment ov-frontend", "Image ov-frontend"),
    "frontendBuild": ("Deployment ov-frontend", "Image ov-frontend"),
    "databaseImage": ("StatefulSet db", "Image db"),
    "proxyImage": (*_PROXY, "Image ov-nginx"),
    "proxyBuild": (*_PROXY, "Image ov-nginx"),
    "jumpboxImage": ("Deployment jumpbox", "Image jumpbox"),
    "jumpboxBuild": ("Deployment jumpbox", "Image jumpbox"),
    "dockerHost": ("Provider *",),
    "registries": (*_PODS, "Secret registries", "Image *"),
    "jumpbox": ("* jumpbox", "NetworkPolicy jumpbox-*", *_ROOM),
    "databaseStorage": ("PersistentVolumeClaim ov-db", "StatefulSet db"),
    "staticStorage": ("PersistentVolumeClaim ov-static",),
    "mediaStorage": ("PersistentVolumeClaim ov-media",),
    "storageClass": ("PersistentVolumeClaim *",),
    "storageClasses": ("PersistentVolumeClaim *",),
    "adminUser": ("Job ov-wag-migrate",),
    "adminEmail": ("Job ov-wag-migrate",),
    "adminPassword": ("Secret ov-wag-administrator", "Job ov-wag-migrate"),
    "databasePassword": (
        "Secret db-credentials",
        "StatefulSet db",
        "Deployment jumpbox",
        *_BACKEND,
    ),
    "secretKey": _KEYS,
    # Of generation 1.x.
    "bucket": _BACKEND,
    "bucketRegion": _BACKEND,
    "bucketEndpoint": (*_BACKEND, *_WAY_OUT),
    "bucketAccessKey": _KEYS,
    "bucketSecretKey": _KEYS,
    "searchUrl": (*_BACKEND, *_FRONTEND, *_WAY_OUT),
    "searchUser": _BACKEND,
    "searchPassword": _KEYS,
    "searchIndex": (*_BACKEND, *_FRONTEND),
    "searchBrowserKey": ("Secret ov-frontend-credentials", *_FRONTEND),
    "searchVerify": _BACKEND,
    "seriesIndex": _FRONTEND,
    "reindexSchedule": ("CronJob *",),
    "signOnUrl": (*_BACKEND, *_WAY_OUT),
    "signOnClient": _BACKEND,
    "signOnSecret": _KEYS,
    "googleClient": _BACKEND,
    "archiveUrl": _FRONTEND,
    "organUrl": (*_FRONTEND, *_WAY_OUT),
    "cookieConsent": _FRONTEND,
    "previewUrl": _BACKEND,
    "outside": _WAY_OUT,
    # Under Rancher.
    "rancherUrl": ("Provider *", *_PROJECT),
    "rancherCluster": _PROJECT,
    "rancherToken": ("Provider *",),
    "rancherCa": ("Provider *",),
    "rancherProject": _PROJECT,
    "rancherName": ("Project *",),
    "rancherDescription": ("Project *",),
    "rancherRoles": ("ProjectRoleTemplateBinding *",),
    "rancherQuota": ("Project *", "Namespace *"),
    "rancherNamespaceQuota": ("Project *", "Namespace *"),
    "rancherLimits": ("Project *", "Namespace *"),
    **{
        f"{setting(name)}{kind}": _companion(name)
        for name in companions()
        for kind in ("Image", "Build")
    },
}
