"""Can this publication be verified against now? For load balancers and for people who are woken; codes only.

A publication that is merely stale is served all the same: to be told so is more than no answer. The metrics tell that.
"""

from verifier.errors import VerifierError
from verifier.server.judging import Judge
from verifier.server.problems import Problem


def missing(judge: Judge) -> tuple[str, ...]:
    """Codes of what keeps certificates from being judged; empty where all is there."""
    try:
        view = judge.view()
    except Problem as problem:
        return (problem.code,)
    except (OSError, VerifierError):
        return ("publication_unavailable",)
    error = view.loaded.trust.error
    return (error.code,) if error is not None else ()
