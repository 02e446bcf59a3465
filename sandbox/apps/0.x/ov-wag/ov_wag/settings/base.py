from vault.settings import *  # noqa: F403
from vault.settings import INSTALLED_APPS

INSTALLED_APPS = ["exhibit", *INSTALLED_APPS]

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
    },
}

WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
