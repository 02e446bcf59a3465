"""A program of its own, for tests of Rancher."""
