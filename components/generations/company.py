"""What keeps every generation of the applications company."""

from __future__ import annotations

from components.contract import Check, Contract, Need
from components.generations import waiting

# The volumes of the site belong to this group, whoever writes or reads them.
SITE = 10001

DATABASE = Contract(
    uid=70,
    gid=70,
    port=5432,
    required=frozenset({"PGDATA", "POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_USER"}),
    secret=frozenset({"POSTGRES_PASSWORD"}),
    scratch={"tmp": "", "var/run/postgresql": "", "dev/shm": "Memory"},
    volumes={"data": "/var/lib/postgresql/data"},
    # A quarter of the limit are shared buffers, which fill in time; 34 MiB when nobody asks.
    need=Need(cpu=100, memory=256, memory_limit=1024),
    start=4,
    # Ready is who answers a query. The superuser asks, for whom a connection is always left.
    ready=Check(command=("psql", "--username=postgres", "--command=SELECT 1"), timeout=10),
    # Who recovers after a crash refuses connections, which is 1, and is well.
    alive=Check(
        command=("sh", "-c", "pg_isready --quiet --username=postgres || test $? = 1"), timeout=10
    ),
    waits=waiting.by_pg_isready,
    grace=60,
    patience=600,
)

PROXY = Contract(
    uid=101,
    gid=SITE,
    port=8080,
    required=frozenset({"ADMIN_HOST", "BACKEND", "BACKEND_URL", "FRONTEND", "SITE_HOST"}),
    optional=frozenset({"ADMIN_SCHEME", "ROUTES", "TRUSTED_PROXIES", "UPLOAD_LIMIT", "WORKERS"}),
    scratch={"tmp": ""},
    volumes={"static": "/srv/static", "media": "/srv/media"},
    need=Need(cpu=50, memory=32, memory_limit=128),
    # It is there in one second. The others give a network that is busy the time to learn that
    # it may ask.
    start=5,
    ready=Check(path="/healthz", timeout=10),
    alive=Check(path="/healthz", timeout=10),
    waits=waiting.by_curl,
    drain=15,
    grace=45,
)

JUMPBOX = Contract(
    uid=10001,
    gid=10001,
    command=("sleep", "infinity"),
    required=frozenset({"PGDATABASE", "PGHOST", "PGPASSWORD", "PGPORT", "PGUSER"}),
    secret=frozenset({"PGPASSWORD"}),
    scratch={"tmp": ""},
    need=Need(cpu=10, memory=32, memory_limit=512),
    # Nothing to finish, and sleep does not listen to the signal that asks it to.
    grace=1,
)
