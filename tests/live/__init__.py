"""Tests that need the platform: the engine, the API server, pods and a browser."""
