"""How PostgreSQL is started on a volume, and how much it may take of its container."""

from __future__ import annotations

import math
from collections.abc import Sequence

from components.contract import Need

# What the site's data is called and whom it belongs to, in every generation: neither is the
# server's own, and an owner who is no superuser cannot read the node's files or the passwords.
DATABASE = "openvault"
OWNER = "openvault"

# Where the data are in the volume.
FOLDER = "pgdata"

# Whoever needs more has a bug, or is a person with a tool.
_MIGRATION = 2
_TOOLS = 5
# Kept for the superuser, who asks whether it is well even when all others have come: PostgreSQL's
# own default.
_RESERVED = 3

# What one connection takes, in MiB: 11 after every page of the CMS on a single one, of which the
# site makes a new one for each request (private memory in /proc/PID/smaps, 14.2).
_CONNECTION = 8

# What a sort gets at least and at most, in MiB; the first is PostgreSQL's own default. Seldom does
# more than one connection in four sort at a time.
_WORK = (4, 64)
_SORTING = 4

# With its part of what is sorted in.
_EACH = _CONNECTION + _WORK[0] // _SORTING

# Nobody needs more of them by chance; it is PostgreSQL's own default.
_MANY = 100

# Sizes of the journal between two checkpoints, in MiB. The smallest is eight of its files.
_JOURNAL = (128, 1024)

# The part of the memory that is neither shared buffers nor for maintenance.
_REST = 1 - 1 / 4 - 2 / 16

# Runs before the server, in its container, on a volume that nobody else uses meanwhile. (Kubernetes
# makes one of two dollar signs in a row, wherever they are.)
START = r"""
set -eu
umask 077
say() { echo "openvault: $*" >&2; }

# One writer, whatever the cluster believes of an earlier one: the kernel gives the lock back when
# the last process of that server has ended. PostgreSQL's own lock knows processes by numbers,
# which in another container mean somebody else.
trap 'exit 1' INT TERM
exec 9> "$PGDATA.lock"
flock -w 60 9 || { say "another server still writes to this volume"; exit 1; }

here=$(postgres --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
alone() { # what is read is done by the superuser, with nobody connected; no word of it is logged
    data=$1 database=$2
    shift 2
    postgres --single -j -D "$data" "$@" -c log_min_error_statement=panic -c exit_on_error=on \
        "$database" > /dev/null
}

if [ ! -e "$PGDATA" ]; then
    # It gets its name when it is complete: an early end leaves nothing that looks like data.
    say "filling a new volume with PostgreSQL $here"
    rm -rf "$PGDATA.new"
    initdb --pgdata="$PGDATA.new" --username=postgres --data-checksums --encoding=UTF8 \
        --locale=C.UTF-8 --lc-collate=C --auth-local=trust --auth-host=reject > /dev/null
    printf 'CREATE ROLE "%s";\n\nCREATE DATABASE "%s";\n\n' "$POSTGRES_USER" "$POSTGRES_DB" |
        alone "$PGDATA.new" postgres "$@"
    mv "$PGDATA.new" "$PGDATA"
fi

found=$(cat "$PGDATA/PG_VERSION")
if [ "$found" != "$here" ]; then
    say "the data are PostgreSQL $found's, and this image is PostgreSQL $here: nothing was touched"
    exit 1
fi

# The superuser stays inside this container, and the owner comes with the password of today.
cat > "$PGDATA/pg_hba.conf" << END
local all all trust
host "$POSTGRES_DB" "$POSTGRES_USER" all scram-sha-256
END
password=$(printf %s "$POSTGRES_PASSWORD" | sed "s/'/''/g")
failed() {
    say "these are not the site's data, or something is wrong with them: see above"
    exit 1
}
alone "$PGDATA" postgres "$@" << END || failed
ALTER ROLE "$POSTGRES_USER" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
PASSWORD '$password';

ALTER DATABASE "$POSTGRES_DB" OWNER TO "$POSTGRES_USER";

END
unset password POSTGRES_PASSWORD

exec postgres -D "$PGDATA" "$@"
"""


def demand(servers: int, threads: int) -> int:
    """Return how many connections a site may need with *servers* back ends of so many *threads*.

    Each thread holds one while it answers. In a roll-out there is one pod more, and those that
    leave serve beside those that came.
    """
    return (2 * servers + 1) * threads + _MIGRATION + _TOOLS + _RESERVED


def least_memory(connections: int) -> int:
    """Return the smallest limit, in MiB, under which so many *connections* have room at a time."""
    return math.ceil(connections * _EACH / _REST)


def settings(need: Need, connections: int, storage: int) -> Sequence[str]:
    """Return the server's settings for a *need* and a demand for *connections*.

    Of its memory limit a quarter are shared buffers, and the planner counts on half as cache, as
    PostgreSQL's manual advises for a machine of its own (20.4.1, 20.7.2). A sixteenth is for each
    of two who vacuum or build an index. The rest is for connections, and what they sort in: as
    many as fit, up to a hundred, so that a back end more or less restarts no database.
    *storage* is the volume's size in MiB.
    """
    limit = need.memory_limit
    rest = int(limit * _REST)
    most = min(rest // _EACH, max(math.ceil(connections / _MANY), 1) * _MANY)
    work = _SORTING * (rest - most * _CONNECTION) // most
    return [
        f"shared_buffers={limit // 4}MB",
        f"effective_cache_size={limit // 2}MB",
        f"maintenance_work_mem={limit // 16}MB",
        "autovacuum_max_workers=2",
        f"work_mem={_within(work, _WORK)}MB",
        f"max_connections={most}",
        f"superuser_reserved_connections={_RESERVED}",
        # A journal that fills the volume stops the server; a tenth of it leaves time to notice.
        f"max_wal_size={_within(storage // 10, _JOURNAL)}MB",
        # A container has none, and a node that has some ends a server that takes them.
        "huge_pages=off",
        # What a back end on a lost node holds is given back in two minutes, not two hours.
        "tcp_keepalives_idle=60",
        "tcp_keepalives_interval=20",
        "tcp_keepalives_count=3",
        # A forgotten transaction keeps every table from being cleaned.
        "idle_in_transaction_session_timeout=10min",
        "password_encryption=scram-sha-256",
        "listen_addresses=*",
        "unix_socket_directories=/var/run/postgresql",
    ]


def _within(number: int, limits: tuple[int, int]) -> int:
    least, most = limits
    return min(max(number, least), most)
