"""An image, built here or published elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.options import children
from components.reference import Build, Source

# What the clusters' nodes are, whatever the machine that builds is.
PLATFORM = "linux/amd64"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageArgs:
    """Where an image comes from."""

    source: Source


class Image(pulumi.ComponentResource):
    """Know the one image a service runs by a reference that always means the same bytes.

    An image built here is known by the digest the registry gave it. One that is published is
    known by what the stack says, and nothing of Docker is touched: no daemon is needed.
    """

    reference: pulumi.Output[str]

    def __init__(
        self, name: str, args: ImageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Image", name, None, opts)
        published = str(args.source.reference)

        self.reference = pulumi.Output.from_input(published)
        if args.source.build:
            image = docker.Image(
                name,
                image_name=published,
                build=_build(args.source.build),
                opts=children(self, opts),
            )
            self.reference = image.repo_digest
        self.register_outputs({"reference": self.reference})


def _build(build: Build) -> docker.DockerBuildArgsDict:
    context = build.context.rstrip("/")
    made: docker.DockerBuildArgsDict = {
        "context": context,
        # Docker's provider looks for it from where the program is, not from the context.
        "dockerfile": f"{context}/{build.dockerfile}",
        "platform": PLATFORM,
        "args": build.args,
    }
    if build.target:
        made["target"] = build.target
    return made
