"""The place of a stack and nothing in it: its project in Rancher, and its namespace."""

import pulumi
import pulumi_kubernetes as k8s
import pulumi_rancher2 as rancher2

from components import Settings, companions, require_rancher
from components.namespace import Namespace, NamespaceArgs
from components.project import Project, ProjectArgs

settings = require_rancher(Settings.load(pulumi.get_stack(), companions()))
assert settings.rancher
name = settings.namespace
rancher = rancher2.Provider(
    name,
    api_url=settings.rancher.url,
    token_key=pulumi.Output.secret(settings.rancher.token),
    ca_certs=settings.rancher.authority,
    timeout="10s",
)
cluster = k8s.Provider(name, context=settings.kube_context, namespace=name)
project = Project(
    name, ProjectArgs(wanted=settings.rancher), opts=pulumi.ResourceOptions(providers=[rancher])
)
Namespace(
    name,
    NamespaceArgs(protect=False, membership=project.membership),
    opts=pulumi.ResourceOptions(providers=[cluster]),
)
