"""The last signed head, kept outside the database: what tells an old backup from the registry (SPEC 6.6).

``head`` in the registry's folder is the checkpoint that was signed last, as a note. A database may be ahead of it, and is
after every append and after a crash between the two; it must never be behind it, nor hold another tree of that size.
Asked before numbers are reserved, before anything is signed or appended, and by ``fsck``. Each host has its own file:
with several hosts at one database, a host's file is as new as what that host signed.

Who could abuse it: whoever may write in the folder, where the keys lie too. The database's administrator may not.
"""

import fcntl
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.errors import RegistryError
from registry.files import FRESH, PRIVATE, make_private_file, replace_file
from registry.log import require_held
from registry.models import LogHead
from registry.replica import only_reads
from verifier.checkpoint import Checkpoint, parse_checkpoint_text
from verifier.errors import VerifierError
from verifier.note import parse_note


def read_head(file: Path) -> Checkpoint | None:
    """The head in ``file``, or None where nothing was signed here yet.

    Raises ``RegistryError``: ``head_unusable`` where it is damaged, ``head_unreadable`` where the system does not give it.
    """
    try:
        return parse_checkpoint_text(parse_note(file.read_bytes()).text)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RegistryError("head_unreadable", file=str(file), problem=error.strerror or "") from error
    except VerifierError as error:
        raise RegistryError("head_unusable", file=str(file)) from error


def require_head(session: Session, file: Path) -> None:
    """The database holds everything under the head in ``file``; else ``log_rolled_back`` or ``log_not_consistent``.

    ``log_recovering`` where it may still come so far: a standby, or a server that has not replayed all.

    In a reading session it must come first: the file has to be read before the state that the session sees.
    """
    head = read_head(file)
    if head is None:
        return
    size = session.scalars(select(LogHead.size)).one_or_none() or 0
    if size < head.size:
        code = "log_recovering" if only_reads(session) else "log_rolled_back"
        raise RegistryError(code, size=head.size, here=size)
    require_held(session, size, head)


def keep_head(file: Path, note: bytes) -> None:
    """Write ``note`` durably, unless a larger head is there: of two that signed, the slower one must not turn it back."""
    guard = file.with_name(f".{file.name}.lock")
    make_private_file(guard)
    with guard.open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go by the system, however this process ends
        for left_over in file.parent.glob(f".{file.name}.*{FRESH}"):
            left_over.unlink()  # whoever wrote it was killed: we are alone here
        known = read_head(file)
        if known is None or known.size < parse_checkpoint_text(parse_note(note).text).size:
            replace_file(file, note, mode=PRIVATE)
