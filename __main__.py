"""Open Vault: one stack, one namespace."""

import gc

import pulumi

import components

# What is loaded stays until the end, a moment later: nothing is worth looking for.
gc.disable()
settings = components.Settings.load(pulumi.get_stack(), components.companions())
components.require_cluster(settings.kube_context, settings.namespace)
require_data = components.ask_data(settings.kube_context, settings.namespace)
settings = components.require_rancher(settings)
# Loaded while the cluster is being asked.
program = components.OpenVault
require_data(settings.storage)
site = program(settings.namespace, settings)

for name, value in site.outputs.items():
    pulumi.export(name, value)
