"""`tandem init`: all of a workspace, or nothing and the reason."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tandem.errors import Refused
from tasks.create import create_workspace


def test_a_folder_of_documents_is_not_copied_into_itself(tmp_path):
    (tmp_path / "page.md").write_text("A page.")
    with pytest.raises(Refused, match=r"/kb lies inside --documents .*: it would be copied into itself"):
        create_workspace(tmp_path / "kb", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


def test_every_link_to_nowhere_is_named(tmp_path):
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "page.md").write_text("A page.")
    for name in ("one.md", "two.md"):
        (documents / name).symlink_to("nowhere")
    with pytest.raises(Refused, match=r"one\.md.*two\.md|two\.md.*one\.md"):
        create_workspace(tmp_path / "kb", documents)
    assert list(tmp_path.iterdir()) == [documents]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("TANDEM_DVC_REMOTE", "bogus://x", "DVC cannot use the remote bogus://x: .*Unsupported URL type"),
        ("TANDEM_DVC_REMOTE", "/dev/null/x", "DVC cannot use the remote /dev/null/x: .*Not a directory"),
        ("TANDEM_THREADS", "abc", "TANDEM_THREADS = 'abc': Input should be a valid integer"),
    ],
)
def test_a_bad_setting_leaves_nothing_behind(tmp_path, monkeypatch, variable, value, message):
    monkeypatch.setenv(variable, value)
    with pytest.raises(Refused, match=message):
        create_workspace(tmp_path / "kb")
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_without_its_repository_is_completed_where_it_is(tmp_path):
    root = tmp_path / "kb"
    create_workspace(root)
    remote = f"url = {root / '.tandem' / 'dvc-remote'}"
    assert remote in (root / ".dvc" / "config").read_text()
    subprocess.run(["rm", "-rf", root / ".git", root / ".dvc"], check=True)
    (root / "params.yaml").write_text((root / "params.yaml").read_text() + "# mine\n")
    assert create_workspace(root).root == root
    assert remote in (root / ".dvc" / "config").read_text()
    assert (root / ".git").is_dir()
    assert "# mine" in (root / "params.yaml").read_text()
    with pytest.raises(Refused, match="exists and is not empty"):
        create_workspace(root, Path(__file__).parent)
