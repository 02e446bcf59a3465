"""An image, built here or published elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pulumi

from components import demand
from components.artifact import Artifact, Credentials
from components.options import children
from components.reference import Build, Source


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageArgs:
    """Where an image comes from, and who asks there."""

    source: Source
    credentials: Credentials | None = None
    # The Secret in the namespace with which nodes pull it.
    pull_secret: pulumi.Input[str] | None = None


class Image(pulumi.ComponentResource):
    """Know the one image a service runs by a reference that always means the same bytes.

    An image built here is known by the digest the registry gave it. One that is published is
    known by what the stack says, and nothing of Docker is touched: no daemon is needed.
    """

    reference: pulumi.Output[str]
    artifact: Artifact

    def __init__(
        self, name: str, args: ImageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Image", name, None, opts)
        published = str(args.source.reference)

        self.reference = pulumi.Output.from_input(published)
        if args.source.build:
            image = demand.docker.Image(
                name,
                image_name=published,
                build=_build(args.source.build),
                registry=_registry(args.credentials) if args.credentials else None,
                opts=children(self, opts),
            )
            self.reference = image.repo_digest.apply(by_digest)
        self.artifact = Artifact(
            reference=self.reference,
            pull_secret=args.pull_secret,
            promise=args.source.promise,
        )
        self.register_outputs({"reference": self.reference})


def by_digest(reference: str | None) -> str:
    """Return the reference that a push gave back, or refuse one that no node could pull.

    Docker's provider gives an image that was built and not pushed the number it has on the machine
    that built it.
    """
    repository, _, digest = (reference or "").partition("@")
    if repository and re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        return str(reference)
    raise pulumi.RunError(
        f"The registry gave {reference!r} for an image that was built here, and no digest: no node "
        "could pull it.\n    See whether it was pushed: ./ov images list"
    )


def _build(build: Build) -> demand.docker.DockerBuildArgsDict:
    context = build.context.rstrip("/")
    made: demand.docker.DockerBuildArgsDict = {
        "context": context,
        # Docker's provider looks for it from where the program is, not from the context.
        "dockerfile": f"{context}/{build.dockerfile}",
        "platform": build.platform,
        "args": build.args,
    }
    if build.target:
        made["target"] = build.target
    return made


def _registry(known: Credentials) -> demand.docker.RegistryArgsDict:
    return {
        "server": known.server,
        "username": known.username,
        # Docker's provider would keep it in clear; what is secret when it arrives stays secret.
        "password": pulumi.Output.secret(known.password),
    }
