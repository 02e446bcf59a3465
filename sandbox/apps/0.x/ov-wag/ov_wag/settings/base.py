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

# The CMS of 2022 saves a page when its editor says so, and not before.
WAGTAIL_AUTOSAVE_INTERVAL = 0
