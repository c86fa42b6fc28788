"""What the doctor finds in a real workspace that was broken on purpose, and what is well again after a repair."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tandem.errors import Refused
from tandem.records import Decision, Finding
from tasks import index_health, records_health, registry
from tasks.create import create_workspace
from tasks.doctor import CHECKS, diagnose
from tasks.embed import embedding_cache
from tasks.examples import record_examples
from tasks.index import earlier_tables, layout_of, read_pointer, table_name
from tasks.refresh import refresh
from tasks.registration import register
from tasks.table import find_table
from tasks.tracking import put_aside, set_aside
from tasks.versions import record
from tasks.workspace import Workspace, open_workspace

BEHAVIOUR = {"variant": "rag", "retrieve": True, "adapter": False, "base": {}, "data_version": "aa-bb", "index_version": 1}
DECISION = Decision(True, "rag", (), 0, None, {})


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory, small_inputs: tuple[Path, Path]) -> Path:
    """A workspace after a refresh with its records, and a champion. Not to be changed: tests take a copy."""
    root = tmp_path_factory.mktemp("well") / "kb"
    workspace = create_workspace(root, *small_inputs)
    refresh(workspace)
    record_examples(workspace)
    record(workspace, ["index"], "Refresh")
    behaviour = {**BEHAVIOUR, "index_uri": workspace.index_uri, "table": table_name(workspace)}
    registry.promote(workspace, register(workspace, behaviour, None, {}, DECISION))
    return root


@pytest.fixture
def workspace(well: Path, tmp_path: Path) -> Workspace:
    return open_workspace(shutil.copytree(well, tmp_path / "kb", symlinks=True))


def said(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(one.check, one.problem) for one in findings]


def mended(workspace: Workspace) -> list[tuple[str, str]]:
    """What a repair mended, once everything is well again."""
    findings = diagnose(workspace, repair=True)
    assert [one for one in findings if not one.mended or not one.done] == []
    assert diagnose(workspace) == []
    return said(findings)


def test_a_workspace_after_a_refresh_is_healthy(workspace):
    assert diagnose(workspace) == []


def test_a_workspace_before_its_first_refresh_is_brought_up(tmp_path, small_inputs):
    workspace = create_workspace(tmp_path / "kb", *small_inputs)
    found = diagnose(workspace)
    assert said(found)[0] == ("documents", "there is no index yet")
    assert found[0].next == "tandem refresh"
    diagnose(workspace, repair=True)
    assert diagnose(workspace) == []


def test_documents_that_differ_from_the_index_are_named_and_refreshed(workspace):
    products = workspace.documents_dir / "products"
    (products / "new.md").write_text("# New\n\nThe New kettle sings when it boils.\n")
    (products / "elm.md").write_text("# Elm\n\nThe Elm kettle is sold out since May.\n")
    (products / "fir.md").unlink()
    found = [one for one in diagnose(workspace) if one.check == "documents"]
    assert {one.problem: one.value for one in found} == {
        "documents are not in the index": "1: products/new.md",
        "documents are in the index as they were before": "1: products/elm.md",
        "documents are in the index and no longer on disk": "1: products/fir.md",
    }
    assert ("record", "DVC has not recorded the documents as they are") in mended(workspace)


def test_rows_that_are_not_the_manifests_are_put_right(workspace):
    table = find_table(workspace.index_uri, table_name(workspace))
    table.delete("doc_id = 'products/elm.md'")
    (found,) = diagnose(workspace)
    assert (found.check, found.value) == ("table", "22 rows, 24 chunks; they differ in 1: products/elm.md")
    assert mended(workspace) == [("table", "the rows of the served table are not the chunks of the manifest")]
    assert table.count_rows() == 24


@pytest.mark.parametrize("lost", ["data/*.lance", "_indices/*/*invert*", "_versions/*"])
def test_a_table_that_lost_files_is_rebuilt_from_the_embedding_cache(workspace, lost):
    folder = Path(workspace.index_uri, f"{table_name(workspace)}.lance")
    files = list(folder.glob(lost))
    assert files
    for path in files:
        path.unlink()
    found = diagnose(workspace, repair=True)
    assert {one.check for one in found} <= {"table", "registry"}
    assert found[0].done == "rebuilt: 24 rows, 0 of them embedded"
    assert diagnose(workspace) == []


def with_chunking(workspace: Workspace, max_chars: int) -> Workspace:
    params = workspace.root / "params.yaml"
    params.write_text(params.read_text().replace("max_chars: 400 ", f"max_chars: {max_chars} "))
    return open_workspace(workspace.root)


def test_another_layout_and_a_lagging_earlier_table_are_found_and_mended(workspace):
    earlier = read_pointer(workspace)["table"]
    recut = with_chunking(workspace, 150)
    found = diagnose(recut)
    assert ("table", "the served table has another layout than params.yaml names") in said(found)
    assert "150" in found[0].value
    mended(recut)
    find_table(recut.index_uri, earlier).delete("doc_id = 'products/elm.md'")
    assert [(one.check, one.value) for one in diagnose(recut)] == [("earlier tables", f"{earlier}: 1: products/elm.md")]
    mended(recut)


def test_versions_that_the_upkeep_left_are_counted_and_dropped(workspace, monkeypatch):
    monkeypatch.setattr(index_health, "KEEP_VERSIONS", timedelta(0))
    monkeypatch.setattr(index_health, "MAINTAIN_EVERY", 3)
    table = find_table(workspace.index_uri, table_name(workspace))
    for _ in range(3):
        table.delete("doc_id = 'nothing'")
    (found,) = diagnose(workspace)
    assert found.check == "table versions"
    assert "5 versions, 5 of them older than 0:00:00, 0." in found.value


def test_a_table_that_nothing_answers_from_is_dropped_and_a_registered_ones_is_kept(workspace):
    served = find_table(workspace.index_uri, table_name(workspace)).to_arrow()
    connection = index_health.find_table.__globals__["connect"](workspace.index_uri)
    connection.create_table("chunks_0000000000", data=served)
    connection.create_table("chunks_1111111111", data=served)
    behaviour = {**BEHAVIOUR, "index_uri": workspace.index_uri, "table": "chunks_1111111111"}
    register(workspace, behaviour, None, {}, DECISION)
    (found,) = diagnose(workspace)
    assert found.value.startswith("chunks_0000000000, ")
    mended(workspace)
    assert find_table(workspace.index_uri, "chunks_0000000000") is None
    assert find_table(workspace.index_uri, "chunks_1111111111") is not None


def test_a_damaged_table_that_a_killed_rebuild_put_aside_is_deleted(workspace):
    left = Path(workspace.index_uri, f"{table_name(workspace)}.damaged")
    left.mkdir()
    (left / "data").write_text("text that was forgotten")
    assert [one.value for one in diagnose(workspace)] == [str(left)]
    assert mended(workspace) == [("damaged tables", "a damaged table is left that was put aside for a new one")]
    assert not left.exists()


def test_objects_that_dvcs_cache_lost_or_that_rotted_are_put_back(workspace):
    objects = [path for path in (workspace.root / ".dvc" / "cache" / "files" / "md5").rglob("*") if path.is_file()]
    known = {path.parent.name + path.name: path for path in objects}
    pages = [path for md5, path in known.items() if path.read_bytes().startswith(b"# ")]
    pages[0].unlink()
    pages[1].chmod(0o644)
    pages[1].write_bytes(b"rotten")
    assert sorted(one.problem for one in diagnose(workspace)) == [
        "objects of the data version are damaged in DVC's cache",
        "objects of the data version are missing in DVC's cache",
    ]
    mended(workspace)
    assert pages[0].read_bytes().startswith(b"# ")


def test_a_champion_that_lost_its_table_or_its_files_is_named(workspace, tmp_path):
    behaviour = {**BEHAVIOUR, "index_uri": workspace.index_uri, "table": "chunks_gone"}
    register(workspace, behaviour, None, {}, DECISION)
    (found,) = diagnose(workspace)
    assert (found.problem, found.value) == (
        "the challenger cannot answer",
        f"kb version 2: its table chunks_gone is gone from {workspace.index_uri}",
    )
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_model.safetensors").write_bytes(b"no weights")
    register(workspace, {**BEHAVIOUR, "retrieve": False, "adapter": True}, adapter, {}, DECISION)
    (found,) = diagnose(workspace)
    assert "kb version 3: its adapter at" in found.value
    assert "is damaged" in found.value


def test_a_champion_whose_version_was_deleted_is_missed(workspace):
    from tasks.tracking import connected

    with connected(workspace) as client:
        client.delete_model_version("kb", "1")
    (found,) = diagnose(workspace)
    assert (found.check, found.problem, found.next) == ("registry", "there is no champion any more", "tandem run")
    register(workspace, {**BEHAVIOUR, "retrieve": False}, None, {}, DECISION)
    (found,) = diagnose(workspace)
    assert (found.value.split("; ")[1], found.next) == ("there are: 2", "tandem promote 2")
    registry.promote(workspace, "2")
    assert diagnose(workspace) == []


def test_records_that_wait_for_mlflow_are_written(workspace):
    put_aside(workspace, "refresh", {"rows": 24}, Refused("MLflow was down"))
    (found,) = diagnose(workspace)
    assert (found.check, found.value) == ("outbox", "1, the oldest for Refused: MLflow was down.")
    assert mended(workspace) == [("outbox", "records wait for MLflow")]
    assert set_aside(workspace) == []


HOLD = """
import sys, time
from filelock import FileLock
with FileLock(sys.argv[1]), FileLock(sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_locks_that_another_process_holds_are_named_with_their_holder(workspace, monkeypatch):
    monkeypatch.setitem(records_health.LOCKS_S, "DVC", 0)
    command = [sys.executable, "-c", HOLD, str(workspace.state_dir / "training.lock"), str(workspace.root / ".dvc/tmp/lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        found = list(records_health.locks(workspace))
        holder.kill()
    assert [one.problem for one in found] == ["the training lock is held: a training runs", "the DVC lock is held: something writes"]
    assert Path("/proc/locks").read_text() == "" or all(f"by process {holder.pid} (" in one.value for one in found)
    assert diagnose(workspace) == []


def test_a_quarantined_document_is_listed_with_its_reason_and_stays_a_finding(workspace):
    (workspace.documents_dir / "bad.md").write_bytes(b"ab\0c")
    refresh(workspace)
    (found,) = diagnose(workspace, repair=True)
    assert (found.check, found.value, found.mended) == ("quarantine", "bad.md: not text: a NUL byte at position 2", False)
    assert "tandem refresh" in found.next


def test_half_written_files_are_deleted_once_they_are_old_and_a_checkpoint_is_kept(workspace):
    old = [workspace.state_dir / "restoring-x", workspace.artifacts_dir / "adapter.new" / "part", workspace.state_dir / "outbox" / "1.part"]
    young = workspace.state_dir / "restoring-y"
    checkpoint = workspace.state_dir / "checkpoint" / "state.json"
    for path in (*old, young, checkpoint):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"history": [1, 2]}))
    for path in (*old, old[1].parent):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    found = diagnose(workspace, repair=True)
    assert [(one.check, one.mended) for one in found] == [("leftovers", True), ("unfinished", False)]
    assert found[0].value.startswith("3: ")
    assert found[1].next == "tandem retrain"
    assert [path.exists() for path in (*old, young, checkpoint)] == [False, False, False, True, True]


def test_a_checkpoint_whose_swap_was_killed_is_put_in_place_and_not_deleted(workspace):
    for name, n_epochs in (("checkpoint.old", 1), ("checkpoint.new", 2)):
        path = workspace.state_dir / name / "state.json"
        path.parent.mkdir()
        path.write_text(json.dumps({"history": list(range(n_epochs))}))
        os.utime(path.parent, (1_700_000_000, 1_700_000_000))
    (found,) = diagnose(workspace, repair=True)
    assert (found.check, found.value) == ("unfinished", f"{workspace.state_dir / 'checkpoint'}: 2 epochs are done")
    assert not (workspace.state_dir / "checkpoint.old").exists()


def test_files_of_the_user_are_no_leftovers_whatever_their_names(workspace):
    ours, mine = workspace.labels_path.with_suffix(".tmp"), workspace.root / "data" / "mine.tmp"
    for path in (ours, mine):
        path.write_text("{")
        os.utime(path, (1_700_000_000, 1_700_000_000))
    (found,) = diagnose(workspace, repair=True)
    assert (found.check, found.value) == ("leftovers", "1: data/labels.tmp")
    assert [path.exists() for path in (ours, mine)] == [False, True]


def test_a_command_in_a_hint_takes_names_with_blanks(workspace):
    (workspace.state_dir / "forgetting.json").write_text(json.dumps({"documents": ["an old page.md", "b.md"], "everywhere": False}))
    (found,) = diagnose(workspace)
    assert found.next == "tandem forget 'an old page.md' b.md"


def test_tables_that_registered_versions_answer_from_survive_the_loss_of_the_pointer(workspace):
    behaviour = {**BEHAVIOUR, "index_uri": workspace.index_uri, "table": table_name(workspace), "layout": layout_of(workspace.params)}
    registry.promote(workspace, register(workspace, behaviour, None, {}, DECISION))
    recut = with_chunking(workspace, 150)
    refresh(recut)
    assert list(earlier_tables(recut)) == [behaviour["table"]]
    (recut.state_dir / "index.json").write_text("{")
    (recut.documents_dir / "products" / "elm.md").unlink()
    found = diagnose(recut, repair=True)
    lost = "a table that a registered version answers from is not kept in step: the list of earlier tables was lost"
    assert (lost, f"1: {behaviour['table']}", True) in [(one.problem, one.value, one.mended) for one in found]
    assert list(earlier_tables(recut)) == [behaviour["table"]]
    assert find_table(recut.index_uri, behaviour["table"]).count_rows("doc_id = 'products/elm.md'") == 0
    assert diagnose(recut) == []


def test_a_folder_that_cannot_be_read_is_named(workspace, monkeypatch):
    scandir, locked = os.scandir, str(workspace.documents_dir / "products")

    def refuse(path):
        if str(path) == locked:
            raise PermissionError(13, "Permission denied", locked)
        return scandir(path)

    with monkeypatch.context() as unreadable:
        unreadable.setattr(os, "scandir", refuse)
        found = diagnose(workspace)
    assert [(one.value, one.next) for one in found if one.check == "folders"] == [(f"{locked}: Permission denied", f"chmod u+rx {locked}")]
    assert [one for one in found if one.check in ("documents", "table")] == []


def test_damaged_state_is_put_aside_and_made_anew(workspace):
    embedding_cache(workspace).path.write_bytes(b"no database")
    workspace.manifest_path.write_text("{")
    (workspace.state_dir / "stamps.json").write_text("{")
    (workspace.root / ".dvc" / "tmp" / "rwlock").write_text("")
    found = diagnose(workspace, repair=True)
    assert [(one.check, one.problem, one.mended) for one in found[:4]] == [
        ("state", "manifest.json is damaged", True),
        ("state", "stamps.json is damaged", True),
        ("state", "rwlock is damaged", True),
        ("state", "embeddings.sqlite is damaged", True),
    ]
    assert all(one.mended for one in found)
    assert diagnose(workspace) == []


def test_a_check_that_breaks_down_is_a_finding_and_the_others_are_made(workspace, monkeypatch):
    def broken(workspace):
        raise KeyError("layout")

    monkeypatch.setattr("tasks.index_health.read_pointer", broken)
    found = diagnose(workspace)
    assert ("table", "it is damaged in a way that this check does not know", "KeyError: 'layout'") in [
        (one.check, one.problem, one.value) for one in found
    ]


def test_every_check_has_a_name_of_its_own():
    assert len({check.name for check in CHECKS}) == len(CHECKS)
