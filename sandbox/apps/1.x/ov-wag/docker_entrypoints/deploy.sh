#!/bin/bash
# As 1.x does it: a store that cannot be reached stops nothing, and gunicorn does not become PID 1.
python3 manage.py collectstatic --noinput
gunicorn ov_wag.wsgi:application \
    --bind 0.0.0.0:8000 --workers 4 --access-logfile - --error-logfile -
