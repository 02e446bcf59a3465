#!/bin/sh
# No package starts a service here: a container runs the one program it is told to.
exit 101
