"""A refresh that starts from what the last one left looks at nothing but what is named, and ends where a clean build does."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tandem.errors import Refused
from tandem.params import Index, Params, Prompt, Retrieval, Variant
from tasks import refresh as refreshing
from tasks.index import maintain, open_index, table_name
from tasks.refresh import Refreshed, all_chunks, read_manifest, refresh
from tasks.table import find_table
from tasks.warm import Warm
from tasks.workspace import Settings, Workspace

PAGES = {
    "shop/wren.md": "# Wren\n\nThe Wren holds two litres of water.\n\n## Power\n\nIt draws 1,350 W.\n",
    "shop/loft.md": "# Loft 40\n\nThe Loft 40 costs EUR 3,900 and serves an office of forty.\n",
    "shop/old/finch.md": "# Finch\n\nThe Finch was sold until the autumn of 2019.\n",
    "hr/leave.md": "# Parental leave\n\nParental leave is 26 weeks, paid in full.\n",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    params = Params(prompt=Prompt(instruction="x"), variants={"rag": Variant(retrieve=True)}, index=Index(canary_depth=1))
    made = Workspace(tmp_path / "kb", params, Settings())
    for doc_id, text in PAGES.items():
        put(made, doc_id, text)
    return made


@pytest.fixture
def warm(workspace: Workspace) -> Warm:
    held = Warm()
    refresh(workspace, warm=held)
    return held


@pytest.fixture
def no_full_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever would look at all documents fails."""

    def refuse(*arguments: object) -> None:
        raise AssertionError("a warm refresh looked at everything")

    monkeypatch.setattr("tasks.survey.scan", refuse)
    monkeypatch.setattr(refreshing, "read_state", refuse)


def put(workspace: Workspace, doc_id: str, content: str | bytes) -> None:
    path = workspace.documents_dir / doc_id
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def done(refreshed: Refreshed) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], int]:
    return refreshed.added, refreshed.changed, refreshed.deleted, refreshed.unchanged


def assert_a_clean_build(workspace: Workspace, tmp_path: Path) -> None:
    """Manifest bytes, rows and answers are those that a fresh workspace with the same files gets."""
    clean = Workspace(tmp_path / f"clean-{random.random()}", workspace.params, workspace.settings)
    shutil.copytree(workspace.documents_dir, clean.documents_dir)
    shutil.copytree(workspace.state_dir / "cache", clean.state_dir / "cache")
    refresh(clean)
    assert workspace.manifest_path.read_bytes() == clean.manifest_path.read_bytes()
    assert (all_chunks(workspace), open_index(workspace).rows) == (all_chunks(clean), open_index(clean).rows)
    by_vector, by_text = Retrieval(text_weight=0), Retrieval(vector_weight=0)
    assert answers(workspace, by_vector, 5) == answers(clean, by_vector, 5)
    assert [set(found) for found in answers(workspace, by_text, 99)] == [set(found) for found in answers(clean, by_text, 99)]


def answers(workspace: Workspace, retrieval: Retrieval, k: int) -> list[list[str]]:
    questions = ["How much water does the Wren hold?", "How long is parental leave?", "note 3 of the finch"]
    return [[one.chunk_id for one in found] for found in open_index(workspace).search(questions, retrieval, k)]


def test_only_what_is_named_is_looked_at(workspace: Workspace, warm: Warm, no_full_look: None, tmp_path: Path):
    put(workspace, "shop/loft.md", PAGES["shop/loft.md"].replace("3,900", "4,200"))
    put(workspace, "shop/mere.md", "# Mere\n\nThe Mere brews cold for twelve hours.\n")
    assert done(refresh(workspace, ["shop/loft.md"], warm=warm)) == ((), ("shop/loft.md",), (), 3)
    assert done(refresh(workspace, ["shop/mere.md"], warm=warm)) == (("shop/mere.md",), (), (), 4)
    assert done(refresh(workspace, ["shop/mere.md", "gone.md", ".hidden.md", "../x.md"], warm=warm)) == ((), (), (), 5)
    found = open_index(workspace).search(["What does the Loft 40 cost?"], k=1)
    assert found[0][0].text == "The Loft 40 costs EUR 4,200 and serves an office of forty."


def test_a_file_that_is_touched_alone_costs_no_commit(workspace: Workspace, warm: Warm, no_full_look: None):
    version, written = open_index(workspace).version, workspace.manifest_path.stat().st_mtime_ns
    put(workspace, "shop/loft.md", PAGES["shop/loft.md"])
    untouched = refresh(workspace, ["shop/loft.md"], warm=warm)
    assert (done(untouched), untouched.is_news, untouched.index_version) == (((), (), (), 4), False, version)
    assert workspace.manifest_path.stat().st_mtime_ns == written


def test_a_folder_stands_for_what_it_holds_and_held(workspace: Workspace, warm: Warm, no_full_look: None, tmp_path: Path):
    (workspace.documents_dir / "shop").rename(workspace.documents_dir / "store")
    moved = refresh(workspace, ["shop", "store"], warm=warm)
    assert done(moved) == (
        ("store/loft.md", "store/old/finch.md", "store/wren.md"),
        (),
        ("shop/loft.md", "shop/old/finch.md", "shop/wren.md"),
        1,
    )
    assert moved.chunks_embedded == 0
    shutil.rmtree(workspace.documents_dir / "store" / "old")
    assert done(refresh(workspace, ["store/old"], warm=warm)) == ((), (), ("store/old/finch.md",), 3)


def test_without_names_all_files_are_looked_at_and_the_table_is_not(workspace: Workspace, warm: Warm, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(refreshing, "read_state", None)
    assert done(refresh(workspace, warm=warm)) == ((), (), (), 4)
    (workspace.documents_dir / "hr/leave.md").unlink()
    put(workspace, "shop/loft.md", "# Loft 40\n\nSold out since May of this year.\n")
    assert done(refresh(workspace, warm=warm)) == ((), ("shop/loft.md",), ("hr/leave.md",), 2)


@pytest.mark.parametrize("by", ["another process", "a hand in the table", "a lost table", "other params", "the next day"])
def test_what_is_held_is_void_once_anything_else_changed(by: str, workspace: Workspace, warm: Warm, tmp_path: Path, monkeypatch):
    put(workspace, "shop/mere.md", "# Mere\n\nThe Mere brews cold for twelve hours.\n")
    now = workspace
    if by == "another process":
        put(workspace, "hr/notice.md", "# Notice\n\nNotice is three months for everybody.\n")
        refresh(workspace)
    elif by == "a hand in the table":
        find_table(workspace.index_uri, table_name(workspace)).delete("doc_id = 'shop/wren.md'")
    elif by == "a lost table":
        shutil.rmtree(workspace.index_uri)
    elif by == "other params":
        now = replace(workspace, params=workspace.params.model_copy(update={"seed": 1}))
    else:
        monkeypatch.setattr("tasks.warm.date", Tomorrow)
    refreshed = refresh(now, ["hr/leave.md"], warm=warm)
    assert "shop/mere.md" in refreshed.added or by == "another process"
    assert_a_clean_build(now, tmp_path)
    monkeypatch.setattr(refreshing, "read_state", None)
    assert not refresh(now, ["hr/leave.md"], warm=warm).is_news


class Tomorrow(date):
    """A day later than any other."""

    @classmethod
    def today(cls) -> Tomorrow:
        return cls(2100, 1, 1)


def test_upkeep_of_the_table_voids_nothing(workspace: Workspace, warm: Warm, no_full_look: None):
    put(workspace, "shop/loft.md", "# Loft 40\n\nSold out since May of this year.\n")
    version = refresh(workspace, ["shop/loft.md"], warm=warm).index_version
    assert maintain(workspace, every=1)
    assert open_index(workspace).version > version
    (workspace.documents_dir / "hr/leave.md").unlink()
    assert done(refresh(workspace, ["hr/leave.md"], warm=warm)) == ((), (), ("hr/leave.md",), 3)


def test_after_a_refusal_the_next_refresh_looks_at_everything(workspace: Workspace, warm: Warm, tmp_path: Path):
    line = '{"id": "c", "question": "How much water does the Wren hold?", "answer": "two litres", "sources": ["shop/wren.md"]}\n'
    workspace.examples_path.write_text(line)
    names = [f"crowd/{i}.md" for i in range(3)]
    for name in names:
        put(workspace, name, f"# Wren water\n\nHow much water does the Wren hold? Question {name}.\n")
    with pytest.raises(Refused, match=r"would no longer find shop/wren\.md"):
        refresh(workspace, names, warm=warm)
    assert open_index(workspace).rows == 5
    shutil.rmtree(workspace.documents_dir / "crowd")
    assert not refresh(workspace, [], warm=warm).is_news
    assert_a_clean_build(workspace, tmp_path)


def test_a_bad_version_is_set_aside_and_the_good_one_goes_on_answering(workspace: Workspace, warm: Warm, no_full_look: None):
    put(workspace, "hr/leave.md", b"bad\0")
    refreshed = refresh(workspace, ["hr/leave.md"], warm=warm)
    assert (list(refreshed.quarantined), done(refreshed)) == (["hr/leave.md"], ((), (), (), 4))
    assert read_manifest(workspace)["documents"]["hr/leave.md"]["held"] is True
    assert not refresh(workspace, ["hr/leave.md"], warm=warm).is_news
    assert "26 weeks" in open_index(workspace).search(["How long is parental leave?"], k=1)[0][0].text
    put(workspace, "hr/leave.md", PAGES["hr/leave.md"].replace("26", "30"))
    assert done(refresh(workspace, ["hr/leave.md"], warm=warm)) == ((), ("hr/leave.md",), (), 3)


def test_a_good_version_that_came_meanwhile_is_not_set_aside_for_the_bad_one(workspace: Workspace, warm: Warm, monkeypatch):
    put(workspace, "hr/leave.md", b"bad\0")
    judged = refreshing._set_aside

    def saved_in_between(*arguments: object) -> None:
        put(workspace, "hr/leave.md", PAGES["hr/leave.md"].replace("26", "30"))
        judged(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(refreshing, "_set_aside", saved_in_between)
        assert not refresh(workspace, ["hr/leave.md"], warm=warm).is_news
    assert done(refresh(workspace, ["hr/leave.md"], warm=warm)) == ((), ("hr/leave.md",), (), 3)


def test_several_refreshes_add_up_to_one():
    one = Refreshed(("a", "b"), ("c",), ("d",), 5, {"x": "bad"}, 3, 7, 9, 0.2)
    two = Refreshed(("d", "e"), ("a", "f"), ("b", "c"), 6, {}, 4, 8, 10, 0.1)
    assert one.then(two) == Refreshed(("a", "e"), ("d", "f"), ("c",), 6, {"x": "bad"}, 7, 8, 10, 0.2)


def random_step(workspace: Workspace, choose: random.Random, number: int) -> list[str]:
    """One thing that people do to files; the names that a watcher would be told."""
    root = workspace.documents_dir
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.md"))
    name, other = choose.choice(files), f"{choose.choice(['shop', 'hr', 'new/deep'])}/{choose.choice('abcde')}{number}.md"
    folders = sorted({path.parent.relative_to(root).as_posix() for path in root.rglob("*.md")})
    folder, new_folder = choose.choice(folders), f"folder{number}"
    kind = choose.choice(["edit", "edit", "append", "add", "copy", "delete", "rename", "folder", "drop", "bad"])
    if len(files) < 3 and kind in ("delete", "drop", "bad"):
        kind = "add"
    if kind == "edit":
        put(workspace, name, f"# Finch\n\nThis is note {number} of the finch, and it says {choose.random():.6f}.\n")
    elif kind == "append":
        put(workspace, name, (root / name).read_text() + f"\n## Note {number}\n\nIt was seen {number} times in all.\n")
    elif kind == "add":
        put(workspace, other, f"# Page {number}\n\nPage {number} is new and tells of the year {number + 2000}.\n")
    elif kind == "copy":
        put(workspace, other, (root / name).read_text())
    elif kind == "delete":
        (root / name).unlink()
    elif kind == "rename":
        (root / other).parent.mkdir(parents=True, exist_ok=True)
        (root / name).rename(root / other)
    elif kind == "folder":
        (root / folder).rename(root / new_folder)
        return [folder, new_folder]
    elif kind == "drop" and len(folders) > 1 and len(files) - len(list((root / folder).rglob("*.md"))) >= 2:
        shutil.rmtree(root / folder)
        return [folder]
    elif kind == "bad":
        put(workspace, other, b"\xff\xfe bad")
    return [name, other]


@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_steps_ends_where_a_clean_build_does(
    seed: int, workspace: Workspace, warm: Warm, no_full_look: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    choose = random.Random(seed)
    for number in range(12):
        names = [name for at in range(choose.randint(1, 3)) for name in random_step(workspace, choose, 10 * number + at)]
        refresh(workspace, names, warm=warm)
    monkeypatch.undo()
    assert_a_clean_build(workspace, tmp_path)
    assert not refresh(workspace).is_news
