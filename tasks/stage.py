"""What the DVC stages share when they run by themselves: the workspace of the current folder, progress and refusals on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tandem.errors import Refused
from tasks.workspace import Workspace, open_workspace


def run_stage(work: Callable[[Workspace], str]) -> None:
    """Do the work and print the line that it returns; exit 1 with the reasons where it is refused."""
    try:
        print(work(open_workspace()), file=sys.stderr)
    except Refused as refusal:
        sys.exit(refusal.paragraph())
