"""Forgetting a document: its text is nowhere in the workspace afterwards but where the outcome says, and every adapter is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tandem.errors import Refused
from tandem.records import Decision
from tasks import registry
from tasks.checkpoint import load_checkpoint, save_checkpoint
from tasks.create import create_workspace
from tasks.embed import embedding_cache
from tasks.erase import recorded_versions
from tasks.examples import load_examples, record_examples
from tasks.fitting import Fit
from tasks.forget import forget
from tasks.index import open_index
from tasks.refresh import all_chunks, read_manifest, refresh
from tasks.registration import register
from tasks.versions import checkout, record
from tasks.workspace import Workspace, open_workspace

SECRET = "Zebrasecret"
DOC = "products/elm.md"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, small_inputs: tuple[Path, Path]) -> Path:
    """A workspace whose document held a secret, then another: two data versions. Tests take a copy."""
    root = tmp_path_factory.mktemp("told") / "kb"
    workspace = create_workspace(root, *small_inputs)
    page = workspace.documents_dir / DOC
    text = page.read_text()
    for number in (1, 2):
        page.unlink()
        page.write_text(f"{text}\n## Code\n\nThe code is {SECRET} number {number}.\n")
        refresh(workspace)
        record_examples(workspace)
        record(workspace, ["index"], "Refresh")
    return root


@pytest.fixture
def workspace(told: Path, tmp_path: Path) -> Workspace:
    """A copy with a remote of its own."""
    root = shutil.copytree(told, tmp_path / "kb", symlinks=True)
    config = root / ".dvc" / "config"
    config.write_text(config.read_text().replace(str(told), str(root)))
    return open_workspace(root)


def holding(root: Path) -> list[str]:
    """Files of a workspace that hold the secret."""
    files = [path for path in root.rglob("*") if path.is_file()]
    return sorted(path.relative_to(root).as_posix() for path in files if SECRET.encode() in path.read_bytes())


def test_a_forgotten_document_is_gone_from_index_versions_and_caches(workspace):
    vectors = len(embedding_cache(workspace).get("all-MiniLM-L6-v2/256", hashes(workspace)))
    assert vectors == 25
    outcome = forget(workspace, [DOC])
    assert (outcome.forgotten, outcome.rows, outcome.adapters, outcome.notes) == ((DOC,), 22, (), ())
    assert outcome.vectors_dropped >= 3
    assert not (workspace.documents_dir / DOC).exists()
    assert DOC not in read_manifest(workspace)["documents"]
    assert [place for place in holding(workspace.root) if not place.startswith((".dvc/cache/", ".tandem/dvc-remote/"))] == []
    assert len(holding(workspace.root)) == 4
    assert SECRET not in str(open_index(workspace).search([SECRET], k=22))
    assert any("DVC's cache and remote hold it in 2 earlier data versions; `tandem forget --everywhere" in line for line in outcome.still)


def hashes(workspace: Workspace) -> list[str]:
    from tandem.chunking import text_hash

    return [text_hash(chunk) for chunk in all_chunks(workspace)]


def test_everywhere_takes_it_out_of_dvcs_cache_and_remote_and_leaves_the_rest(workspace):
    before = list(recorded_versions(workspace).values())
    outcome = forget(workspace, [f"data/documents/{DOC}"], everywhere=True)
    assert outcome.objects_removed == 4
    assert holding(workspace.root) == []
    assert len(before) == 2
    cache = workspace.root / ".dvc" / "cache" / "files" / "md5"
    others = {md5 for files in before for doc_id, md5 in files.items() if doc_id != DOC}
    assert all((cache / md5[:2] / md5[2:]).is_file() for md5 in others)
    assert any("2 earlier data versions cannot be checked out any more" in line for line in outcome.still)


def test_content_that_another_document_has_stays(workspace):
    copy = workspace.documents_dir / "products" / "elm-copy.md"
    shutil.copyfile(workspace.documents_dir / DOC, copy)
    refresh(workspace)
    record(workspace, ["index"], "Copy")
    outcome = forget(workspace, [DOC], everywhere=True)
    assert outcome.objects_removed == 2
    assert "1 of its 2 contents are gone from DVC's cache: 1 earlier data versions cannot be checked out any more" in outcome.still
    kept = "DVC's cache and remote keep 1 of its contents, for products/elm-copy.md has the same today"
    assert f"{kept}; `tandem forget --everywhere {DOC} products/elm-copy.md`" in outcome.still
    assert checkout(workspace, "HEAD")
    assert SECRET in copy.read_text()


def test_content_is_not_said_to_be_gone_where_another_document_has_all_of_it(workspace):
    shutil.copyfile(workspace.documents_dir / "products" / "fir.md", workspace.documents_dir / "products" / "the fir.md")
    refresh(workspace)
    record(workspace, ["index"], "Copy")
    outcome = forget(workspace, ["products/fir.md"], everywhere=True)
    assert outcome.objects_removed == 0
    assert not any("gone from DVC's cache" in line for line in outcome.still)
    assert any(line.endswith("`tandem forget --everywhere products/fir.md 'products/the fir.md'`") for line in outcome.still)


def test_content_that_only_an_earlier_name_had_goes_too_and_that_names_other_content_is_named(workspace):
    (workspace.documents_dir / DOC).rename(workspace.documents_dir / "products" / "new.md")
    refresh(workspace)
    record(workspace, ["index"], "Rename")
    outcome = forget(workspace, ["products/new.md"], everywhere=True)
    assert outcome.objects_removed == 2
    assert "its content is gone from DVC's cache: 2 earlier data versions cannot be checked out any more" in outcome.still
    assert any(f"other contents of {DOC}" in line and f"`tandem forget --everywhere {DOC}`" in line for line in outcome.still)
    forget(workspace, [DOC], everywhere=True)
    assert holding(workspace.root) == []


def test_earlier_training_sets_and_scorecards_that_quote_it_are_named_and_erased(workspace, tmp_path):
    quoting = {"documents": [DOC], "passages": [f"Elm > Code: The code is {SECRET} number 2."]}
    _record_outputs(workspace, quoting, {"rag": {"passages": quoting["passages"]}})
    outcome = forget(open_workspace(shutil.copytree(workspace.root, tmp_path / "in-place", symlinks=True)), [DOC])
    assert [line for line in outcome.still if "tandem retrain" in line and "then `tandem forget --everywhere" in line]
    assert [line for line in outcome.still if "scorecards.json; `tandem compare`" in line]
    _record_outputs(workspace, {"documents": [], "passages": []}, {"rag": {"passages": ["The Fir kettle weighs 1.5 kg."]}})
    copy = open_workspace(shutil.copytree(workspace.root, tmp_path / "copy", symlinks=True))
    seen = "DVC's cache and remote hold words of it in earlier scorecards (1 files) and earlier training sets (2 files)"
    assert any(line.startswith(seen) for line in forget(copy, [DOC]).still)
    outcome = forget(workspace, [DOC], everywhere=True)
    assert outcome.objects_removed == 10
    assert holding(workspace.root) == []


def _record_outputs(workspace: Workspace, row: dict[str, object], scorecards: dict[str, object]) -> None:
    lineage = {"documents": dict.fromkeys(row["documents"], "0")}
    for name, content in {
        "training/set.jsonl": row,
        "training/lineage.json": lineage,
        "evaluation/scorecards.json": scorecards,
        "evaluation/metrics.json": {},
        "evaluation/plots/empty.json": {},
    }.items():
        path = workspace.artifacts_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content) + "\n")
    record(workspace, ["dataset", "evaluate"], "Retrain and compare")


def test_examples_that_name_it_are_listed_and_set_aside(workspace):
    outcome = forget(workspace, [DOC])
    assert outcome.examples == ("elm-0", "elm-1", "elm-2")
    labelled = load_examples(workspace)
    assert tuple(example.id for example in labelled.set_aside) == outcome.examples
    assert labelled.expired == {name: {DOC: "gone"} for name in outcome.examples}
    assert (labelled.split["train"] + labelled.split["held_out"], labelled.split["groups_on_both_sides"]) == (len(labelled.examples), 0)
    assert labelled.unfit == {}


def test_adapters_that_learned_from_it_are_named_registered_and_in_place(workspace, tmp_path):
    workspace.adapter_dir.mkdir(parents=True, exist_ok=True)
    record_of = {"trained": True, "lineage": {"documents": {DOC: "0"}, "examples": []}, "reasons": [], "history": []}
    (workspace.adapter_dir / "training.json").write_text(json.dumps(record_of))
    other = tmp_path / "other"
    other.mkdir()
    (other / "training.json").write_text(json.dumps({**record_of, "lineage": {"documents": {"products/fir.md": "0"}}}))
    behaviour = {"variant": "lora", "retrieve": False, "adapter": True, "base": {}, "data_version": "aa-bb", "index_version": 1}
    shot = {"example_id": "e", "question": "?", "passages": [], "answer": "!", "documents": [DOC]}
    for folder, shots in ((workspace.adapter_dir, [shot]), (other, [])):
        register(workspace, {**behaviour, "shots": shots}, folder, {}, Decision(True, "lora", (), 0, None, {}))
    registry.promote(workspace, "1")
    outcome = forget(workspace, [DOC])
    named = [(one.model_version, one.aliases, one.documents) for one in outcome.adapters]
    assert named == [(None, (), (DOC,)), ("1", ("champion",), (DOC,))]
    assert [line for line in outcome.still if "shots" in line] == [
        "version 1 (champion) shows 1 shots that quote it; `tandem compare`, then delete the version in MLflow"
    ]


def test_an_interrupted_training_is_dropped_whatever_set_it_began_on(workspace):
    save_checkpoint(workspace, "of an earlier set", Fit(epoch=1))
    forget(workspace, [DOC])
    assert load_checkpoint(workspace, "of an earlier set") == Fit()


def test_files_that_are_no_documents_do_not_count_as_what_is_left(workspace):
    (workspace.documents_dir / ".DS_Store").write_bytes(b"x")
    with pytest.raises(Refused, match="these are all of the documents"):
        forget(workspace, list(read_manifest(workspace)["documents"]))


def test_copies_of_what_was_put_back_go_too_and_waiting_records_are_named(workspace):
    fetched, waiting = workspace.state_dir / "fetched" / ("0" * 32), workspace.state_dir / "outbox" / "1-question-ab.json"
    for path in (fetched, waiting):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"The code is {SECRET} number 2.")
    still = forget(workspace, [DOC]).still
    assert not fetched.exists()
    assert any("1 records that wait for MLflow quote it, such as " in line for line in still)


def test_a_quarantined_copy_is_forgotten_too(workspace):
    page = workspace.documents_dir / DOC
    page.unlink()
    page.write_bytes(f"{SECRET}\0".encode())
    refresh(workspace)
    assert (workspace.quarantine_dir / DOC).is_file()
    forget(workspace, [DOC], everywhere=True)
    assert holding(workspace.root) == []


def test_a_document_that_is_nowhere_is_refused_with_what_is_close(workspace):
    seen = r"no document 'elm\.md' \(close: products/elm\.md.*no document 'xyzzy' \(12 are known, none is close\)"
    with pytest.raises(Refused, match=seen):
        forget(workspace, ["elm.md", "xyzzy", DOC])
    assert (workspace.documents_dir / DOC).is_file()
    with pytest.raises(Refused, match="these are all of the documents"):
        forget(workspace, list(read_manifest(workspace)["documents"]))
    assert not (workspace.state_dir / "forgetting.json").exists()


def test_a_forgetting_that_was_killed_is_finished_by_the_next(workspace, monkeypatch):
    def killed(workspace):
        raise KeyboardInterrupt

    with monkeypatch.context() as killing:
        killing.setattr("tasks.forget.purge", killed)
        with pytest.raises(KeyboardInterrupt):
            forget(workspace, [DOC], everywhere=True)
    assert holding(workspace.root)
    assert forget(workspace, ["products/fir.md"]).forgotten == (DOC, "products/fir.md")
    assert holding(workspace.root) == []


def test_a_document_that_was_deleted_before_can_still_be_forgotten(workspace):
    (workspace.documents_dir / DOC).unlink()
    refresh(workspace)
    record(workspace, ["index"], "Delete")
    assert forget(workspace, [DOC], everywhere=True).objects_removed == 4
    assert holding(workspace.root) == []
