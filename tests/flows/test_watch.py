"""`tandem watch` as it runs: one process for all of these tests, told of changes by the file system alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.watch import SWEEP_AFTER_S
from tasks.create import create_workspace
from tasks.index import table_name
from tasks.table import chunks_in, find_table
from tasks.workspace import Workspace, open_workspace

TIMEOUT_S = 240.0
QUIET_S = 3.5  # longer than what follows an event, the sweep behind it aside


class Watch:
    """The running command; `lines` are the refreshes that it has told of."""

    def __init__(self, root: Path):
        self.workspace: Workspace = open_workspace(root)
        self.out, self.err = root.parent / "out.jsonl", root.parent / "err.txt"
        environment = {**os.environ, "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false"}
        command = [sys.executable, "-m", "flows.cli", "watch", "--json", "--workspace", str(root)]
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.read_text().splitlines()]

    def put(self, doc_id: str, content: str | bytes) -> Path:
        path = self.workspace.documents_dir / doc_id
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def served(self) -> dict[str, str]:
        """Document id -> all its text, as a reader of its own sees it."""
        texts: dict[str, str] = {}
        for piece in chunks_in(find_table(self.workspace.index_uri, table_name(self.workspace))):
            texts[piece.doc_id] = texts.get(piece.doc_id, "") + piece.text
        return texts

    def until(self, what: str, holds: object) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while not holds():  # type: ignore[operator]
            assert self.process.poll() is None, self.err.read_text()
            assert time.monotonic() < deadline, f"{what} did not come true; {self.err.read_text()} {self.lines[-3:]}"
            time.sleep(0.02)


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory, small_inputs: tuple[Path, Path]) -> Iterator[Watch]:
    root = tmp_path_factory.mktemp("watch") / "kb"
    create_workspace(root, *small_inputs)
    started = Watch(root)
    try:
        started.until("ready", lambda: "ready\n" in started.err.read_text())
        yield started
    finally:
        started.process.kill()
        started.process.wait()


def test_it_begins_with_a_refresh(watch: Watch):
    assert len(watch.lines[0]["added"]) == 12  # type: ignore[arg-type]
    assert watch.err.read_text().splitlines()[-1] == "ready"


def test_an_edit_is_searchable_at_once(watch: Watch):
    watch.put("products/elm.md", "# Elm kettle\n\nThe Elm kettle now weighs exactly 7.7 kg.\n")
    watch.until("the edit", lambda: "7.7 kg" in watch.served()["products/elm.md"])
    watch.until("its line", lambda: watch.lines[-1]["changed"] == ["products/elm.md"])
    assert watch.lines[-1]["chunks_embedded"] == 1


def test_deleted_renamed_and_moved_documents_and_folders(watch: Watch):
    documents = watch.workspace.documents_dir
    (documents / "products" / "fir.md").unlink()
    (documents / "products" / "hazel.md").rename(documents / "products" / "hazelnut.md")
    watch.until("delete and rename", lambda: {"products/fir.md", "products/hazel.md"}.isdisjoint(watch.served()))
    watch.until("the new name", lambda: "products/hazelnut.md" in watch.served())
    watch.put("attic/old/a.md", "# Attic\n\nThe attic holds what is no longer sold.\n")
    watch.put("attic/b.md", "# Loft\n\nThe loft above holds all the rest of it.\n")
    watch.until("a new folder", lambda: {"attic/old/a.md", "attic/b.md"} <= watch.served().keys())
    (documents / "attic").rename(documents / "cellar")
    watch.until(
        "a moved folder",
        lambda: {name for name in watch.served() if "/b.md" in name or "/a.md" in name} == {"cellar/old/a.md", "cellar/b.md"},
    )
    shutil.rmtree(documents / "cellar")
    watch.until("a folder that is gone", lambda: not any(name.startswith("cellar/") for name in watch.served()))


def test_a_burst_is_few_refreshes(watch: Watch):
    before = len(watch.lines)
    for number in range(40):
        watch.put(f"burst/{number}.md", f"# Number {number}\n\nThis is page number {number} of a long burst.\n")
    watch.until("the burst", lambda: sum(name.startswith("burst/") for name in watch.served()) == 40)
    watch.until("its lines", lambda: sum(len(line["added"]) for line in watch.lines[before:]) == 40)  # type: ignore[misc, arg-type]
    assert len(watch.lines) - before <= 5
    shutil.rmtree(watch.workspace.documents_dir / "burst")
    watch.until("its end", lambda: not any(name.startswith("burst/") for name in watch.served()))


def test_a_file_that_is_written_slowly_is_read_once_it_is_whole(watch: Watch):
    text = "# Slow\n\nThis page comes in two halves with a Größe between them.\n".encode()
    half = text.index("ß".encode()) + 1  # no UTF-8 so far: read now it would go to quarantine
    path = watch.workspace.documents_dir / "slow.md"
    with path.open("wb", buffering=0) as file:
        file.write(text[:half])
        time.sleep(1)
        assert "slow.md" not in watch.served()
        assert path.is_file()
        file.write(text[half:])
    watch.until("the whole", lambda: "Größe between them" in watch.served().get("slow.md", ""))
    assert not (watch.workspace.quarantine_dir / "slow.md").exists()


def test_an_editor_that_replaces_the_file_by_a_rename(watch: Watch):
    documents = watch.workspace.documents_dir
    for number in range(3):
        watch.put("products/.ilex.md.swp", "swap")
        os.replace(documents / "products" / "ilex.md", documents / "products" / "ilex.md~")
        watch.put("products/.ilex.new", f"# Ilex kettle\n\nThe Ilex kettle was saved {number + 5} times by an editor.\n")
        os.replace(documents / "products" / ".ilex.new", documents / "products" / "ilex.md")
        watch.until("the save", lambda number=number: f"{number + 5} times" in watch.served().get("products/ilex.md", ""))
    assert [name for name in watch.served() if "ilex" in name] == ["products/ilex.md"]


def test_a_bad_version_is_set_aside_and_what_the_watch_writes_itself_does_not_wake_it(watch: Watch):
    good = watch.served()["products/birch.md"]
    watch.until("the first record, from which the file comes back", lambda: (watch.workspace.root / "dvc.lock").is_file())
    watch.put("products/birch.md", b"\xff\xfe bad")
    watch.until("the quarantine", lambda: watch.lines[-1]["quarantined"])
    assert watch.lines[-1]["quarantined"] == {"products/birch.md": "not UTF-8: byte 0xff at position 0; save it as UTF-8"}
    watch.until("the good file", lambda: (watch.workspace.documents_dir / "products" / "birch.md").is_file())
    told = len(watch.lines)
    time.sleep(SWEEP_AFTER_S + QUIET_S)
    assert (len(watch.lines), watch.served()["products/birch.md"]) == (told, good)


def test_while_another_process_writes_it_waits(watch: Watch):
    with watch.workspace.writing():
        watch.put("products/larch.md", "# Larch kettle\n\nThe Larch kettle came back after the lock.\n")
        watch.until("its complaint", lambda: "has held the writer lock" in watch.err.read_text())
    watch.until("the edit", lambda: "after the lock" in watch.served()["products/larch.md"])


def test_a_refusal_is_said_once_and_nothing_is_missed_by_it(watch: Watch):
    params = watch.workspace.root / "params.yaml"
    good = params.read_text()
    params.write_text(good.replace("canary_depth:", "canary_deep:"))
    watch.put("products/cedar.md", "# Cedar kettle\n\nThe Cedar kettle was edited under bad params.\n")
    watch.until("the refusal", lambda: "unknown key index.canary_deep" in watch.err.read_text())
    time.sleep(QUIET_S)
    said = [line for line in watch.err.read_text().splitlines() if "canary_deep" in line and "not recorded" not in line]
    assert len(said) == 1
    params.write_text(good)
    watch.put("products/dogwood.md", "# Dogwood kettle\n\nThe Dogwood kettle was edited under good params.\n")
    watch.until("both edits", lambda: all("was edited under" in watch.served()[f"products/{name}.md"] for name in ("cedar", "dogwood")))


def test_an_edited_examples_file_is_recorded(watch: Watch):
    examples = watch.workspace.examples_path
    lines = examples.read_text().splitlines(keepends=True)
    examples.write_text("".join(lines) + lines[0].replace("alder-0", "alder-new"))
    watch.until("the label", lambda: watch.workspace.labels_path.is_file() and "alder-new" in watch.workspace.labels_path.read_text())


def test_a_signal_ends_it_with_everything_recorded(watch: Watch):
    watch.put("products/maple.md", "# Maple kettle\n\nThe Maple kettle is the last page of all.\n")
    time.sleep(0.3)
    watch.process.send_signal(signal.SIGTERM)
    assert watch.process.wait(TIMEOUT_S) == 0, watch.err.read_text()
    assert "last page of all" in watch.served()["products/maple.md"]
    assert "Traceback" not in watch.err.read_text()
    status = [str(Path(sys.executable).parent / "dvc"), "status", "--json", "index", "data/documents.dvc", "data/examples.jsonl.dvc"]
    assert json.loads(subprocess.run(status, cwd=watch.workspace.root, capture_output=True, text=True, check=True).stdout) == {}
    log = subprocess.run(["git", "log", "--format=%s"], cwd=watch.workspace.root, capture_output=True, text=True, check=True).stdout
    assert log.startswith("Refresh ")
    from tasks.tracking import connected, experiment_id

    with connected(watch.workspace) as client:
        runs = client.search_runs([experiment_id(watch.workspace)])
    assert sum(run.data.metrics["changed"] for run in runs) >= 2  # two edits at least came after the first record
