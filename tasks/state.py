"""What a refresh starts from: the manifest, the files' stamps and the table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from tasks.index import layout_of, table_name
from tasks.manifest import Entries, Lines, manifest_or_empty, out_of_step, read_stamps
from tasks.readers import FileStamp
from tasks.table import open_sound
from tasks.workspace import Workspace


@dataclass
class State:
    """`entries`: the manifest's documents. `with_rows`: those of which the table holds rows. `wrong`: those of which it holds other
    rows than the manifest says. `is_fresh`: read just now, not kept since the last refresh."""

    entries: Entries
    layout: Any
    checks: Any
    stamps: dict[str, FileStamp]
    table: Any | None
    with_rows: Collection[str]
    wrong: set[str]
    is_fresh: bool = True
    lines: Lines = field(default_factory=dict)

    @property
    def version(self) -> int:
        return int(self.table.version) if self.table is not None else 0


def read_state(workspace: Workspace) -> State:
    """All of it from disk: it takes longer the more documents there are."""
    manifest = manifest_or_empty(workspace)
    table, held = open_sound(workspace.index_uri, table_name(workspace), workspace.params.index.language)
    known = manifest["documents"] if manifest["layout"] == layout_of(workspace.params) else {}
    wrong = out_of_step(known, held)
    return State(manifest["documents"], manifest["layout"], manifest.get("checks"), read_stamps(workspace), table, held.keys(), wrong)
