"""Open Vault: one stack, one namespace."""

import pulumi

from components import OpenVault, Settings, require_cluster

settings = Settings.load(pulumi.get_stack())
require_cluster(settings.kube_context, settings.namespace)
site = OpenVault(settings.namespace, settings)

pulumi.export("siteUrl", site.site_url)
pulumi.export("adminUrl", site.admin_url)
pulumi.export("namespace", site.namespace)
pulumi.export("images", site.images)
