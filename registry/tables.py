"""All tables of the registry, whichever capability they belong to: importing this makes ``Base.metadata`` complete.

A capability with tables of its own is named here, so that the migrations are compared with everything.
"""

from registry.accounts import models as _accounts
from registry.models import Base

CAPABILITIES = (_accounts,)
"""Modules whose tables join ``Base``."""

__all__ = ["CAPABILITIES", "Base"]
