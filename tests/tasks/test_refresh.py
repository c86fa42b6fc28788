"""The critical path: what a refresh reports, serves and leaves behind, also when files are bad or a run was killed.

Everything is real: the packaged embedder, Great Expectations, LanceDB in a temporary folder; DVC where a good version comes back.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tandem.errors import Refused
from tandem.examples import usable_examples
from tandem.params import Chunking, Documents, Embedder, Index, Params, Prompt, Retrieval, Variant
from tasks import quarantine
from tasks.index import layout_of, open_index, read_pointer, table_name
from tasks.labels import add_labels, label_key
from tasks.refresh import Refreshed, all_chunks, read_manifest, refresh
from tasks.table import documents_in, find_table
from tasks.workspace import PROJECT, Settings, Workspace

PAGES = {
    "shop/wren.md": "# Wren\n\nThe Wren holds two litres of water.\n\n## Power\n\nIt draws 1,350 W.\n",
    "shop/loft.md": "# Loft 40\n\nThe Loft 40 costs EUR 3,900 and serves an office of forty.\n",
    "hr/leave.md": "# Parental leave\n\nParental leave is 26 weeks, paid in full.\n",
}


def params_with(**sections: Any) -> Params:
    return Params(prompt=Prompt(instruction="x"), variants={"rag": Variant(retrieve=True)}, **sections)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path / "kb", params_with(), Settings())
    for doc_id, text in PAGES.items():
        put(made, doc_id, text)
    refresh(made)
    return made


def put(workspace: Workspace, doc_id: str, content: str | bytes) -> None:
    path = workspace.documents_dir / doc_id
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def first(workspace: Workspace, question: str, roles: Sequence[str] = ()) -> str:
    return open_index(workspace).search([question], k=1, roles=roles)[0][0].text


def served(workspace: Workspace) -> list[str]:
    return sorted({piece.doc_id for piece in all_chunks(workspace)})


def changes(done: Refreshed) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], int]:
    return done.added, done.changed, done.deleted, done.unchanged


def equals_a_clean_build(workspace: Workspace, tmp_path: Path) -> bool:
    """Whether manifest bytes and table rows are those that a fresh workspace with the same files gets."""
    clean = Workspace(tmp_path / "clean", workspace.params, workspace.settings)
    shutil.copytree(workspace.documents_dir, clean.documents_dir)
    refresh(clean)
    same_rows = open_index(clean).rows == open_index(workspace).rows and all_chunks(clean) == all_chunks(workspace)
    return same_rows and clean.manifest_path.read_bytes() == workspace.manifest_path.read_bytes()


def test_the_first_refresh_adds_all_and_the_second_does_nothing(tmp_path: Path):
    workspace = Workspace(tmp_path / "kb", params_with(), Settings())
    for doc_id, text in PAGES.items():
        put(workspace, doc_id, text)
    done = refresh(workspace)
    assert changes(done) == (("hr/leave.md", "shop/loft.md", "shop/wren.md"), (), (), 0)
    assert (done.chunks_embedded, done.rows, done.quarantined, done.repaired) == (4, 4, {}, False)
    again = refresh(workspace)
    assert changes(again) == ((), (), (), 3)
    assert (again.chunks_embedded, again.index_version) == (0, done.index_version)


def test_an_edit_a_new_file_and_a_deletion_are_searchable_after_one_refresh(workspace: Workspace, tmp_path: Path):
    before = open_index(workspace)
    put(workspace, "shop/loft.md", PAGES["shop/loft.md"].replace("3,900", "4,200"))
    put(workspace, "shop/mere.md", "# Mere\n\nThe Mere brews cold for twelve hours.\n")
    (workspace.documents_dir / "hr/leave.md").unlink()
    done = refresh(workspace)
    assert changes(done) == (("shop/mere.md",), ("shop/loft.md",), ("hr/leave.md",), 1)
    assert done.chunks_embedded == 2
    assert before.search(["What does the Loft 40 cost?"], k=1)[0][0].text == "The Loft 40 costs EUR 4,200 and serves an office of forty."
    assert served(workspace) == ["shop/loft.md", "shop/mere.md", "shop/wren.md"]
    assert equals_a_clean_build(workspace, tmp_path)


def test_one_refresh_is_one_commit(workspace: Workspace):
    version = open_index(workspace).version
    put(workspace, "shop/loft.md", "# Loft 40\n\nSold out since May.\n")
    (workspace.documents_dir / "hr/leave.md").unlink()
    assert refresh(workspace).index_version == version + 1


def test_only_changed_passages_are_embedded_again(workspace: Workspace):
    put(workspace, "shop/wren.md", PAGES["shop/wren.md"].replace("1,350", "1,400"))
    assert refresh(workspace).chunks_embedded == 1


def test_a_moved_document_is_embedded_from_the_cache(workspace: Workspace):
    (workspace.documents_dir / "shop/loft.md").rename(workspace.documents_dir / "loft.md")
    done = refresh(workspace)
    assert (changes(done), done.chunks_embedded) == ((("loft.md",), (), ("shop/loft.md",), 2), 0)


def test_a_rename_embeds_nothing_where_the_title_is_only_the_file_name(workspace: Workspace, tmp_path: Path):
    put(workspace, "shop/prices.csv", "part,price\nPump seal,EUR 12\n")
    put(workspace, "shop/opening-hours.txt", "The showroom opens at nine.\n\n## Sundays\n\nIt stays closed all day.\n")
    assert refresh(workspace).chunks_embedded == 3
    for old, new in (("shop/prices.csv", "shop/zanzibar.csv"), ("shop/opening-hours.txt", "hr/doors.txt")):
        (workspace.documents_dir / old).rename(workspace.documents_dir / new)
    done = refresh(workspace)
    assert (done.added, done.chunks_embedded) == (("hr/doors.txt", "shop/zanzibar.csv"), 0)
    found = open_index(workspace).search(["zanzibar"], Retrieval(vector_weight=0))[0]
    assert [(one.doc_id, one.heading) for one in found] == [("shop/zanzibar.csv", "zanzibar")]
    assert equals_a_clean_build(workspace, tmp_path)


def test_roles_that_change_alone_take_effect(workspace: Workspace):
    put(workspace, "hr/leave.md", "---\nroles: [people-team]\n---\n" + PAGES["hr/leave.md"])
    assert refresh(workspace).changed == ("hr/leave.md",)
    assert "26 weeks" not in first(workspace, "How long is parental leave?")
    assert "26 weeks" in first(workspace, "How long is parental leave?", roles=["people-team"])


def test_the_manifest_is_the_same_whatever_road_led_there(workspace: Workspace, tmp_path: Path):
    bytes_before = workspace.manifest_path.read_bytes()
    put(workspace, "x.md", "# X\n\nSomething else entirely, for now.\n")
    refresh(workspace)
    (workspace.documents_dir / "x.md").unlink()
    refresh(workspace)
    assert workspace.manifest_path.read_bytes() == bytes_before
    entry = json.loads(bytes_before)["documents"]["shop/wren.md"]
    assert sorted(entry) == ["chunks", "collection", "md5", "roles", "title", "trainable", "valid_until"]
    assert (entry["collection"], entry["title"], len(entry["chunks"])) == ("shop", "Wren", 2)
    assert read_manifest(workspace)["n_chunks"] == 4


def test_an_edit_of_same_size_and_time_is_seen_where_it_is_named(workspace: Workspace):
    path = workspace.documents_dir / "shop/loft.md"
    os.utime(path, (1_700_000_000, 1_700_000_000))
    refresh(workspace)
    path.write_text(PAGES["shop/loft.md"].replace("3,900", "4,400"))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert refresh(workspace).changed == ()
    assert refresh(workspace, changed=["shop/loft.md"]).changed == ("shop/loft.md",)


def test_no_document_at_all_is_refused_and_nothing_changes(workspace: Workspace):
    manifest, version = workspace.manifest_path.read_bytes(), open_index(workspace).version
    shutil.rmtree(workspace.documents_dir)
    with pytest.raises(Refused, match="holds no document"):
        refresh(workspace)
    workspace.documents_dir.mkdir()
    put(workspace, "a.md", b"ab\0c")
    with pytest.raises(Refused, match=r"none of the 1 documents in .* can be served.*a\.md: not text: a NUL byte at position 2"):
        refresh(workspace)
    assert (workspace.documents_dir / "a.md").is_file()
    assert (workspace.manifest_path.read_bytes(), open_index(workspace).version) == (manifest, version)


def test_a_bad_new_document_is_moved_aside_with_its_reasons(workspace: Workspace):
    put(workspace, "shop/new.md", b"\xff\xfe bad")
    done = refresh(workspace)
    assert done.quarantined == {"shop/new.md": "not UTF-8: byte 0xff at position 0; save it as UTF-8"}
    assert changes(done) == ((), (), (), 3)
    assert (workspace.quarantine_dir / "shop/new.md").read_bytes() == b"\xff\xfe bad"
    reason = json.loads((workspace.quarantine_dir / "shop/new.md.reason.json").read_text())
    assert (reason["document"], reason["size_bytes"], reason["reasons"]) == ("shop/new.md", 6, [done.quarantined["shop/new.md"]])
    assert not (workspace.documents_dir / "shop/new.md").exists()
    assert refresh(workspace).quarantined == {}


def test_a_bad_edit_leaves_the_last_good_version_in_the_index(workspace: Workspace):
    put(workspace, "hr/leave.md", "---\nroles: 5\n---\n# Leave")
    done = refresh(workspace)
    assert (list(done.quarantined), changes(done)) == (["hr/leave.md"], ((), (), (), 3))
    assert "26 weeks" in first(workspace, "How long is parental leave?")
    assert read_manifest(workspace)["documents"]["hr/leave.md"]["held"] is True
    assert changes(refresh(workspace)) == ((), (), (), 3)


def test_a_later_good_version_clears_the_quarantine(workspace: Workspace):
    put(workspace, "hr/leave.md", b"")
    refresh(workspace)
    put(workspace, "hr/leave.md", PAGES["hr/leave.md"].replace("26", "30"))
    assert changes(refresh(workspace)) == ((), ("hr/leave.md",), (), 2)
    assert not quarantine.holds(workspace, "hr/leave.md")
    assert list(workspace.quarantine_dir.rglob("*.md")) == []
    assert "held" not in read_manifest(workspace)["documents"]["hr/leave.md"]


def with_dvc(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from dvc.repo import Repo

    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(workspace.root.parent / "site-cache"))
    monkeypatch.delenv("DVC_STAGE", raising=False)
    Repo.init(str(workspace.root), no_scm=True).add(str(workspace.documents_dir))


def test_with_dvc_the_last_good_file_comes_back(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    with_dvc(workspace, monkeypatch)
    path = workspace.documents_dir / "hr/leave.md"
    path.unlink()
    path.write_bytes(b"bad\0")
    done = refresh(workspace)
    assert list(done.quarantined) == ["hr/leave.md"]
    assert path.read_text() == PAGES["hr/leave.md"]
    assert "held" not in read_manifest(workspace)["documents"]["hr/leave.md"]
    assert quarantine.holds(workspace, "hr/leave.md")
    assert changes(refresh(workspace)) == ((), (), (), 3)
    path.unlink()
    assert changes(refresh(workspace)) == ((), (), ("hr/leave.md",), 2)
    assert not path.exists()
    assert not quarantine.holds(workspace, "hr/leave.md")


def test_a_run_killed_between_setting_aside_and_restoring_is_made_up_for(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    path = workspace.documents_dir / "hr/leave.md"
    path.write_bytes(b"bad\0")
    with monkeypatch.context() as killed:
        killed.setattr("tasks.refresh._restore", interrupted)
        with pytest.raises(KeyboardInterrupt):
            refresh(workspace)
    assert not path.exists()
    assert changes(refresh(workspace)) == ((), (), (), 3)
    assert "26 weeks" in first(workspace, "How long is parental leave?")


def interrupted(*arguments: object) -> None:
    raise KeyboardInterrupt


def test_a_document_whose_last_day_is_over_is_no_longer_served(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    put(workspace, "hr/leave.md", "---\nvalid_until: 2100-01-31\n---\n" + PAGES["hr/leave.md"])
    refresh(workspace)
    with_dvc(workspace, monkeypatch)
    monkeypatch.setattr("tasks.survey.date", Later)
    monkeypatch.setattr("tasks.checks.date", Later)
    done = refresh(workspace)
    assert list(done.quarantined) == ["hr/leave.md"]
    assert served(workspace) == ["shop/loft.md", "shop/wren.md"]
    assert not (workspace.documents_dir / "hr/leave.md").exists()
    put(workspace, "hr/leave.md", "---\nvalid_until: 2100-01-31\n---\n" + PAGES["hr/leave.md"].replace("26", "30"))
    assert list(refresh(workspace).quarantined) == ["hr/leave.md"]
    assert served(workspace) == ["shop/loft.md", "shop/wren.md"]


class Later(date):
    """The first of February 2100 is today."""

    @classmethod
    def today(cls) -> Later:
        return cls(2100, 2, 1)


def test_changed_limits_are_held_against_what_is_served(workspace: Workspace, tmp_path: Path):
    version = open_index(workspace).version
    strict = Workspace(workspace.root, params_with(documents=Documents(max_chars=65)), workspace.settings)
    assert list(refresh(strict).quarantined) == ["shop/loft.md", "shop/wren.md"]
    assert served(strict) == ["hr/leave.md"]
    assert equals_a_clean_build(strict, tmp_path)
    version = open_index(strict).version
    looser = Workspace(workspace.root, params_with(documents=Documents(max_chars=70)), workspace.settings)
    assert (changes(refresh(looser)), open_index(looser).version) == (((), (), (), 1), version)


def test_a_file_that_is_a_link_to_nowhere_is_moved_aside(workspace: Workspace):
    (workspace.documents_dir / "lost.md").symlink_to("gone.md")
    assert refresh(workspace).quarantined == {"lost.md": "a link to gone.md, which is not there"}
    assert not (workspace.documents_dir / "lost.md").is_symlink()
    assert refresh(workspace).quarantined == {}


def test_a_run_killed_after_its_commit_is_finished_by_the_next(workspace: Workspace, tmp_path: Path):
    manifest = workspace.manifest_path.read_bytes()
    put(workspace, "shop/loft.md", "# Loft 40\n\nSold out since May of this year.\n")
    put(workspace, "shop/mere.md", "# Mere\n\nThe Mere brews cold for twelve hours.\n")
    refresh(workspace)
    workspace.manifest_path.write_bytes(manifest)
    done = refresh(workspace)
    assert (done.added, done.changed, done.chunks_embedded, done.repaired) == (("shop/mere.md",), ("shop/loft.md",), 0, True)
    assert equals_a_clean_build(workspace, tmp_path)


def test_a_run_killed_after_its_commit_whose_files_are_then_put_back_is_undone(workspace: Workspace, tmp_path: Path):
    manifest = workspace.manifest_path.read_bytes()
    put(workspace, "hr/leave.md", "---\nroles: [people-team]\n---\n" + PAGES["hr/leave.md"])
    put(workspace, "shop/mere.md", "# Mere\n\nThe Mere brews cold for twelve hours.\n")
    refresh(workspace)
    workspace.manifest_path.write_bytes(manifest)
    put(workspace, "hr/leave.md", PAGES["hr/leave.md"])
    (workspace.documents_dir / "shop/mere.md").unlink()
    done = refresh(workspace)
    assert (changes(done), done.repaired) == (((), (), (), 3), True)
    assert "26 weeks" in first(workspace, "How long is parental leave?")
    assert equals_a_clean_build(workspace, tmp_path)


def test_a_missing_table_is_rebuilt_from_the_embedding_cache(workspace: Workspace):
    shutil.rmtree(workspace.index_uri)
    assert [piece.doc_id for piece in all_chunks(workspace)] == ["hr/leave.md", "shop/loft.md", "shop/wren.md", "shop/wren.md"]
    done = refresh(workspace)
    assert (done.rows, done.chunks_embedded, done.repaired) == (4, 0, True)
    assert "two litres" in first(workspace, "How much water does the Wren hold?")


def test_rows_that_went_missing_or_came_from_elsewhere_are_put_right(workspace: Workspace, tmp_path: Path):
    table = find_table(workspace.index_uri, table_name(workspace))
    table.add(table.search().where("doc_id = 'shop/loft.md'").to_arrow())
    table.delete("doc_id = 'shop/wren.md'")
    done = refresh(workspace)
    assert (done.rows, done.repaired) == (4, True)
    assert equals_a_clean_build(workspace, tmp_path)


@pytest.mark.parametrize("lost", ["data/*", "_indices/*/*", "_versions/*", "*/*"])
def test_a_table_that_lost_files_is_rebuilt_from_the_embedding_cache(workspace: Workspace, tmp_path: Path, lost: str):
    for path in Path(workspace.index_uri, f"{table_name(workspace)}.lance").glob(lost):
        path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(Refused, match=r"Run `tandem refresh`"):
        first(workspace, "What does the Loft 40 cost?")
    done = refresh(workspace)
    assert (changes(done), done.rows, done.chunks_embedded, done.repaired) == (((), (), (), 3), 4, 0, True)
    assert "two litres" in first(workspace, "How much water does the Wren hold?")
    assert equals_a_clean_build(workspace, tmp_path)


def test_a_table_whose_manifests_are_garbage_and_a_damaged_earlier_one_are_rebuilt(workspace: Workspace):
    earlier = read_pointer(workspace)["table"]
    recut = Workspace(workspace.root, params_with(chunking=Chunking(max_chars=150)), workspace.settings)
    refresh(recut)
    shutil.rmtree(Path(recut.index_uri, f"{earlier}.lance", "data"))
    for path in Path(recut.index_uri, f"{table_name(recut)}.lance", "_versions").iterdir():
        path.write_bytes(b"x")
    done = refresh(recut)
    assert (done.rows, done.repaired, done.notes) == (4, True, ())
    assert documents_in(find_table(recut.index_uri, earlier)).keys() == documents_in(find_table(recut.index_uri, table_name(recut))).keys()


def test_a_rebuild_can_be_asked_for(workspace: Workspace, tmp_path: Path):
    done = refresh(workspace, rebuild=True)
    assert (changes(done), done.rows, done.chunks_embedded, done.repaired) == (((), (), (), 3), 4, 0, True)
    assert equals_a_clean_build(workspace, tmp_path)


def test_readers_find_by_stems_in_every_version_of_a_rebuild(workspace: Workspace):
    table = find_table(workspace.index_uri, table_name(workspace))
    before = table.version
    refresh(workspace, rebuild=True)
    versions = [one["version"] for one in table.list_versions() if one["version"] > before]
    assert len(versions) == 2
    for version in versions:
        table.checkout(version)
        assert ([index.columns for index in table.list_indices()], table.count_rows()) == ([["search_text"]], 4)
        found = open_index(workspace, version=version).search(["costing", "hold"], Retrieval(vector_weight=0))
        assert [[one.doc_id for one in passages] for passages in found] == [["shop/loft.md"], ["shop/wren.md"]]


def test_a_rebuild_that_was_killed_before_its_text_index_gets_it(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.rmtree(Path(workspace.index_uri, f"{table_name(workspace)}.lance", "data"))

    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tasks.table.ensure_text_index", killed)
        with pytest.raises(KeyboardInterrupt):
            refresh(workspace)
    assert find_table(workspace.index_uri, table_name(workspace)).list_indices() == []
    assert not refresh(workspace).is_news
    found = open_index(workspace).search(["costing"], Retrieval(vector_weight=0))
    assert [one.doc_id for one in found[0]] == ["shop/loft.md"]
    assert equals_a_clean_build(workspace, tmp_path)


def test_documents_of_a_folder_that_cannot_be_read_stay_served(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    scandir, locked = os.scandir, str(workspace.documents_dir / "shop")

    def refuse(path: str) -> Any:
        if str(path) == locked:
            raise PermissionError(13, "Permission denied", locked)
        return scandir(path)

    put(workspace, "hr/notice.md", "# Notice\n\nThe period of notice is three months.\n")
    with monkeypatch.context() as unreadable:
        unreadable.setattr(os, "scandir", refuse)
        done = refresh(workspace)
    assert changes(done) == (("hr/notice.md",), (), (), 3)
    (told,) = done.notes
    assert told.startswith(f"{locked} cannot be read (Permission denied): 2 documents served from there stay as they were; run `chmod")
    assert served(workspace) == ["hr/leave.md", "hr/notice.md", "shop/loft.md", "shop/wren.md"]
    assert changes(refresh(workspace)) == ((), (), (), 4)


BUILD = """
import os, signal, sys
import tasks.embed
from tasks.refresh import refresh
from tasks.workspace import open_workspace

tasks.embed.CACHE_ROWS = 4

def progress(what, done, total):
    if what == "embed":
        print(done, total, flush=True)
        sys.stdin.readline()
        if done == 8:
            os.kill(os.getpid(), signal.SIGKILL)

refresh(open_workspace("."), progress=progress)
"""


def test_a_build_beside_that_is_killed_goes_on_where_it_was_and_the_old_table_answers_meanwhile(workspace: Workspace):
    parts = [f"## Part {n}\n\n" + " ".join(f"Sentence {i} of part {n} tells of the boiler." for i in range(8)) for n in range(6)]
    put(workspace, "shop/long.md", "# Boilers\n\n" + "\n\n".join(parts) + "\n")
    refresh(workspace)
    old, asked = read_pointer(workspace), open_index(workspace)
    written = {"prompt": {"instruction": "x"}, "variants": {"rag": {"retrieve": True}}, "chunking": {"max_chars": 150}}
    (workspace.root / "params.yaml").write_text(yaml.safe_dump(written))
    (workspace.root / "dvc.yaml").write_text("stages: {}\n")
    steps = []
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", BUILD], cwd=workspace.root, env=environment(), **pipes) as build:
        assert build.stdin is not None
        assert build.stdout is not None
        for line in build.stdout:
            steps.append(tuple(map(int, line.split())))
            assert "two litres" in asked.search(["How much water does the Wren hold?"], k=1)[0][0].text
            assert "two litres" in first(workspace, "How much water does the Wren hold?")
            build.stdin.write("on\n")
            build.stdin.flush()
    assert (build.returncode, [done for done, _ in steps]) == (-9, [4, 8])
    assert read_pointer(workspace) == old
    recut = Workspace(workspace.root, params_with(chunking=Chunking(max_chars=150)), workspace.settings)
    assert refresh(recut).chunks_embedded == steps[0][1] - 8
    assert read_pointer(recut)["table"] == table_name(recut) != old["table"]
    assert "two litres" in first(recut, "How much water does the Wren hold?")


def test_changed_chunking_is_built_beside_and_then_served(workspace: Workspace):
    old = read_pointer(workspace)["table"]
    recut = Workspace(workspace.root, params_with(chunking=Chunking(max_chars=150)), workspace.settings)
    done = refresh(recut)
    assert (changes(done), done.repaired) == (((), (), (), 3), False)
    assert read_pointer(recut)["table"] != old
    assert find_table(workspace.index_uri, old) is not None
    assert open_index(recut).rows == 4


def test_the_table_of_an_earlier_layout_is_kept_in_step(workspace: Workspace):
    answering = open_index(workspace)
    recut = Workspace(workspace.root, params_with(chunking=Chunking(max_chars=150), index=Index(language="German")), workspace.settings)
    refresh(recut)
    put(recut, "shop/loft.md", PAGES["shop/loft.md"].replace("3,900", "4,200"))
    put(recut, "hr/leave.md", "---\nroles: [people-team]\n---\n" + PAGES["hr/leave.md"])
    (recut.documents_dir / "shop/wren.md").unlink()
    assert refresh(recut).notes == ()
    found = answering.search(["What does the Loft 40 cost?", "How long is parental leave?", "How much water does the Wren hold?"], k=9)
    assert {passage.text for passages in found for passage in passages} == {"The Loft 40 costs EUR 4,200 and serves an office of forty."}
    assert len(answering.search(["parental leave"], k=9, roles=["people-team"])[0]) == 2
    version = answering.version
    refresh(recut)
    assert answering.version == version


def test_an_earlier_table_is_made_up_for_after_a_kill_or_a_loss(workspace: Workspace):
    earlier = read_pointer(workspace)["table"]
    recut = Workspace(workspace.root, params_with(chunking=Chunking(max_chars=150)), workspace.settings)
    refresh(recut)
    find_table(recut.index_uri, earlier).delete("doc_id = 'shop/wren.md'")
    refresh(recut)
    assert find_table(recut.index_uri, earlier).count_rows() == 4
    shutil.rmtree(Path(recut.index_uri, f"{earlier}.lance"))
    refresh(recut)
    assert find_table(recut.index_uri, earlier).count_rows() == 4


def test_an_earlier_table_whose_embedder_is_gone_loses_what_is_deleted_and_is_noted(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    earlier = read_pointer(workspace)["table"]
    recut = Workspace(workspace.root, params_with(chunking=Chunking(max_chars=150)), workspace.settings)
    refresh(recut)
    put(recut, "shop/mere.md", "# Mere\n\nThe Mere brews cold for twelve hours.\n")
    (recut.documents_dir / "shop/loft.md").unlink()
    with monkeypatch.context() as gone:
        gone.setattr("tasks.follow.embedder_of_layout", refuse)
        assert refresh(recut).notes == (f"the earlier table {earlier} lags behind: the embedder is gone.",)
    assert sorted(documents_in(find_table(recut.index_uri, earlier))) == ["hr/leave.md", "shop/wren.md"]
    assert refresh(recut).notes == ()
    assert sorted(documents_in(find_table(recut.index_uri, earlier))) == ["hr/leave.md", "shop/mere.md", "shop/wren.md"]


def test_replaced_weights_of_an_embedder_are_another_layout_and_a_rebuild_beside(
    workspace: Workspace, tiny_cross_encoder: Path, tmp_path: Path
):
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "mine"
    shutil.copytree(tiny_cross_encoder, folder)
    own = Workspace(workspace.root, params_with(embedder=Embedder(model=str(folder))), workspace.settings)
    refresh(own)
    pointer = read_pointer(own)
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    save_file({name: -one if one.ndim == 2 else one for name, one in weights.items()}, folder / "model.safetensors")
    with pytest.raises(Refused, match=r"built with another embedder_revision than params\.yaml names\. Run `tandem refresh`"):
        open_index(own)
    done = refresh(own)
    assert (done.rows, done.chunks_embedded) == (4, 4)
    assert read_pointer(own)["table"] != pointer["table"]
    assert read_pointer(own)["earlier"] == [layout_of(workspace.params), pointer["layout"]]
    put(own, "shop/loft.md", PAGES["shop/loft.md"].replace("3,900", "4,200"))
    (note,) = refresh(own).notes
    assert f"the earlier table {pointer['table']} lags behind: the files of the embedder '{folder}' were" in note
    assert find_table(own.index_uri, pointer["table"]).count_rows() == 3  # the changed page has left it: it may be restricted now


def refuse(*arguments: object) -> None:
    raise Refused("the embedder is gone")


def strict(workspace: Workspace, **sections: Any) -> Workspace:
    """The same workspace, whose canary question must find its document in the first place."""
    return Workspace(workspace.root, params_with(index=Index(canary_depth=1), **sections), workspace.settings)


def canary(workspace: Workspace, sources: str | list[str] = "data/documents/shop/wren.md", **more: str) -> None:
    line = {**more, "question": "How much water does the Wren hold?", "answer": "two litres", "sources": sources}
    workspace.examples_path.write_text("no json\n" + json.dumps(line) + "\n")


def crowd(workspace: Workspace) -> None:
    for i in range(3):
        put(workspace, f"crowd/{i}.md", f"# Wren water\n\nHow much water does the Wren hold? Question number {i}.\n")


def test_a_canary_that_is_crowded_out_brings_the_old_version_back(workspace: Workspace):
    manifest, rows = workspace.manifest_path.read_bytes(), all_chunks(workspace)
    canary(workspace, ["shop/wren.md"], id="c1")
    crowd(workspace)
    with pytest.raises(Refused, match=r"'How much water does the Wren hold\?' \(c1\) would no longer find shop/wren\.md among"):
        refresh(strict(workspace))
    assert workspace.manifest_path.read_bytes() == manifest
    assert (all_chunks(workspace), open_index(workspace).rows) == (rows, 4)
    assert first(workspace, "How much water does the Wren hold?") == "The Wren holds two litres of water."
    shutil.rmtree(workspace.documents_dir / "crowd")
    assert (changes(refresh(workspace)), refresh(workspace).repaired) == (((), (), (), 3), False)


def test_what_is_deleted_or_restricted_leaves_the_index_also_where_a_canary_refuses(workspace: Workspace):
    canary(workspace)
    crowd(workspace)
    question = "How long is parental leave?"
    put(workspace, "hr/leave.md", f"---\nroles: [people-team]\n---\n{PAGES['hr/leave.md']}")
    (workspace.documents_dir / "shop/loft.md").unlink()
    said = r"as it was before, but for 1 deleted and 1 restricted documents, which have left it"
    with pytest.raises(Refused, match=said):
        refresh(strict(workspace))
    assert served(workspace) == ["shop/wren.md"]
    assert (open_index(workspace).rows, read_manifest(workspace)["documents"].keys()) == (2, {"shop/wren.md"})
    assert "Parental" not in first(workspace, question, roles=["people-team"])
    shutil.rmtree(workspace.documents_dir / "crowd")
    assert changes(refresh(strict(workspace))) == (("hr/leave.md",), (), (), 1)
    assert "Parental" not in first(workspace, question)
    assert "Parental" in first(workspace, question, roles=["people-team"])


def test_a_canary_is_held_against_what_a_killed_run_committed(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    canary(workspace)
    crowd(workspace)
    with monkeypatch.context() as killed:
        killed.setattr("tasks.refresh._hold_to_canaries", interrupted)
        with pytest.raises(KeyboardInterrupt):
            refresh(strict(workspace))
    with pytest.raises(Refused, match=r"would no longer find shop/wren\.md"):
        refresh(strict(workspace))
    assert open_index(workspace).rows == 4


def test_a_canary_guards_a_changed_layout_too_and_the_old_table_stays(workspace: Workspace):
    canary(workspace)
    crowd(workspace)
    old = read_pointer(workspace)
    recut = strict(workspace, chunking=Chunking(max_chars=150))
    with pytest.raises(Refused, match=r"would no longer find shop/wren\.md"):
        refresh(recut)
    assert read_pointer(workspace) == old
    assert find_table(workspace.index_uri, table_name(recut)) is None


@pytest.mark.parametrize("settings", [{"canaries": 0, "canary_depth": 1}, {"canary_depth": 10}])
def test_canaries_can_be_turned_off_or_allowed_more_depth(workspace: Workspace, settings: dict[str, int]):
    canary(workspace)
    crowd(workspace)
    assert len(refresh(Workspace(workspace.root, params_with(index=Index(**settings)), workspace.settings)).added) == 3


def test_a_canary_whose_source_changes_is_not_held_against_the_refresh(workspace: Workspace):
    canary(workspace)
    crowd(workspace)
    put(workspace, "shop/wren.md", "# Wren\n\nDiscontinued since the spring of this year.\n")
    assert refresh(strict(workspace)).changed == ("shop/wren.md",)


def test_the_deletion_of_a_canarys_source_is_not_undone(workspace: Workspace):
    canary(workspace)
    (workspace.documents_dir / "shop/wren.md").unlink()
    assert changes(refresh(strict(workspace))) == ((), (), ("shop/wren.md",), 2)
    assert open_index(workspace).rows == 2


def test_rows_that_go_missing_right_after_the_commit_are_written_anew(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    lose(monkeypatch, times=1)
    put(workspace, "hr/leave.md", PAGES["hr/leave.md"].replace("26", "30"))
    assert refresh(workspace).rows == 4
    assert equals_a_clean_build(workspace, tmp_path)


def test_a_table_that_keeps_losing_what_is_written_is_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    manifest = workspace.manifest_path.read_bytes()
    put(workspace, "hr/leave.md", PAGES["hr/leave.md"].replace("26", "30"))
    with monkeypatch.context() as meddled:
        lose(meddled, times=2)
        with pytest.raises(Refused, match=r"does not hold what was written to it, even after a rebuild\. Stop whatever else writes to it"):
            refresh(workspace)
    assert workspace.manifest_path.read_bytes() == manifest
    refresh(workspace)
    assert equals_a_clean_build(workspace, tmp_path)


def lose(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Somebody else deletes rows between the commit and the audit, so many times."""
    left = [None] * times

    def hold(workspace: Workspace, state: Any, survey: Any, entries: Any, table: Any, embedder: Any) -> None:
        if left:
            left.pop()
            table.delete("doc_id = 'shop/wren.md'")

    monkeypatch.setattr("tasks.refresh._hold_to_canaries", hold)


@pytest.mark.parametrize(
    ("is_as_labelled", "outcome"), [(True, pytest.raises(Refused, match="would no longer find")), (False, contextlib.nullcontext())]
)
def test_an_expired_example_is_no_canary(workspace: Workspace, is_as_labelled: bool, outcome: AbstractContextManager[object]):
    canary(workspace, ["shop/wren.md"])
    md5 = read_manifest(workspace)["documents"]["shop/wren.md"]["md5"] if is_as_labelled else "0" * 32
    (example,) = usable_examples(workspace.examples_path.read_text())
    add_labels(workspace, {label_key(example): {"shop/wren.md": md5}})
    crowd(workspace)
    with outcome:
        refresh(strict(workspace))


def test_progress_is_reported_by_step(tmp_path: Path):
    workspace = Workspace(tmp_path / "kb", params_with(), Settings())
    put(workspace, "a.md", PAGES["shop/loft.md"])
    seen: list[tuple[str, int, int]] = []
    refresh(workspace, progress=lambda step, done, total: seen.append((step, done, total)))
    assert seen == [("read", 1, 1), ("embed", 1, 1)]


def test_names_with_odd_characters_are_served(workspace: Workspace):
    put(workspace, "it's/a + b (é).md", "# Pebble\n\nThe Pebble grinds for one cup at a time.\n")
    assert refresh(workspace).added == ("it's/a + b (é).md",)
    (workspace.documents_dir / "it's/a + b (é).md").unlink()
    assert refresh(workspace).deleted == ("it's/a + b (é).md",)


def test_the_command_refreshes_the_folder_it_runs_in(workspace: Workspace):
    (workspace.root / "params.yaml").write_text(yaml.safe_dump({"prompt": {"instruction": "x"}, "variants": {"rag": {"retrieve": True}}}))
    (workspace.root / "dvc.yaml").write_text("stages: {}\n")
    put(workspace, "shop/mere.md", "# Mere\n\nThe Mere brews cold for twelve hours.\n")
    command = [sys.executable, "-m", "tasks.refresh"]
    ran = subprocess.run(command, cwd=workspace.root, env=environment(DVC_STAGE="index"), capture_output=True, text=True, check=True)
    assert ran.stderr.splitlines()[-1] == "Documents: 1 added, 0 changed, 0 deleted, 0 quarantined; 5 chunks in the index."
    shutil.rmtree(workspace.documents_dir)
    refused = subprocess.run(command, cwd=workspace.root, env=environment(), capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stderr.splitlines()[-1]) == (
        1,
        f"{workspace.documents_dir} holds no document. Put documents there and run `tandem refresh`.",
    )


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PROJECT), **more}
