"""The checks of `tandem doctor` on what surrounds the index: locks, caches, DVC, MLflow, quarantine, leftovers; with their repairs."""

from __future__ import annotations

import json
import shlex
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tandem.records import Finding
from tasks import quarantine
from tasks.index_health import REFRESH, REPAIR, listed
from tasks.tracking import set_aside
from tasks.workspace import Workspace, finish_swap

LOCKS_S = {"writer": 5.0, "training": 0.0, "DVC": 5.0}  # how long a lock may be waited for: a writer holds its own for moments
ABANDONED_S = 600.0  # a partial file that nobody has written to for so long


# --- locks and files ---------------------------------------------------------------------------------------------------------


def locks(workspace: Workspace) -> Iterator[Finding]:
    """Locks that another process keeps, and by whom. One of a process that has died is free: the system lets go of it."""
    for name, patience_s in LOCKS_S.items():
        path = _dvc_tmp(workspace) / "lock" if name == "DVC" else workspace.state_dir / f"{name}.lock"
        if path.is_file() and _is_held(path, patience_s):
            work = "a training runs" if name == "training" else "something writes"
            yield Finding("locks", f"the {name} lock is held: {work}", f"{path}, by {_holder(path)}", "wait for it, or stop that process")
    index_lock = workspace.root / ".git" / "index.lock"
    if _is_abandoned(index_lock):
        seen = f"{index_lock}, {time.time() - index_lock.stat().st_mtime:.0f} s old"
        yield Finding("locks", "git was stopped in the middle, and takes no commit", seen, shlex.join(["rm", str(index_lock)]))


def _dvc_tmp(workspace: Workspace) -> Path:
    return workspace.root / ".dvc" / "tmp"


def _is_held(path: Path, patience_s: float) -> bool:
    lock = FileLock(path, is_singleton=True, thread_local=False)
    try:
        lock.acquire(timeout=patience_s)
    except Timeout:
        return True
    lock.release()
    return False


def _holder(path: Path) -> str:
    """The process that the system names as holding the lock, with its command."""
    inode, listing = str(path.stat().st_ino), Path("/proc/locks")
    for line in listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []:
        words = line.split()
        if len(words) > 5 and words[5].split(":")[-1] == inode and words[1] == "FLOCK":
            command = Path(f"/proc/{words[4]}/cmdline")
            shown = command.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip() if command.is_file() else "unknown command"
            return f"process {words[4]} ({shown[:120]})"
    return "another process"


def state(workspace: Workspace) -> Iterator[Finding]:
    """Files that everything else reads: JSON that does not parse, a store that SQLite finds broken."""
    for path, why in _damaged(workspace):
        loss = "runs, versions and traces are in it: put back a copy" if path.name == "mlflow.db" else REPAIR
        yield Finding("state", f"{path.name} is damaged", f"{path}: {why}", loss)


def _damaged(workspace: Workspace) -> Iterator[tuple[Path, str]]:
    state_files = (workspace.state_dir / "index.json", workspace.state_dir / "stamps.json")
    for path in (workspace.manifest_path, *state_files, _dvc_tmp(workspace) / "rwlock"):
        if path.is_file():
            try:
                json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                yield path, str(error)
    for path in (workspace.state_dir / "cache" / "embeddings.sqlite", workspace.state_dir / "mlflow.db"):
        if path.is_file():
            try:
                with closing(sqlite3.connect(path, timeout=30)) as store:
                    (said,) = store.execute("PRAGMA quick_check(1)").fetchone()
            except sqlite3.DatabaseError as error:
                said = str(error)
            if said != "ok":
                yield path, said


def drop_damaged(workspace: Workspace) -> str:
    """Put damaged files aside that a refresh makes anew; MLflow's store is left alone."""
    with workspace.writing():
        moved = [path for path, _ in _damaged(workspace) if path.name != "mlflow.db"]
        for path in moved:
            path.replace(path.with_name(f"{path.name}.damaged"))
            for rest in (f"{path.name}-wal", f"{path.name}-shm"):
                path.with_name(rest).unlink(missing_ok=True)
    return f"put aside as .damaged: {', '.join(path.name for path in moved)}; the next refresh and record make them anew"


def leftovers(workspace: Workspace) -> Iterator[Finding]:
    """Half-written files of processes that were stopped; first, as for all else when a workspace is opened, a swap of the training's
    last epoch is finished: what lies beside its place may be all that there is of it."""
    if not _is_training(workspace):
        finish_swap(workspace.state_dir / "checkpoint")
    found = _abandoned(workspace)
    if found:
        names = [path.relative_to(workspace.root).as_posix() for path in found]
        yield Finding("leftovers", "half-written files were left behind", listed(names), REPAIR)


def _abandoned(workspace: Workspace) -> list[Path]:
    places = (
        (workspace.state_dir, ("restoring-*", "*.tmp", "checkpoint.new", "fetched/*", "models/tmp*", "outbox/*.part", "cache/*/*.tmp")),
        (workspace.artifacts_dir, ("*.new", "*/*.tmp")),
        (workspace.quarantine_dir, ("**/*.tmp",)),
        (workspace.root / "data", ("labels.tmp",)),
    )
    found = {path for folder, patterns in places for one in patterns for path in folder.glob(one) if _is_abandoned(path)}
    swapped = {workspace.state_dir / "checkpoint.new"} if (workspace.state_dir / "checkpoint.old").is_dir() else set()
    return sorted(found - swapped)


def _is_abandoned(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > ABANDONED_S
    except FileNotFoundError:
        return False


def drop_leftovers(workspace: Workspace) -> str:
    """Delete them: each was a copy on its way to a place."""
    found = _abandoned(workspace)
    for path in found:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return f"deleted {len(found)} of them"


def unfinished(workspace: Workspace) -> Iterator[Finding]:
    """Work that was begun and goes on when its command is run again: nothing of it is deleted."""
    epochs = workspace.state_dir / "checkpoint" / "state.json"
    if epochs.is_file() and not _is_training(workspace):
        n_done = len(json.loads(epochs.read_text(encoding="utf-8"))["history"])
        yield Finding("unfinished", "a training was interrupted", f"{epochs.parent}: {n_done} epochs are done", "tandem retrain")
    begun_path = workspace.state_dir / "forgetting.json"
    if begun_path.is_file():
        doc_ids = json.loads(begun_path.read_text(encoding="utf-8"))["documents"]
        yield Finding("unfinished", "documents were not forgotten wholly", listed(doc_ids), shlex.join(["tandem", "forget", *doc_ids]))


def _is_training(workspace: Workspace) -> bool:
    lock = workspace.state_dir / "training.lock"
    return lock.is_file() and _is_held(lock, 0)


# --- records: DVC, MLflow, quarantine ----------------------------------------------------------------------------------------


def recorded(workspace: Workspace) -> Iterator[Finding]:
    """What lies there against what DVC recorded last."""
    from tasks.data_version import NO_DATA, documents_md5, examples_md5, file_md5
    from tasks.versions import recorded_md5s

    if not (workspace.root / ".dvc").is_dir():
        yield Finding(
            "record",
            "there is no DVC repository",
            f"{workspace.root / '.dvc'} is missing",
            shlex.join(["tandem", "init", str(workspace.root)]),
        )
        return
    last = recorded_md5s(workspace)
    now = {"documents": documents_md5(workspace), "examples": examples_md5(workspace), "manifest": ""}
    if workspace.manifest_path.is_file():
        now["manifest"] = file_md5(workspace.manifest_path)
    for what, md5 in now.items():
        if md5 not in ("", NO_DATA, last[what]):
            seen = f"recorded {last[what][:8] or 'nothing'}, there is {md5[:8]}"
            yield Finding("record", f"DVC has not recorded the {what} as they are", seen, REFRESH)


def record_again(workspace: Workspace) -> str:
    """The record that follows a refresh."""
    from tasks.versions import record

    done = record(workspace, ["index"], "Record what lies there")
    return f"recorded data version {done.data_version}"


def cached(workspace: Workspace) -> Iterator[Finding]:
    """The objects of the recorded data version in DVC's local cache."""
    from tasks.versions import unsound_objects

    unsound = unsound_objects(workspace) if (workspace.root / ".dvc").is_dir() else {}
    for fault in sorted(set(unsound.values())):
        names = sorted(md5 for md5, one in unsound.items() if one == fault)
        yield Finding("cache", f"objects of the data version are {fault} in DVC's cache", listed(names), f"{REPAIR}, or dvc fetch")


def renew(workspace: Workspace) -> str:
    """From the files that lie in the workspace."""
    from tasks.versions import renew_objects

    renew_objects(workspace)
    return "put back from the files that lie in the workspace"


def aliases(workspace: Workspace) -> Iterator[Finding]:
    """The versions that have an alias: there, whole, with a table to answer from; and whether the champion's weights may still serve."""
    from tasks import registry
    from tasks.restricted import named, restricted_in

    known = registry.versions(workspace)
    for version, names in known.items():
        faults = list(faults_of(workspace, version)) if names else []
        for fault in faults:
            seen = f"{workspace.name} version {version}: {fault}"
            yield Finding("registry", f"the {' and '.join(names)} cannot answer", seen, "tandem history, then tandem promote VERSION")
        if "champion" in names and not faults and (found := restricted_in(workspace, registry.registered(workspace, version))):
            seen = f"{workspace.name} version {version}: {named(found)}"
            yield Finding("registry", "the champion's adapter was trained on what is restricted now", seen, "tandem run")
    promoted = registry.last_promoted(workspace)
    if promoted and not any("champion" in names for names in known.values()):
        there = ", ".join(known) or "none"
        seen = f"version {promoted} was promoted, and no version has the alias champion; there are: {there}"
        back = promoted if promoted in known else max(known, key=int, default=None)
        yield Finding("registry", "there is no champion any more", seen, f"tandem promote {back}" if back else "tandem run")


def faults_of(workspace: Workspace, version: str) -> Iterator[str]:
    """Why a registered version cannot answer: its files, its adapter's weights, its table."""
    from tandem.errors import Refused
    from tasks import registry
    from tasks.table import find_table

    try:
        found = registry.registered(workspace, version)
    except (Refused, OSError, KeyError, ValueError) as error:
        yield f"it cannot be loaded: {error.reasons[0] if isinstance(error, Refused) else error}"
        return
    if found.behaviour.get("adapter") and (fault := _adapter_fault(found.adapter_path)):
        yield fault
    uri, table = found.behaviour.get("index_uri", ""), found.behaviour.get("table", "")
    if (found.behaviour.get("retrieve") or found.behaviour.get("whole_context")) and uri and find_table(uri, table) is None:
        yield f"its table {table} is gone from {uri}"


def _adapter_fault(folder: Path | None) -> str:
    from safetensors import SafetensorError, safe_open

    path = (folder or Path()) / "adapter_model.safetensors"
    if folder is None or not path.is_file():
        return f"its adapter is missing at {path}"
    try:
        with safe_open(path, framework="numpy") as weights:
            return "" if list(weights.keys()) else f"its adapter at {path} is empty"
    except SafetensorError as error:
        return f"its adapter at {path} is damaged: {error}"


def outbox(workspace: Workspace) -> Iterator[Finding]:
    """Records that MLflow has not taken yet."""
    waiting = set_aside(workspace)
    if waiting:
        put: dict[str, Any] = json.loads(waiting[0].read_text(encoding="utf-8"))
        yield Finding("outbox", "records wait for MLflow", f"{len(waiting)}, the oldest for {put['why']}", REPAIR)


def flush(workspace: Workspace) -> str:
    """Write them; those that are refused stay."""
    from tasks.registry import flush_outbox

    return f"wrote {flush_outbox(workspace)} of them"


def quarantined(workspace: Workspace) -> Iterator[Finding]:
    """Documents that were set aside, with the reasons."""
    for doc_id, content in quarantine.read_reasons(workspace).items():
        seen = f"{doc_id}: {'; '.join(content['reasons'])}"
        mend = f"mend {quarantine.place_of(workspace, doc_id)}, move it to {workspace.documents_dir / doc_id}, then {REFRESH}"
        yield Finding("quarantine", "a document is in quarantine", seen, mend)
