"""A refresh that starts from what the last one left looks at nothing but what is named, and ends where a clean build does."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lancedb.index import FTS

from tandem.errors import Refused
from tandem.params import Index, Params, Prompt, Retrieval, Variant
from tasks import refresh as refreshing
from tasks.index import open_index, table_name
from tasks.refresh import Refreshed, all_chunks, read_manifest, refresh
from tasks.table import find_table
from tasks.upkeep import maintain
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


def assert_a_clean_build(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Manifest bytes, rows and answers are those that a fresh workspace with the same files gets: that one is returned."""
    clean = Workspace(tmp_path / f"clean-{uuid.uuid4().hex}", workspace.params, workspace.settings)
    shutil.copytree(workspace.documents_dir, clean.documents_dir)
    shutil.copytree(workspace.state_dir / "cache", clean.state_dir / "cache")
    refresh(clean)
    assert workspace.manifest_path.read_bytes() == clean.manifest_path.read_bytes()
    assert (all_chunks(workspace), open_index(workspace).rows) == (all_chunks(clean), open_index(clean).rows)
    by_vector, by_text = Retrieval(text_weight=0), Retrieval(vector_weight=0)
    assert answers(workspace, by_vector, 5) == answers(clean, by_vector, 5)
    assert [set(found) for found in answers(workspace, by_text, 99)] == [set(found) for found in answers(clean, by_text, 99)]
    return clean


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


def test_an_upkeep_that_is_not_over_voids_nothing(workspace: Workspace, warm: Warm, no_full_look: None):
    find_table(workspace.index_uri, table_name(workspace)).create_index("search_text", config=FTS())
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


KINDS = ["edit", "append", "matter", "add", "copy", "delete", "rename", "onto", "swap", "folder", "drop", "bad"]
HOWS = ["named", "named", "not named", "cold"]
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=3)
SEQUENCES = st.lists(st.tuples(STEPS, st.sampled_from(HOWS)), min_size=5, max_size=9)
Rounds = Sequence[tuple[Sequence[tuple[str, int, int]], str]]
KEPT = "hr/leave.md"  # so that there always is a document


def step(root: Path, kind: str, one: int, other: int, number: int) -> list[str]:
    """One thing that people do to files, `one` and `other` saying to which; the names that a watcher would be told."""
    paths = sorted(path for path in root.rglob("*.*") if not path.read_bytes().startswith(b"\xff"))
    files = [name for path in paths if (name := path.relative_to(root).as_posix()) != KEPT] or [KEPT]
    folders = sorted({name.rpartition("/")[0] for name in files} - {"hr"})
    new = f"{['shop', 'hr', 'new/deep'][other % 3]}/{'ab c'[other % 4]}{number}.{['md', 'txt'][one % 2]}"
    name, second = files[one % len(files)], files[other % len(files)]
    if kind == "add" or name == KEPT:
        return write(root, new, f"{'' if one % 2 else '# Page'} {number}\n\nPage {number} is new and tells of the year {number + 2000}.\n")
    if kind == "bad":
        return write(root, new, b"\xff\xfe bad")
    if kind == "edit":
        return write(root, name, f"# Finch\n\nThis is note {number} of the finch, and it says {one} and {other}.\n")
    if kind == "append":
        return write(root, name, (root / name).read_text() + f"\n## Note {number}\n\nIt was seen {number} times in all.\n")
    if kind == "matter":
        bare = (root / name).read_text().rpartition("---\n")[2]
        return write(root, name, ["", "---\nroles: [staff]\n---\n", f"---\ntitle: Titled {other}\n---\n"][other % 3] + bare)
    if kind == "copy":
        return write(root, new, (root / name).read_bytes())
    if kind == "delete":
        (root / name).unlink()
    elif kind == "rename":
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / name).rename(root / new)
        return [name, new]
    elif kind == "onto":
        (root / name).replace(root / second)
    elif kind == "swap" and name != second:
        (root / name).rename(root / "aside")
        (root / second).rename(root / name)
        (root / "aside").rename(root / second)
    elif kind == "folder" and folders:
        (root / folders[one % len(folders)]).rename(root / f"folder{number}")
        return [folders[one % len(folders)], f"folder{number}"]
    elif kind == "drop" and folders:
        shutil.rmtree(root / folders[one % len(folders)])
        return [folders[one % len(folders)]]
    return [name, second]


def write(root: Path, name: str, content: str | bytes) -> list[str]:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return [name]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace after its first refresh. Not to be changed: examples take a copy."""
    params = Params(prompt=Prompt(instruction="x"), variants={"rag": Variant(retrieve=True)})
    made = Workspace(tmp_path_factory.mktemp("begun") / "kb", params, Settings())
    for doc_id, text in PAGES.items():
        put(made, doc_id, text)
    put(made, "shop/plain.txt", "The Pebble grinds beans, and has no heading.\n")
    refresh(made)
    return made


def run(begun: Workspace, folder: Path, rounds: Rounds) -> Workspace:
    """The steps, with a refresh after each round of them; only a warm one after another warm one is spared the look at everything."""
    workspace = replace(begun, root=Path(shutil.copytree(begun.root, folder / "kb")))
    warm, is_warm = Warm(), False
    for at, (steps, how) in enumerate(rounds):
        names = [name for n, one in enumerate(steps) for name in step(workspace.documents_dir, *one, 10 * at + n)]
        with pytest.MonkeyPatch.context() as patched:
            if is_warm and how != "cold":
                patched.setattr(refreshing, "read_state", None)
            if is_warm and how == "named":
                patched.setattr("tasks.survey.scan", None)
            refresh(workspace, names if how == "named" else None, warm=None if how == "cold" else warm)
        is_warm = how != "cold"
    return workspace


def assert_any_sequence_ends_where_a_clean_build_does(begun: Workspace, rounds: Rounds) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = run(begun, Path(folder), rounds)
        clean = assert_a_clean_build(workspace, Path(folder))
        assert not refresh(workspace).is_news
        ids = [piece.id for piece in all_chunks(clean)]
        vectors, clean_vectors = (open_index(one).stored_vectors(ids) for one in (workspace, clean))
        assert all((vectors[key] == clean_vectors[key]).all() for key in ids)
        assert maintain(workspace, every=0)
        assert maintain(clean, every=0)
        for retrieval in (Retrieval(), Retrieval(vector_weight=0)):
            assert answers(workspace, retrieval, 5) == answers(clean, retrieval, 5)


@settings(max_examples=5, deadline=None, derandomize=True, database=None)
@given(rounds=SEQUENCES)
def test_any_sequence_of_steps_ends_where_a_clean_build_does(begun: Workspace, rounds):
    assert_any_sequence_ends_where_a_clean_build_does(begun, rounds)


@pytest.mark.slow
@settings(max_examples=100, deadline=None, database=None, print_blob=True)
@given(rounds=SEQUENCES)
def test_many_more_sequences_end_where_a_clean_build_does(begun: Workspace, rounds):
    assert_any_sequence_ends_where_a_clean_build_does(begun, rounds)
