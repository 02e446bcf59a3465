"""`make pictures`: draw both generations as the program declares them, wherever they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from declared.engine import Engine
from declared.pictures.files import README, files
from declared.stacks import DIGEST, ROOT, configured, declare

# The stack that has everything.
STACK = "ov-demo"

_SECRETS = ("adminPassword", "databasePassword", "secretKey")
_SECRETS_OF_ONE = (
    "bucketAccessKey",
    "bucketSecretKey",
    "searchPassword",
    "searchBrowserKey",
    "signOnSecret",
)
_ONE: Mapping[str, str] = {
    "generation": "1.x",
    "backendImage": f"docker.io/wgbhmla/ov-wag:v1.0.0@{DIGEST}",
    "frontendImage": f"docker.io/wgbhmla/ov-frontend:v1.0.0@{DIGEST}",
    "bucket": "media.example.org",
    "searchUrl": "https://search.example.org:9200",
    "searchIndex": "site",
    "signOnUrl": "https://example.us.auth0.com",
    "signOnClient": "client",
    "archiveUrl": "https://americanarchive.org",
}


def _engine(keys: tuple[str, ...], choices: Mapping[str, str]) -> Engine:
    """Return what the program declares where each secret is a placeholder that opens nothing."""
    secrets = {key: f"placeholder-{key}-".ljust(50, "0") for key in keys}
    config = configured(STACK, secrets, **choices)
    return declare(STACK, config, [f"openvault:{key}" for key in keys])


def main() -> None:
    """Write each file that is not yet what it has to be."""
    declared = {
        "0.x": _engine(_SECRETS, {}).manifests,
        "1.x": _engine(_SECRETS + _SECRETS_OF_ONE, _ONE).manifests,
    }
    for name, text in files(declared, (ROOT / README).read_text()).items():
        path = ROOT / name
        if not path.is_file() or path.read_text() != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            print(f"written: {name}")


if __name__ == "__main__":
    main()
