"""Open Vault: one stack, one namespace."""

import pulumi

from components import OpenVault, Settings, require_cluster, require_data, require_rancher

settings = Settings.load(pulumi.get_stack(), OpenVault.companions())
require_cluster(settings.kube_context, settings.namespace)
require_data(settings.kube_context, settings.namespace, settings.storage)
site = OpenVault(settings.namespace, require_rancher(settings))

for name, value in site.outputs.items():
    pulumi.export(name, value)
