"""The registries that the registry's tests have."""

from tests.registry.conftest import cluster, engine_url, founded_postgresql, founded_sqlite, lite, rig

__all__ = ["cluster", "engine_url", "founded_postgresql", "founded_sqlite", "lite", "rig"]
