"""What cases refuse, by code; sentences stand in ``registry.cases.words``."""

from registry.errors import RegistryError


class CaseError(RegistryError):
    """A case, a document, a request or a print job cannot be as asked; nothing was changed."""
