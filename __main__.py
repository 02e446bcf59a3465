"""Open Vault: one stack, one namespace."""

import pulumi

from components import OpenVault, Settings

settings = Settings.load(pulumi.get_stack())
site = OpenVault(settings.namespace, settings)

pulumi.export("siteUrl", site.site_url)
pulumi.export("adminUrl", site.admin_url)
pulumi.export("namespace", site.namespace)
pulumi.export("images", site.images)
