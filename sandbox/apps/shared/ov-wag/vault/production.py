"""What production needs in both generations."""

import os

# A missing list ends the program here, and a missing key only fails the first request.
ALLOWED_HOSTS = os.environ.get("OV_ALLOWED_HOSTS").split(",")
CSRF_TRUSTED_ORIGINS = os.environ.get("OV_TRUSTED_ORIGINS").split(",")
SECRET_KEY = os.environ.get("OV_SECRET_KEY")
