#!/bin/bash
# Prepare an empty data directory once, then become the server: the contract of the official
# image, so that what runs here runs there.
set -eu

from_file() { # a variable may be given as the name of a file that holds it
    local variable=$1 file=${1}_FILE
    if [ -n "${!file:-}" ]; then
        if [ -n "${!variable:-}" ]; then
            echo "Both $variable and $file are set: give one of them" >&2
            exit 1
        fi
        export "$variable=$(<"${!file}")"
        unset "$file"
    fi
}

initialise() {
    if [ -z "${POSTGRES_PASSWORD:-}" ]; then
        echo "The data directory is empty and POSTGRES_PASSWORD is not set: set it" >&2
        exit 1
    fi
    initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
        --encoding=UTF8 --locale=C.UTF-8 --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-}
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    if [ "$POSTGRES_DB" != postgres ]; then
        echo "CREATE DATABASE \"$POSTGRES_DB\"" | postgres --single -j -D "$PGDATA" postgres > /dev/null
    fi
}

if [ $# = 0 ] || [ "${1#-}" != "$1" ]; then
    set -- postgres "$@"
fi
[ "$1" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chown -R postgres "$PGDATA"
    chown postgres /var/run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi

mkdir -p "$PGDATA"
chmod 0700 "$PGDATA" || true
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    from_file POSTGRES_USER
    from_file POSTGRES_PASSWORD
    from_file POSTGRES_DB
    : "${POSTGRES_USER:=postgres}"
    : "${POSTGRES_DB:=$POSTGRES_USER}"
    initialise
fi
unset POSTGRES_PASSWORD
exec "$@"
