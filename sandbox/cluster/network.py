"""Addresses inside the cluster; every sandbox uses the same, in a network namespace of its own."""

PODS = "10.244.0.0/16"
NODE_PODS = "10.244.0.0/24"
SERVICES = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"
DOMAIN = "cluster.local"
NODE = "node"

# What the node itself listens on: no LoadBalancer Service may take these from it.
EDGE_HTTP = 80
EDGE_HTTPS = 443
EDGE_PROXY_PROTOCOL = 8443
RANCHER = 9443
NODE_PORTS = frozenset(
    {EDGE_HTTP, EDGE_HTTPS, EDGE_PROXY_PROTOCOL, RANCHER, 2379, 5000, 5001, 6443, 10250}
)

# The names by which the cluster's objects find the sandbox's controllers.
PROVISIONER = "openvault.sandbox/local"
INGRESS_CLASS = "sandbox"
INGRESS_CONTROLLER = "openvault.sandbox/edge"
