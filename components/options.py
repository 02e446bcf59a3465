"""What a component's children inherit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pulumi

# Nothing here takes longer to be ready than this when it is right, a slow pull included. The
# engine's own ten minutes are a long time to stare at a mistyped tag.
TIMEOUTS = pulumi.CustomTimeouts(create="3m", update="3m", delete="3m")

# The mark of an object that is ready once it exists.
AT_ONCE = {"pulumi.com/skipAwait": "true"}

# What is applied is applied under one name. The provider's own way is a name by chance for each
# object: an update that is killed forgets it, the next one takes another, and the one after that
# meets a conflict with the first.
OWNED = {"pulumi.com/patchFieldManager": "openvault"}

# What is taken back from whoever changed it meanwhile, for somebody's hand is no reason there.
FORCED = {"pulumi.com/patchForce": "true"}


def owned(
    args: pulumi.ResourceTransformationArgs,
) -> pulumi.ResourceTransformationResult | None:
    """Mark a Kubernetes object as this program's own; leave all other resources as they are."""
    if not args.type_.startswith("kubernetes:"):
        return None
    metadata = cast("Mapping[str, object]", args.props["metadata"])
    annotations = cast("Mapping[str, object]", metadata.get("annotations", {}))
    marked = {**metadata, "annotations": {**annotations, **OWNED}}
    return pulumi.ResourceTransformationResult({**args.props, "metadata": marked}, args.opts)


def children(
    component: pulumi.ComponentResource, opts: pulumi.ResourceOptions | None
) -> pulumi.ResourceOptions:
    """Return the options of *component*'s children: they wait for all it was told to wait for."""
    return pulumi.ResourceOptions(
        parent=component,
        depends_on=opts.depends_on if opts else None,
        custom_timeouts=TIMEOUTS,
    )


def kept(
    component: pulumi.ComponentResource, opts: pulumi.ResourceOptions | None, *, protect: bool
) -> pulumi.ResourceOptions:
    """Return the options of what stays when the stack goes; *protect* forbids that it goes."""
    stays = pulumi.ResourceOptions(retain_on_delete=True, protect=protect)
    return pulumi.ResourceOptions.merge(children(component, opts), stays)
