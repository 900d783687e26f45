"""All tables of the registry, whichever capability they belong to: importing this makes ``Base.metadata`` complete.

A capability with tables of its own is named here, so that the migrations are compared with everything.
"""

from registry.accounts import models as _accounts
from registry.cases import models as _cases
from registry.identitykeys import models as _identity
from registry.jobs import models as _jobs
from registry.models import Base
from registry.province import models as _province
from registry.review import models as _review
from registry.trail import models as _trail

CAPABILITIES = (_accounts, _jobs, _review, _trail, _cases, _identity, _province)
"""Modules whose tables join ``Base``."""

__all__ = ["CAPABILITIES", "Base"]
