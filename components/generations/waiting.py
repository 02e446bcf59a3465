"""Commands that wait, inside a container, until its server answers.

The cluster asks once and the answer comes when it comes. Asked again and again from outside, each
question that comes too early would be told as a warning that means nothing.
"""

from __future__ import annotations

from components.contract import Check, Contract

# Words behind each: the port, the path, and the host if one is to be said.
_PYTHON = """\
import http.client, sys, time

port, path, *host = sys.argv[1:]
while True:
    try:
        asked = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
        asked.request("GET", path, headers={"Host": name for name in host})
        if asked.getresponse().status < 400:
            break
    except (OSError, http.client.HTTPException):
        pass
    time.sleep(0.2)
"""

_NODE = """\
const [port, path] = process.argv.slice(1);
const again = () => setTimeout(ask, 200);
const ask = () =>
  require("http")
    .get({ host: "127.0.0.1", port, path, agent: false, timeout: 10000 }, (answer) => {
      if (answer.statusCode < 400) process.exit();
      answer.resume();
      again();
    })
    .on("timeout", function () { this.destroy(new Error()); })
    .on("error", again);
ask();
"""

_CURL = """\
until curl --fail --silent --max-time 10 --output /dev/null "http://127.0.0.1:$1$2"; do
    sleep 0.2
done
"""

# pg_isready: 0 accepts connections, 1 refuses them while it starts, 2 does not answer. Who still
# refuses after half a minute recovers from a crash, which may take its time, and is well.
_POSTGRES = """\
refused=0
while [ $refused -lt 150 ]; do
    pg_isready --quiet --username=postgres && exit
    [ $? != 1 ] || refused=$((refused + 1))
    sleep 0.2
done
"""


def by_python(contract: Contract) -> tuple[str, ...]:
    """Wait for the page that says it is alive, by the image's Python."""
    return ("python", "-c", _PYTHON, *_words(contract))


def by_node(contract: Contract) -> tuple[str, ...]:
    """Wait for the page that says it is alive, by the image's Node; no host is said."""
    return ("node", "-e", _NODE, *_words(contract))


def by_curl(contract: Contract) -> tuple[str, ...]:
    """Wait for the page that says it is alive, by the image's curl; no host is said."""
    return ("sh", "-c", _CURL, "waiting", *_words(contract))


def by_pg_isready(_: Contract) -> tuple[str, ...]:
    """Wait until PostgreSQL accepts connections, or is seen to recover."""
    return ("sh", "-c", _POSTGRES)


def _words(contract: Contract) -> tuple[str, ...]:
    page = contract.alive or Check()
    return (str(contract.port), page.path, *([page.host] if page.host else []))
