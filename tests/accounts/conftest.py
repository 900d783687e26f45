"""Registries for the tests of this folder, on each engine."""

from tests.registry.conftest import cluster, founded_postgresql, founded_sqlite, lite, rig

__all__ = ["cluster", "founded_postgresql", "founded_sqlite", "lite", "rig"]
