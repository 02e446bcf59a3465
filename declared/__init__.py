"""What the program declares, asked without an engine, a cluster or anybody's secrets.

The tests, the compose files, the pictures and the worked example all read it here, so that none of
them has a list of its own.
"""
