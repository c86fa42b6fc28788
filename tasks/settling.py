"""Whether a file has been written to its end: a half of it must be neither indexed nor quarantined."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path

QUIET_S = 0.05  # where nobody can tell who writes, a file untouched for so long counts as whole
EMPTY_S = 2.0  # many programs make a file before they fill it


def is_settled(path: Path) -> bool:
    """Whether nobody is in the middle of writing `path`. A file that is not there, or cannot be looked at, is settled."""
    try:
        stat = path.stat()
    except OSError:
        return True
    age_s = abs(time.time() - stat.st_mtime)  # of a time in the future nothing follows
    if stat.st_size == 0 and age_s < EMPTY_S:
        return False
    written = _is_open_for_writing(path)
    return age_s >= QUIET_S if written is None else not written


def _is_open_for_writing(path: Path) -> bool | None:
    """Asks the kernel for a read lease, which it grants only while no process has the file open for writing. None: it cannot tell
    (not Linux, another user's file, some network file systems)."""
    try:
        import fcntl

        setlease, setsig, read_lease, no_lease = fcntl.F_SETLEASE, fcntl.F_SETSIG, fcntl.F_RDLCK, fcntl.F_UNLCK
    except (ImportError, AttributeError):
        return None
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.fcntl(file, setsig, signal.SIGURG)  # whoever opens it right now has the kernel signal us: by one that is ignored
        fcntl.fcntl(file, setlease, read_lease)
        fcntl.fcntl(file, setlease, no_lease)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    finally:
        os.close(file)
    return False
