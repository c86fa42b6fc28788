"""Hashes of files that are read once, and leftovers of killed processes."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from tasks.contents import content_hash, sweep


def test_a_file_is_named_by_its_content_alone_and_read_again_when_it_changed(tmp_path: Path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"kettle")
    other.write_bytes(b"kettle")
    assert content_hash(one) == content_hash(other) == hashlib.sha256(b"kettle").hexdigest()[:12]
    one.write_bytes(b"kettles")
    assert content_hash(one) == hashlib.sha256(b"kettles").hexdigest()[:12]


def test_only_scratch_folders_older_than_a_day_are_removed(tmp_path: Path):
    for name, age_s in ((".onnx-old", 90_000), (".onnx-new", 80_000), (".gguf-old", 90_000), ("mine", 90_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.onnx").touch()
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    sweep(tmp_path, ".onnx-")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gguf-old", ".onnx-new", "mine"]
    sweep(tmp_path / "none", ".onnx-")
