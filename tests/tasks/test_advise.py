"""The facts that advice goes by, measured on real folders and workspaces."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest

from tandem.errors import Refused
from tandem.records import Decision
from tasks.advise import advise_folder, advise_workspace, set_against
from tasks.change_rate import changed_share_a_week, rate_of_folder, rate_of_workspace
from tasks.facts import survey_folder, survey_workspace
from tasks.workspace import open_workspace

WEEK_S = 7 * 24 * 3600


def commit(folder, message, days_ago):
    at = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
    env = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at, "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": str(folder)}
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, "commit", "-qm", message], cwd=folder, check=True, env={**env, "PATH": "/usr/bin:/bin"})


def test_a_folder_is_measured_without_a_workspace(small_inputs):
    documents, examples = small_inputs
    advice = advise_folder(documents, examples, {"must_cite": False}, None)
    facts = advice["facts"]
    assert (facts["n_documents"], facts["n_examples"], facts["restricted_share"]) == (12, 40, 0.0)
    assert facts["n_tokens"] == 486
    assert (facts["n_for_training"], facts["n_passed_over"]) == (round(36 * 0.6), 0)
    assert facts["fixed_form"] is None
    assert facts["must_cite"] is False
    assert advice["variant"] == "rag"


def test_restricted_and_near_duplicate_documents_are_counted(tmp_path):
    text = "The kettle is heavy and red and holds nine cups of water for tea in the morning of each day of the week."
    for name, matter in (("a", ""), ("b", "---\nroles: [board]\n---\n"), ("c", "---\ntrainable: false\n---\n")):
        (tmp_path / f"{name}.md").write_text(matter + text)
    (tmp_path / "d.md").write_text("Something else altogether is said here, of hats and of their brims and ribbons, at some length.")
    (tmp_path / "e.bin").write_bytes(b"\x00\xff")
    facts = advise_folder(tmp_path, None, {}, None)["facts"]
    assert (facts["n_documents"], facts["restricted_share"], facts["duplicate_share"]) == (4, 0.5, 0.75)


def test_lines_that_do_not_hold_are_counted_as_passed_over(tmp_path, small_inputs):
    documents, examples = small_inputs
    lines = tmp_path / "examples.jsonl"
    lines.write_text(examples.read_text() + 'not json\n{"question": "q?", "answer": "a", "sources": ["gone.md"]}\n')
    facts = advise_folder(documents, lines, {}, None)["facts"]
    assert (facts["n_examples"], facts["n_passed_over"]) == (40, 2)


def test_changes_of_a_git_folder_are_counted_a_week(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    for name in "abcd":
        (tmp_path / f"{name}.md").write_text(f"page {name}")
    commit(tmp_path, "first", days_ago=28)
    (tmp_path / "a.md").write_text("edited")
    (tmp_path / "b.md").unlink()
    (tmp_path / "program.py").write_text("no document")
    commit(tmp_path, "second", days_ago=10)
    assert rate_of_folder(tmp_path, 4) == pytest.approx(2 / 4 / 4, rel=0.01)


def test_a_folder_outside_git_has_no_rate(tmp_path):
    (tmp_path / "a.md").write_text("A page about nothing much, but long enough.")
    assert rate_of_folder(tmp_path, 1) is None


def test_a_history_of_less_than_a_day_says_nothing_and_one_of_days_counts_as_a_week():
    now = time.time()
    assert changed_share_a_week(10, now - 3600, [(now, 5)], now) is None
    assert changed_share_a_week(10, now - 2 * 24 * 3600, [(now, 5)], now) == 0.5
    assert changed_share_a_week(10, now - 2 * WEEK_S, [(now - 2 * WEEK_S, 10), (now, 5)], now) == pytest.approx(0.25)


def test_a_workspace_counts_the_documents_that_changed_between_its_data_versions(make_workspace):
    from tasks.versions import record

    root = make_workspace()
    workspace = open_workspace(root)
    record(workspace, [], "first")
    page = workspace.documents_dir / "products" / "elm.md"
    page.write_text(page.read_text() + "\nIt is blue.\n")
    (workspace.documents_dir / "products" / "fir.md").unlink()
    record(workspace, [], "second")
    path = workspace.state_dir / "versions.jsonl"
    first, second = path.read_text().splitlines()
    long_ago = (datetime.now(UTC) - timedelta(weeks=3)).isoformat(timespec="seconds")
    at = first.split('"at": "')[1].split('"')[0]
    path.write_text(first.replace(at, long_ago) + "\n" + second + "\n")
    assert rate_of_workspace(workspace, 10) == pytest.approx(2 / 10 / 3, rel=0.01)
    assert survey_workspace(workspace).n_documents == 11
    assert advise_workspace(workspace, {"may_train": False}, 20_000)["facts"]["queries_per_day"] == 20_000


@pytest.mark.parametrize(
    ("variant", "fit"), [("rag", "; as advised"), ("lora", "; lora instead of rag"), ("champion", ""), (None, "")]
)  # fmt: skip
def test_what_was_advised_stands_beside_what_was_decided_in_one_sentence(variant, fit):
    states = ["confirmed: a", "confirmed: b", "overruled: c", "not measured: d"]
    advice = {"before_measuring": "rag", "variant": "lora", "verdicts": [{"measured": state} for state in states]}
    assert set_against(advice, Decision(True, variant, ("so it was decided", "because"), 40, None, {})) == (
        f"Advised from the documents alone: rag; measured: so it was decided{fit};"
        " of the 4 rules 2 confirmed, 1 overruled, 0 open, 1 not measured."
    )


def test_a_folder_without_a_readable_document_is_refused(tmp_path):
    with pytest.raises(Refused, match="holds no document that can be read"):
        survey_folder(tmp_path, None, open_params())
    with pytest.raises(Refused, match="is no folder"):
        survey_folder(tmp_path / "nowhere", None, open_params())


def open_params():
    from tasks.facts import default_params

    return default_params()
