"""The whole stack on one person's machine, under Docker Compose.

The files are written from what the program declares for ov-demo, so that a variable, a port or a
version is said once. What has to be otherwise without a cluster is in `differences`, with reasons.
"""
