"""The LanceDB table: hybrid search, roles filtered in the store, one commit a change set. The tables are real."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tandem.chunking import chunk
from tandem.errors import Refused
from tandem.params import Chunking, Params, Prompt, Retrieval, Variant
from tandem.records import Document
from tasks.index import Index, earlier_tables, open_index, open_table_at, purge, read_pointer, table_name, write_pointer
from tasks.table import Batch, _write_anew, chunks_in, commit, documents_in, find_table
from tasks.upkeep import maintain
from tasks.workspace import Settings, Workspace


class Words:
    """An embedder that needs no model: each word is hashed to one of 64 directions."""

    name = "words/64"
    dimensions = 64

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.full((len(texts), 64), 1e-3, dtype=np.float32)
        for number, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                rows[number, hashlib.md5(word.encode()).digest()[0] % 64] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def count_tokens(self, texts: Sequence[str]) -> int:
        return sum(len(text.split()) for text in texts)


PAGES = {
    "shop/wren.md": "# Wren\n\nThe Wren holds two litres of water.",
    "shop/loft.md": "# Loft 40\n\nThe Loft 40 costs EUR 3,900.",
    "hr/leave.md": "# Leave\n\nParental leave is 26 weeks. It's paid.",
}
SECRET = {"hr/bands.md": "# Bands\n\nThe water budget of the people team is secret."}


def write(uri: Path | str, pages: Mapping[str, str], roles: tuple[str, ...] = (), stale: Sequence[str] = (), table: str = "t") -> Index:
    documents = [Document(doc_id, text, hashlib.md5(text.encode()).hexdigest(), roles=roles) for doc_id, text in pages.items()]
    chunks = [piece for document in documents for piece in chunk(document, Chunking())]
    vectors = Words().embed([piece.embedded_text for piece in chunks])
    commit(str(uri), table, Batch(chunks, vectors, {one.id: one.md5 for one in documents}, Words.name), stale)
    return open_table_at(str(uri), table, Words(), Retrieval())


def ids(index: Index, question: str, **how: object) -> list[str]:
    return [passage.doc_id for passage in index.search([question], **how)[0]]  # type: ignore[arg-type]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    write(tmp_path, PAGES)
    return write(tmp_path, SECRET, roles=("people-team", "the board's"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    params = Params(prompt=Prompt(instruction="x"), variants={"rag": Variant(retrieve=True)})
    return Workspace(tmp_path, params, Settings())


def test_a_question_finds_its_passage_first(index: Index):
    found = index.search(["How many litres of water does the Wren hold?", "What does the Loft 40 cost?"], k=2)
    assert [passages[0].doc_id for passages in found] == ["shop/wren.md", "shop/loft.md"]
    assert [len(passages) for passages in found] == [2, 2]
    assert found[0][0].heading == "Wren"
    assert found[0][0].text == "The Wren holds two litres of water."
    assert found[0][0].score == pytest.approx(1 / 11 + 1.5 / 11)


def test_each_ranking_works_alone(index: Index):
    assert ids(index, "Loft", retrieval=Retrieval(vector_weight=0), k=5) == ["shop/loft.md"]
    assert len(ids(index, "Loft", retrieval=Retrieval(text_weight=0), k=5)) == 3


def test_words_are_matched_by_their_stem_and_stop_words_are_not_matched(index: Index):
    text_only = Retrieval(vector_weight=0)
    assert ids(index, "costing", retrieval=text_only) == ["shop/loft.md"]
    assert ids(index, "what is the of", retrieval=text_only) == []


def test_a_passage_with_roles_is_found_only_by_who_shares_one(index: Index):
    question = "What is the water budget of the people team?"
    assert "hr/bands.md" not in ids(index, question, k=10)
    assert "hr/bands.md" not in ids(index, question, k=10, roles=["staff"])
    assert ids(index, question, k=10, roles=["staff", "people-team"])[0] == "hr/bands.md"
    assert ids(index, question, k=10, roles=["the board's"])[0] == "hr/bands.md"


def test_a_role_cannot_break_out_of_the_filter(index: Index):
    assert "hr/bands.md" not in ids(index, "water budget", k=10, roles=["x') OR (1=1", "'", '"', "\\"])


def test_roles_do_not_take_places_from_what_the_caller_may_see(tmp_path: Path):
    write(tmp_path, {f"hr/{i}.md": f"# Water {i}\n\nwater water {i}" for i in range(20)}, roles=("staff",))
    index = write(tmp_path, PAGES)
    assert ids(index, "water", retrieval=Retrieval(candidates=3, k=3))[0] == "shop/wren.md"
    assert len(ids(index, "water", retrieval=Retrieval(candidates=3, k=3))) == 3


def test_a_pinned_table_shows_no_later_commit(index: Index, tmp_path: Path):
    index.pin(index.version)
    write(tmp_path, {"shop/heron.md": "# Heron\n\nThe Heron is a kettle."})
    assert "shop/heron.md" not in ids(index, "Heron kettle", k=10)
    assert "shop/heron.md" in ids(open_table_at(str(tmp_path), "t", Words(), Retrieval()), "Heron kettle", k=10)


def test_collections_narrow_the_search(index: Index):
    assert set(ids(index, "water", k=10, collections=["shop"])) == {"shop/wren.md", "shop/loft.md"}
    assert ids(index, "water", k=10, collections=["it's none"]) == []


ODD = [
    " ",
    "???",
    "+ - && ||",
    '"unclosed',
    "it's (a) [b] {c}",
    "a AND NOT",
    "field:value",
    "é 日本語 🙂",
    "\\",
    "~2",
    "x" * 2_000,
    "a\nb\tc",
]


@pytest.mark.parametrize("question", ODD)
def test_any_characters_may_stand_in_a_question(index: Index, question: str):
    assert len(ids(index, question, k=3)) == 3


def test_no_question_finds_nothing(index: Index):
    assert index.search([]) == []


def test_a_commit_replaces_what_a_document_no_longer_says(tmp_path: Path):
    index = write(tmp_path, {"a.md": "# A\n\nOld one.\n\n## B\n\nOld two.", "b.md": "# B\n\nStays."})
    version = index.version
    write(tmp_path, {"a.md": "# A\n\nNew one."}, stale=["a.md", "it's gone.md"])
    assert (index.version, index.rows) == (version + 1, 2)
    assert {piece.text for piece in chunks_in(find_table(str(tmp_path), "t"))} == {"New one.", "Stays."}


def test_an_open_index_sees_a_commit_at_once(tmp_path: Path):
    index = write(tmp_path, PAGES)
    write(tmp_path, {"new.md": "# Pebble\n\nThe Pebble grinds fine."}, stale=["new.md"])
    assert ids(index, "Pebble")[0] == "new.md"


def test_equals_are_ordered_alike_in_whatever_order_the_rows_lie(tmp_path: Path):
    pages = {f"d{i}.md": "# Same\n\nThe very same words." for i in range(6)}
    forth, back = write(tmp_path / "forth", pages), write(tmp_path / "back", dict(reversed(pages.items())))
    for retrieval in (Retrieval(text_weight=0), Retrieval(vector_weight=0), Retrieval()):
        assert ids(forth, "same words", k=6, retrieval=retrieval) == ids(back, "same words", k=6, retrieval=retrieval)


def test_the_same_rows_written_twice_are_there_once(tmp_path: Path):
    write(tmp_path, PAGES)
    assert write(tmp_path, PAGES).rows == 3


def test_an_empty_batch_drops_documents(tmp_path: Path):
    index = write(tmp_path, PAGES)
    commit(str(tmp_path), "t", Batch([], np.zeros((0, 64), np.float32), {}, Words.name), ["shop/wren.md"])
    assert sorted(documents_in(find_table(index.uri, "t"))) == ["hr/leave.md", "shop/loft.md"]


def test_chunks_come_back_as_they_went_in(tmp_path: Path):
    document = Document("hr/x.md", "One.\n\n## Y\n\nTwo.", "m", "x", roles=("a", "b"), is_titled=False)
    chunks = chunk(document, Chunking())
    vectors = Words().embed([piece.embedded_text for piece in chunks])
    table = commit(str(tmp_path), "t", Batch(chunks, vectors, {"hr/x.md": "m"}, Words.name))
    assert chunks_in(table) == chunks
    assert documents_in(table) == {"hr/x.md": ("m", tuple(sorted(piece.id for piece in chunks)))}


def test_the_table_has_the_columns_that_others_rely_on(index: Index):
    schema = find_table(index.uri, "t").schema
    wanted = "chunk_id doc_id text vector collection roles ordinal heading search_text text_hash"
    assert set(wanted.split()) <= set(schema.names)
    assert not schema.field("chunk_id").nullable
    assert schema.field("chunk_id").metadata == {b"lance-schema:unenforced-primary-key": b"true"}


def test_another_embedder_or_a_missing_table_is_refused(index: Index):
    other = Words()
    other.name = "other"
    with pytest.raises(Refused, match=r"was filled by the embedder words/64, not by other\. Run `tandem refresh`"):
        open_table_at(index.uri, "t", other, Retrieval())
    with pytest.raises(Refused, match=r"there is no table u at .*TANDEM_INDEX_URI"):
        open_table_at(index.uri, "u", Words(), Retrieval())


def test_a_workspace_without_an_index_says_what_to_run(workspace: Workspace):
    with pytest.raises(Refused, match=r"has no index yet\. Run `tandem refresh`"):
        open_index(workspace)


def test_changed_chunking_asks_for_a_refresh_and_another_table(workspace: Workspace):
    write(workspace.index_uri, PAGES, table=table_name(workspace))
    write_pointer(workspace, find_table(workspace.index_uri, table_name(workspace)))
    assert open_index(workspace, Words()).search(["Loft"], k=1)[0][0].doc_id == "shop/loft.md"
    params = workspace.params.model_copy(update={"chunking": Chunking(max_chars=300)})
    changed = Workspace(workspace.root, params, workspace.settings)
    assert table_name(changed) != table_name(workspace)
    with pytest.raises(Refused, match=r"built with another chunking than params\.yaml names\. Run `tandem refresh`"):
        open_index(changed, Words())


def test_an_index_can_be_pinned_to_a_version(workspace: Workspace):
    index = write(workspace.index_uri, PAGES, table=table_name(workspace))
    write_pointer(workspace, find_table(workspace.index_uri, table_name(workspace)))
    pinned = open_index(workspace, Words(), version=index.version)
    write(workspace.index_uri, {"new.md": "# Pebble\n\nThe Pebble grinds."}, table=table_name(workspace))
    assert (pinned.rows, open_index(workspace, Words()).rows) == (3, 4)


def test_workspaces_that_share_a_store_have_tables_of_their_own(workspace: Workspace):
    shared = Settings(index_uri="s3://bucket/index")
    names = {table_name(Workspace(workspace.root / name, workspace.params, shared)) for name in ("one", "two")}
    assert len(names) == 2


def test_maintenance_keeps_rows_and_drops_old_versions(workspace: Workspace):
    name = table_name(workspace)
    for i in range(5):
        index = write(workspace.index_uri, {"a.md": f"# A\n\nText number {i}."}, stale=["a.md"], table=name)
    write_pointer(workspace, find_table(workspace.index_uri, name))
    assert not maintain(workspace, keep=timedelta(0), every=index.version + 1)
    assert maintain(workspace, keep=timedelta(0), every=index.version)
    assert [piece.text for piece in chunks_in(find_table(workspace.index_uri, name))] == ["Text number 4."]
    assert ids(index, "number 4") == ["a.md"]
    assert len(find_table(workspace.index_uri, name).list_versions()) == 1
    assert read_pointer(workspace)["version"] == index.version
    write_pointer(workspace, find_table(workspace.index_uri, name))
    assert not maintain(workspace, keep=timedelta(0), every=1)


def test_upkeep_keeps_the_version_that_the_last_refresh_left_where_a_killed_one_wrote_after_it(workspace: Workspace):
    name = table_name(workspace)
    index = write(workspace.index_uri, {"a.md": "# A\n\nServed."}, table=name)
    write_pointer(workspace, find_table(workspace.index_uri, name))
    served = index.version
    write(workspace.index_uri, {"a.md": "# A\n\nOf a killed refresh."}, stale=["a.md"], table=name)
    assert maintain(workspace, keep=timedelta(0), every=0)
    assert read_pointer(workspace)["version"] == served
    assert served in {entry["version"] for entry in find_table(workspace.index_uri, name).list_versions()}


def test_the_tables_that_served_earlier_are_maintained_and_purged_too(workspace: Workspace):
    recut = Workspace(workspace.root, workspace.params.model_copy(update={"chunking": Chunking(max_chars=300)}), workspace.settings)
    for one in (workspace, recut):
        for text in ("Zebrasecret.", "Public."):
            write(one.index_uri, {"a.md": f"# A\n\n{text}"}, stale=["a.md"], table=table_name(one))
        write_pointer(one, find_table(one.index_uri, table_name(one)))
    assert list(earlier_tables(recut)) == [table_name(workspace)]
    assert maintain(recut, keep=timedelta(0), every=1)
    assert [len(find_table(recut.index_uri, table_name(one)).list_versions()) for one in (workspace, recut)] == [1, 1]
    purge(recut)
    assert holding(recut, b"Zebrasecret") == []
    assert ids(open_table_at(workspace.index_uri, table_name(workspace), Words(), Retrieval()), "Public") == ["a.md"]
    write_pointer(workspace, find_table(workspace.index_uri, table_name(workspace)))
    assert list(earlier_tables(workspace)) == [table_name(recut)]


def test_a_place_that_can_hold_no_index_is_refused():
    with pytest.raises(Refused, match=r"there can be no index at /proc/none: .*TANDEM_INDEX_URI"):
        write("/proc/none", PAGES)


def test_a_purge_leaves_no_deleted_text_on_disk(workspace: Workspace):
    name = table_name(workspace)
    pages = {f"d{i}.md": f"# Page {i}\n\nPublic {i}." for i in range(40)}
    write(workspace.index_uri, pages | {"s.md": "# S\n\nZebrasecret."}, table=name)
    write(workspace.index_uri, {"s.md": "# S\n\nZebrasecret."}, table="chunks_of_an_older_layout")
    shutil.copytree(Path(workspace.index_uri, f"{name}.lance"), Path(workspace.index_uri, f"{name}.damaged"))
    index = write(workspace.index_uri, {"d1.md": "# Page 1\n\nOther."}, stale=["d1.md", "s.md"], table=name)
    write_pointer(workspace, find_table(workspace.index_uri, name))
    assert holding(workspace, b"Zebrasecret")
    Path(workspace.index_uri, f"{name}.lance", "data", "of-a-compaction-that-was-refused.lance").write_bytes(b"Zebrasecret")
    purge(workspace)
    assert holding(workspace, b"Zebrasecret") == []
    assert (index.rows, ids(index, "Page 7 Public 7")[0], read_pointer(workspace)["version"]) == (40, "d7.md", index.version)


def holding(workspace: Workspace, text: bytes) -> list[Path]:
    return [path for path in Path(workspace.index_uri).rglob("*") if path.is_file() and text in path.read_bytes()]


@pytest.fixture
def large(workspace: Workspace) -> Workspace:
    """A workspace whose table is large enough for all indexes."""
    params = workspace.params.model_copy(update={"index": workspace.params.index.model_copy(update={"vector_index_rows": 300})})
    return Workspace(workspace.root, params, workspace.settings)


def numbered_pages(folder: str = "") -> dict[str, str]:
    return {f"{folder}d{i}.md": f"# Page {i}\n\nWord{i} word{i + 1} word{i + 2}." for i in range(320)}


def test_a_large_table_gets_all_indexes_and_still_finds(large: Workspace):
    index = write(large.index_uri, numbered_pages(), table=table_name(large))
    write_pointer(large, find_table(large.index_uri, table_name(large)))
    maintain(large, every=1)
    indexed = {one.columns[0] for one in find_table(large.index_uri, table_name(large)).list_indices()}
    assert indexed == {"search_text", "vector", "collection"}
    vector_only = Retrieval(text_weight=0)
    found = [ids(index, f"Page {i} Word{i} word{i + 1} word{i + 2}", retrieval=vector_only)[0] for i in range(0, 320, 40)]
    assert sum(doc_id == f"d{i}.md" for doc_id, i in zip(found, range(0, 320, 40), strict=True)) >= 7


def test_the_filters_hold_for_what_came_after_the_indexes(large: Workspace):
    name = table_name(large)
    index = write(large.index_uri, numbered_pages("open/"), table=name)
    write_pointer(large, find_table(large.index_uri, name))
    maintain(large, every=1)
    page = {"open/d7.md": "# Page 7\n\nZebras are kept in the cellar."}
    write(large.index_uri, page, roles=("keeper",), stale=["open/d7.md"], table=name)  # restricted from now on
    write(large.index_uri, {"zoo/x.md": "# Zoo\n\nZebras sleep."}, table=name)
    for _ in range(2):  # before and after the indexes hold them
        assert "open/d7.md" not in ids(index, "Zebras are kept in the cellar", k=10)
        assert ids(index, "Zebras are kept in the cellar", k=10, roles=["keeper"])[0] == "open/d7.md"
        assert ids(index, "Zebras are kept in the cellar", k=10, roles=["keeper"], collections=["zoo"]) == ["zoo/x.md"]
        maintain(large, every=1)


def test_a_damaged_table_comes_back_where_no_new_one_can_be_written(tmp_path, monkeypatch):
    class Full:
        def create_table(self, name, **_):
            (tmp_path / f"{name}.lance").mkdir(exist_ok=True)
            raise RuntimeError("No space left on device")

    (tmp_path / "chunks.lance").mkdir()
    (tmp_path / "chunks.lance" / "data").write_text("what can still be saved")
    monkeypatch.setattr("tasks.table.connect", lambda uri: Full())
    with pytest.raises(RuntimeError, match="No space left"):
        _write_anew(str(tmp_path), "chunks", [])
    assert [path.name for path in tmp_path.iterdir()] == ["chunks.lance"]
    assert (tmp_path / "chunks.lance" / "data").read_text() == "what can still be saved"
