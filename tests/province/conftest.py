"""The registries that the registry's tests have."""

from tests.registry.conftest import cluster, founded_postgresql, founded_sqlite, lite, rig

__all__ = ["cluster", "founded_postgresql", "founded_sqlite", "lite", "rig"]
