#!/bin/bash
# As 0.x does it: nothing stops at an error, gunicorn does not become PID 1, and its logs are files.
python3 manage.py collectstatic --noinput
gunicorn ov_wag.wsgi:application \
    --bind 0.0.0.0:$PORT --workers 1 --reload \
    --access-logfile /logs/access.log --error-logfile /logs/error.log
