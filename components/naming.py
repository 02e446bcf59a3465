"""Names and labels, as pure functions of what they name."""

PROJECT = "openvault"

# A stack's name is its namespace's name, and these are all there are.
NAMESPACES = ("openvault", "ov-demo")

# Pods that mount one volume which a single node holds carry this label, and keep together by it.
TOGETHER = {"openvault/volumes": "site"}

# The annotation of a project in Rancher that says whose it is.
MARK = "openvault/stack"

# What is noted on a volume claim of the data behind it begins with this.
FACT = "data.openvault/"


def labels(service: str) -> dict[str, str]:
    """Return the recommended labels, which are also *service*'s selector."""
    return {"app.kubernetes.io/name": service, "app.kubernetes.io/part-of": PROJECT}


def volume(folder: str) -> str:
    """Return the name a pod gives the volume it mounts at *folder*."""
    return folder.replace("/", "-")
