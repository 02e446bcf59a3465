"""Open Vault: one stack, one namespace."""

import pulumi

from components import OpenVault, Settings, require_cluster, require_data

settings = Settings.load(pulumi.get_stack())
require_cluster(settings.kube_context, settings.namespace)
require_data(settings.kube_context, settings.namespace, settings.storage)
site = OpenVault(settings.namespace, settings)

pulumi.export("siteUrl", site.site_url)
pulumi.export("adminUrl", site.admin_url)
pulumi.export("namespace", site.namespace)
pulumi.export("images", site.images)
