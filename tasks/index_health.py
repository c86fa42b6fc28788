"""The checks of `tandem doctor` on documents and index, with their repairs."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tandem.errors import Refused
from tandem.records import Finding
from tasks.index import (
    FORMAT,
    drop_put_aside,
    earlier_tables,
    layout_of,
    read_pointer,
    remember_earlier,
    stray_tables,
    tables_put_aside,
)
from tasks.manifest import Entries, manifest_or_empty, out_of_step, read_manifest, read_stamps
from tasks.readers import scan
from tasks.table import documents_in, drop_table, find_table, search_text
from tasks.upkeep import KEEP_VERSIONS, MAINTAIN_EVERY, maintain
from tasks.workspace import Workspace

REFRESH, REPAIR = "tandem refresh", "tandem doctor --repair"
MAX_LISTED = 5


def folders(workspace: Workspace) -> Iterator[Finding]:
    """Folders of documents that cannot be looked into."""
    for folder, why in scan(workspace.documents_dir, read_stamps(workspace)).unreadable.items():
        place = workspace.documents_dir / folder
        yield Finding("folders", "a folder of documents cannot be read", f"{place}: {why}", shlex.join(["chmod", "u+rx", str(place)]))


def documents(workspace: Workspace) -> Iterator[Finding]:
    """Documents on disk against the manifest, by hash."""
    if not workspace.manifest_path.is_file():
        yield Finding("documents", "there is no index yet", f"{workspace.manifest_path} is missing", REFRESH)
        return
    scanned = scan(workspace.documents_dir, read_stamps(workspace))
    entries: Entries = read_manifest(workspace)["documents"]
    hidden = {doc_id for doc_id in entries if scanned.hides(doc_id)}
    on_disk = {doc_id: stamp.md5 for doc_id, stamp in scanned.files.items()}
    for problem, doc_ids in differences(on_disk, entries, hidden):
        yield Finding("documents", problem, listed(doc_ids), REFRESH)


def differences(on_disk: Mapping[str, str], entries: Entries, hidden: Iterable[str] = ()) -> Iterator[tuple[str, list[str]]]:
    """What is said of a difference -> the documents. One that is served without its file, or hidden, is none."""
    known = {doc_id: entry["md5"] for doc_id, entry in entries.items()}
    excused = {doc_id for doc_id, entry in entries.items() if entry.get("held")} | set(hidden)
    parts = {
        "documents are not in the index": on_disk.keys() - known.keys(),
        "documents are in the index as they were before": {one for one in on_disk.keys() & known.keys() if on_disk[one] != known[one]},
        "documents are in the index and no longer on disk": known.keys() - on_disk.keys() - excused,
    }
    return ((problem, sorted(doc_ids)) for problem, doc_ids in parts.items() if doc_ids)


def table(workspace: Workspace) -> Iterator[Finding]:
    """The served table: its layout, whether it can be read whole, and its rows against the manifest."""
    manifest, pointer = manifest_or_empty(workspace), _pointer(workspace)
    if pointer is None:
        if manifest["documents"]:
            yield Finding("table", "no table is served", f"{workspace.state_dir / 'index.json'} is missing", REFRESH)
        return
    wanted = layout_of(workspace.params)
    for what, layout in (("the served table", pointer["layout"]), ("the manifest", manifest["layout"] or {})):
        changed = [key for key in wanted if layout.get(key) != wanted[key]]
        if changed:
            seen = "; ".join(f"{key}: {layout.get(key)} there, {wanted[key]} in params.yaml" for key in changed)
            yield Finding("table", f"{what} has another layout than params.yaml names", seen, REFRESH)
    yield from _rows_of(workspace, pointer["table"], manifest["documents"], "the served table")


def _rows_of(workspace: Workspace, name: str, entries: Entries, what: str) -> Iterator[Finding]:
    found = find_table(workspace.index_uri, name)
    if found is None:
        yield Finding("table", f"{what} is gone or cannot be opened", f"{name} at {workspace.index_uri}", REFRESH)
    elif damage := damage_of(found):
        yield Finding("table", f"{what} is damaged", f"{name} at {workspace.index_uri}: {damage}", REPAIR)
    elif astray := out_of_step(entries, documents_in(found)):
        n_chunks = sum(len(entry["chunks"]) for entry in entries.values())
        seen = f"{found.count_rows()} rows, {n_chunks} chunks; they differ in {listed(sorted(astray))}"
        yield Finding("table", f"the rows of {what} are not the chunks of the manifest", seen, REFRESH)


def damage_of(found: Any) -> str:
    """Why a table cannot be read whole or searched; empty where it can. Every byte of its rows is read."""
    try:
        words = ""
        for batch in found.search().limit(None).to_batches():
            words = words or " ".join(batch["search_text"][:1].to_pylist())
        if words:
            search_text(found, words[:200]).limit(1).to_list()
    except (RuntimeError, ValueError, OSError) as error:
        return " ".join(str(error).split())[:200]
    return ""


def earlier(workspace: Workspace) -> Iterator[Finding]:
    """The tables that served before, from which registered versions still answer, against the manifest."""
    if lost := sorted(_lost(workspace)):
        problem = "a table that a registered version answers from is not kept in step: the list of earlier tables was lost"
        yield Finding("earlier tables", problem, listed(lost), REPAIR)
    entries: Entries = manifest_or_empty(workspace)["documents"]
    md5s = {doc_id: entry["md5"] for doc_id, entry in entries.items() if not entry.get("held")}
    for name in earlier_tables(workspace) if _pointer(workspace) else ():
        found = find_table(workspace.index_uri, name)
        if found is None or (damage := damage_of(found)):
            seen = f"{name} at {workspace.index_uri}: {damage if found is not None else 'gone'}"
            yield Finding("earlier tables", "an earlier table cannot be read", seen, REFRESH)
            continue
        held = documents_in(found)
        astray = {doc_id for doc_id, md5 in md5s.items() if held.get(doc_id, ("",))[0] != md5} | (held.keys() - entries.keys())
        if astray:
            yield Finding("earlier tables", "an earlier table lags behind the manifest", f"{name}: {listed(sorted(astray))}", REFRESH)


def old_versions(workspace: Workspace) -> Iterator[Finding]:
    """Versions of the tables that the upkeep should have dropped."""
    pointer = _pointer(workspace)
    for name in (pointer["table"], *earlier_tables(workspace)) if pointer else ():
        found = find_table(workspace.index_uri, name)
        versions = found.list_versions() if found is not None else []
        old = [one for one in versions if datetime.now() - one["timestamp"].replace(tzinfo=None) > KEEP_VERSIONS]
        if len(old) >= MAINTAIN_EVERY:
            seen = f"{name}: {len(versions)} versions, {len(old)} of them older than {KEEP_VERSIONS}, {_size(workspace, name)}"
            yield Finding("table versions", "a table keeps versions that the upkeep should have dropped", seen, REPAIR)


def stray(workspace: Workspace) -> Iterator[Finding]:
    """Tables that nothing answers from."""
    for name in _strays(workspace):
        seen = f"{name}, {_size(workspace, name)}"
        yield Finding("stray tables", "a table is left that nothing answers from", seen, REPAIR)


def aside(workspace: Workspace) -> Iterator[Finding]:
    """Damaged tables that a killed rebuild left, with all text that they held."""
    for folder in tables_put_aside(workspace):
        yield Finding("damaged tables", "a damaged table is left that was put aside for a new one", str(folder), REPAIR)


def _strays(workspace: Workspace) -> list[str]:
    """Not those of registered versions: the list of the tables that served before may have been lost. Raises Refused without MLflow."""
    return [name for name, layout in _unlisted(workspace).items() if layout is None]


def _lost(workspace: Workspace) -> dict[str, dict[str, Any]]:
    return {name: layout for name, layout in _unlisted(workspace).items() if layout}


def _unlisted(workspace: Workspace) -> dict[str, dict[str, Any] | None]:
    """Tables that neither serve nor are listed as earlier ones -> the layout that a registered version names for its table, empty
    where it names none, None for a table that no version names."""
    from tasks import registry

    found: dict[str, dict[str, Any] | None] = dict.fromkeys(stray_tables(workspace)) if _pointer(workspace) else {}
    for version, names in registry.versions(workspace).items() if found else ():
        try:
            behaviour = registry.registered(workspace, version).behaviour
        except FileNotFoundError as error:
            if not names:
                continue
            seen = f"which table version {version} ({' and '.join(names)}) answers from cannot be known: {error}"
            raise Refused(seen, hint="Put its files back, or promote another: `tandem history`.") from error
        if behaviour.get("table") in found:
            layout = behaviour.get("layout") or {}
            found[behaviour["table"]] = layout if layout.get("format") == FORMAT else {}
    return found


def restore_earlier(workspace: Workspace) -> list[str]:
    """List the tables of registered versions as earlier ones again: the next refresh brings them up. Raises Refused without MLflow."""
    with workspace.writing():
        lost = _lost(workspace)
        if lost:
            remember_earlier(workspace, lost.values())
    return sorted(lost)


# --- repairs ----------------------------------------------------------------------------------------------------------------


def refreshed(workspace: Workspace) -> str:
    """A refresh."""
    from tasks.refresh import refresh

    done = refresh(workspace)
    counts = ", ".join(f"{len(getattr(done, what))} {what}" for what in ("added", "changed", "deleted"))
    return f"refreshed: {counts}, {len(done.quarantined)} quarantined; {done.rows} rows"


def followed(workspace: Workspace) -> str:
    """The lost tables are listed again, then a refresh brings all earlier ones up."""
    lost = restore_earlier(workspace)
    return f"{f'listed {listed(lost)} again, ' if lost else ''}{refreshed(workspace)}"


def rebuilt(workspace: Workspace) -> str:
    """A refresh; of a damaged table all rows are written anew, from the embedding cache."""
    from tasks.refresh import refresh

    pointer = _pointer(workspace)
    found = find_table(workspace.index_uri, pointer["table"]) if pointer else None
    done = refresh(workspace, rebuild=found is not None and bool(damage_of(found)))
    return f"rebuilt: {done.rows} rows, {done.chunks_embedded} of them embedded"


def maintained(workspace: Workspace) -> str:
    """The upkeep, at once."""
    is_done = maintain(workspace, every=0)
    return "compacted, and the old versions dropped" if is_done else "another process is at it"


def drop_stray(workspace: Workspace) -> str:
    """Nothing is lost: a table of that layout would be made from the documents and the embedding cache."""
    with workspace.writing():
        names = _strays(workspace)
        for name in names:
            drop_table(workspace.index_uri, name)
    return f"dropped {', '.join(names)}"


def drop_aside(workspace: Workspace) -> str:
    """With the writer's lock: a rebuild that is at work still needs its own."""
    with workspace.writing():
        names = drop_put_aside(workspace)
    return f"deleted {', '.join(names)}"


def _pointer(workspace: Workspace) -> dict[str, Any] | None:
    try:
        return read_pointer(workspace)
    except Refused:
        return None


def _size(workspace: Workspace, name: str) -> str:
    if "://" in workspace.index_uri:
        return "size unknown"
    n_bytes = sum(path.stat().st_size for path in Path(workspace.index_uri, f"{name}.lance").rglob("*") if path.is_file())
    return f"{n_bytes / 1e6:.1f} MB"


def listed(names: Sequence[str]) -> str:
    """How many, and the first few by name."""
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return f"{len(names)}: {', '.join(names[:MAX_LISTED])}{more}"
