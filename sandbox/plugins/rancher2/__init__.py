"""The rancher2 provider's projects, bindings and namespaces, where the official plugin is missing.

It sends the requests that version 12.1.1 sends and decides as that one does on the same inputs;
only where that one crashes, this one says what is wrong. What it knows is in the state.
"""
