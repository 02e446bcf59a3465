import os

from ov_wag.settings.base import *  # noqa: F403
from ov_wag.settings.base import INSTALLED_APPS
from vault.production import *  # noqa: F403


def _yes(name, default):
    return os.environ.get(name, default).lower() in {"1", "true", "yes"}


DEBUG = _yes("OV_DEBUG", "no")

CSRF_COOKIE_SECURE = _yes("OV_CSRF_COOKIE_SECURE", "yes")
SESSION_COOKIE_SECURE = _yes("OV_SESSION_COOKIE_SECURE", "yes")

INSTALLED_APPS = [*INSTALLED_APPS, "storages"]

# Where the store is, when it is not Amazon's, is in AWS_ENDPOINT_URL, which the library reads.
AWS_STORAGE_BUCKET_NAME = os.environ.get("AWS_STORAGE_BUCKET_NAME")
AWS_ACCESS_KEY_ID = os.environ.get("AWS_ACCESS_KEY_ID")
AWS_SECRET_ACCESS_KEY = os.environ.get("AWS_SECRET_ACCESS_KEY")
AWS_S3_REGION_NAME = os.environ.get("AWS_S3_REGION_NAME", "us-east-1")
AWS_S3_FILE_OVERWRITE = False

# Uploads get addresses that are signed and end; what the CMS looks like is there for everybody,
# under names that stay the same from one release to the next.
STORAGES = {
    "default": {"BACKEND": "storages.backends.s3.S3Storage"},
    "staticfiles": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "location": "static",
            "querystring_auth": False,
            "default_acl": "public-read",
        },
    },
}
