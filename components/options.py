"""What a component's children inherit."""

from __future__ import annotations

import pulumi

# Nothing here takes longer to be ready than this when it is right, a slow pull included. The
# engine's own ten minutes are a long time to stare at a mistyped tag.
TIMEOUTS = pulumi.CustomTimeouts(create="3m", update="3m", delete="3m")

# The mark of an object that is ready once it exists.
AT_ONCE = {"pulumi.com/skipAwait": "true"}


def children(
    component: pulumi.ComponentResource, opts: pulumi.ResourceOptions | None
) -> pulumi.ResourceOptions:
    """Return the options of *component*'s children: they wait for all it was told to wait for."""
    return pulumi.ResourceOptions(
        parent=component,
        depends_on=opts.depends_on if opts else None,
        custom_timeouts=TIMEOUTS,
    )
