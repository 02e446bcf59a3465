import os

from vault.settings import *  # noqa: F403
from vault.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [
    "exhibits",
    "wagtail_headless_preview",
    *INSTALLED_APPS,
    "django.contrib.sites",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.auth0",
]
MIDDLEWARE = [*MIDDLEWARE, "allauth.account.middleware.AccountMiddleware"]

DATABASES["default"]["ENGINE"] = os.environ.get("OV_DB_ENGINE", "django.db.backends.postgresql")

WAGTAIL_BASE_URL = os.environ.get("OV_BASE_URL")
WAGTAILADMIN_BASE_URL = os.environ.get("OV_ADMIN_BASE_URL", "")
WAGTAIL_HEADLESS_PREVIEW = {"CLIENT_URLS": {"default": os.environ.get("OV_PREVIEW_URL")}}

# The name of the index of pages is this one and __wagtailcore_page: who searches has to know.
WAGTAILSEARCH_BACKENDS = {
    "default": {
        "BACKEND": "wagtail.search.backends.elasticsearch8",
        "URLS": [os.environ.get("ES_URL", "https://localhost:9200")],
        "INDEX_PREFIX": os.environ.get("ES_INDEX", "wagtail") + "__",
        "TIMEOUT": 5,
        "OPTIONS": {
            "verify_certs": os.environ.get("ES_VERIFY_CERTS", "true") == "true",
            "basic_auth": (os.environ.get("ES_USER", "elastic"), os.environ.get("ES_PASSWORD", "")),
        },
    }
}

SITE_ID = 1
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
SOCIALACCOUNT_PROVIDERS = {
    "auth0": {
        "AUTH0_URL": os.environ.get("AUTH0_URL"),
        "OAUTH_PKCE_ENABLED": True,
        "APP": {
            "client_id": os.environ.get("AUTH0_CLIENT_ID"),
            "secret": os.environ.get("AUTH0_CLIENT_SECRET"),
        },
    }
}
# Read, and used by nothing that the sandbox has.
GOOGLE_CLIENT_ID = os.environ.get("GOOGLE_CLIENT_ID")
LOGIN_REDIRECT_URL = WAGTAILADMIN_BASE_URL + "/admin/"
