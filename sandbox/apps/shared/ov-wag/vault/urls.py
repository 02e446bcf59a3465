"""The addresses that both generations have."""

from django.contrib import admin
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls


def addresses(api, *others):
    """Return all addresses: those of a generation alone come before the pages, which take all."""
    return [
        path("django-admin/", admin.site.urls),
        path("admin/", include(wagtailadmin_urls)),
        path("documents/", include(wagtaildocs_urls)),
        *others,
        path("api/v2/", api.urls),
        path("", include(wagtail_urls)),
    ]
