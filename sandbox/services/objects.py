"""Object storage: the Versity S3 gateway on a folder of the sandbox."""

from __future__ import annotations

import json
from pathlib import Path

from sandbox import keys, settings
from sandbox.errors import Refusal
from sandbox.instance import Instance
from sandbox.process import Processes, attempt
from sandbox.toolchain import Report, golang

ACCESS_KEY = "objects-access-key"
SECRET_KEY = "objects-secret-key"  # noqa: S105, the name of a file

# Clients sign addresses for this region the current way, and for the oldest one an older way.
REGION = "us-east-2"
ADDRESS = "127.0.0.1:9000"
BUCKETS = (settings.STACK, "openvault")


def prepare(instance: Instance, report: Report) -> None:
    """Build the gateway unless it is in the cache, and make the folder of each bucket."""
    golang.OBJECTS.provide(instance.cache, report)
    for bucket in BUCKETS:
        (_folder(instance) / bucket).mkdir(parents=True, exist_ok=True)


def start(instance: Instance, processes: Processes) -> bool:
    """Start it unless it runs; return whether it was started now."""
    program = golang.OBJECTS.folder(instance.cache) / "versitygw"
    return processes.start(
        "objects",
        [program, "--quiet", "--region", REGION, "--port", ADDRESS, "posix", _folder(instance)],
        env={
            "ROOT_ACCESS_KEY": keys.value(instance, ACCESS_KEY),
            "ROOT_SECRET_KEY": keys.value(instance, SECRET_KEY),
        },
    )


def settle(instance: Instance, processes: Processes) -> None:
    """Wait until it answers, and let everybody read the static files of each bucket."""
    processes.wait_until("objects", lambda: _ask(instance, "") == "200", seconds=30)
    for bucket in BUCKETS:
        public = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/static/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [public]})
        answer = _ask(instance, f"{bucket}?policy=", policy)
        if not answer.startswith("20"):
            raise Refusal(
                f"The bucket {bucket} cannot be opened for static files",
                f"object storage answered {answer}",
                f"Look at {instance.logs / 'objects.log'}, then type the same again",
            )


def _folder(instance: Instance) -> Path:
    return instance.state / "services" / "objects"


def _ask(instance: Instance, path: str, body: str = "") -> str:
    """Return the status of a signed request, made where the gateway listens."""
    user = f"{keys.value(instance, ACCESS_KEY)}:{keys.value(instance, SECRET_KEY)}"
    put = ["request = PUT", f"data-binary = {json.dumps(body)}"] if body else []
    said = attempt(
        ["nsenter", f"--net={instance.netns}", "curl", "--config", "-"],
        stdin="\n".join(
            [
                "silent",
                "output = /dev/null",
                'write-out = "%{http_code}"',
                "max-time = 10",
                'noproxy = "*"',
                f'user = "{user}"',
                f'aws-sigv4 = "aws:amz:{REGION}:s3"',
                'header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"',
                f'url = "http://{ADDRESS}/{path}"',
                *put,
            ]
        ),
    )
    return said.stdout
