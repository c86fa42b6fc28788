"""A converter that hangs, in its real process: the file is given up in time, all else goes on, and nothing is left running."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tandem.errors import Refused
from tandem.params import Documents, Params, Prompt, Variant
from tasks import convert
from tasks.refresh import all_chunks, refresh
from tasks.workspace import PROJECT, Settings, Workspace

N_LETTERS = 12_000  # scattered over a page: pdfminer weighs each pair of them


def endless_pdf() -> bytes:
    letters = "".join(f"BT /F 1 Tf 1 0 0 1 {7 * n % 600} {11 * n % 797} Tm (a) Tj ET\n" for n in range(N_LETTERS))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        f"<< /Length {len(letters)} >>\nstream\n{letters}endstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body = "".join(f"{number} 0 obj\n{text}\nendobj\n" for number, text in enumerate(objects, 1))
    return f"%PDF-1.4\n{body}trailer\n<< /Root 1 0 R >>\n%%EOF\n".encode()


def test_a_refresh_gives_a_hanging_file_up_in_time_and_serves_the_others(tmp_path: Path):
    limits = Documents(read_timeout_s=1, min_chars=1)
    workspace = Workspace(
        tmp_path / "kb", Params(prompt=Prompt(instruction="x"), variants={"rag": Variant(retrieve=True)}, documents=limits), Settings()
    )
    workspace.documents_dir.mkdir(parents=True)
    pages = {"a.csv": b"part,price\nC1,12\n", "hang.pdf": endless_pdf(), "wren.md": b"The Wren holds two litres.\n", "z.csv": b"part\nC2\n"}
    for name, content in pages.items():
        (workspace.documents_dir / name).write_bytes(content)
    convert.convert(b"a\n1\n", ".csv", "CsvConverter", 30)
    hung = convert._CHILD.process
    assert hung is not None
    done = refresh(workspace)
    assert done.quarantined == {"hang.pdf": "reading took longer than 1 s (params.yaml: documents.read_timeout_s)"}
    assert {piece.doc_id for piece in all_chunks(workspace)} == {"a.csv", "wren.md", "z.csv"}
    assert (workspace.quarantine_dir / "hang.pdf").read_bytes() == pages["hang.pdf"]
    assert hung.returncode == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.kill(hung.pid, 0)


def test_the_converter_of_a_process_that_was_killed_ends_by_itself():
    question = {"suffix": ".pdf", "converter": "PdfConverter", "timeout_s": 0.1, "data": base64.b64encode(endless_pdf()).decode()}
    child = subprocess.Popen([sys.executable, "-m", "tasks.convert"], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdout.readline()
        child.stdin.write(json.dumps(question).encode() + b"\n")
        child.stdin.flush()
        assert child.wait(20) == -signal.SIGALRM
    finally:
        child.kill()
        child.communicate()


def test_a_converter_that_does_not_start_condemns_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    convert._CHILD.stop()
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho No module named markitdown >&2\n")
    broken.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(broken))
    with pytest.raises(Refused, match=r"does not start: No module named markitdown\. No file was judged"):
        convert.convert(b"a\n1\n", ".csv", "CsvConverter", 30)
