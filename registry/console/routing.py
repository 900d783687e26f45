"""Routers of pages: each capability makes one here, and its routes are the console's own."""

from fastapi import APIRouter

from registry.console.settings import PREFIX


def page_router() -> APIRouter:
    """An empty router; its paths are written without the prefix."""
    return APIRouter(prefix=PREFIX)
