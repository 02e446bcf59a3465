"""Pictures of the site, drawn from its objects: as the program declares them, or as a cluster has.

Nothing here needs the engine but `__main__`, which asks the program: objects are mappings in the
words of the Kubernetes API, `kind` included.
"""
