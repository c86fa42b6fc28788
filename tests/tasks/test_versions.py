"""Versions with real DVC and git in temporary folders; the stages' commands are one-line stand-ins."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import yaml

from tandem.errors import Refused
from tandem.params import Params
from tasks import versions
from tasks.data_version import data_version, documents_md5, examples_md5
from tasks.repository import commit_of, create_repository
from tasks.workspace import PROJECT, Workspace, open_workspace

STEP = """
import json, pathlib, sys
def write(path, content):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
def read(path):
    path = pathlib.Path(path)
    return path.read_text() if path.is_file() else sorted(one.read_text() for one in path.rglob("*") if one.is_file())
pathlib.Path("ran.log").open("a").write(sys.argv[1] + chr(10))
if sys.argv[1] == "refresh":
    write("artifacts/index/manifest.json", {"layout": {"chunking": 700}, "documents": read("data/documents")})
if sys.argv[1] == "dataset":
    write("artifacts/training/set.jsonl", read("data/documents"))
if sys.argv[1] == "train":
    write("artifacts/adapter/weights.json", read("artifacts/training"))
if sys.argv[1] == "evaluate":
    write("artifacts/evaluation/metrics.json", {"rag": {"quality": 0.75}})
    write("artifacts/evaluation/scorecards.json", read("artifacts/adapter"))
    pathlib.Path("artifacts/evaluation/plots").mkdir(exist_ok=True)
    pathlib.Path("artifacts/evaluation/plots/quality.csv").write_text("variant,quality\\nrag,0.75\\n")
"""
ALL = ("index", "dataset", "train", "evaluate")


@pytest.fixture(autouse=True)
def _isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the user, no cache of DVC's outside the test's folder, no repository around it."""
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site-cache"))
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(tmp_path / "dvc-config"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for name in ("DVC_STAGE", "TANDEM_DVC_REMOTE", "GIT_DIR", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)


def make_files(root: Path) -> Path:
    """A workspace's files, without git or DVC: the real dvc.yaml with stand-in commands."""
    (root / "data" / "documents" / "support").mkdir(parents=True)
    (root / "data" / "documents" / "wren.md").write_text("The Wren has one boiler.\n")
    (root / "data" / "documents" / "support" / "descale.md").write_text("Descale twice a year.\n")
    (root / "data" / "examples.jsonl").write_text('{"question": "How many boilers has the Wren?", "answer": "one"}\n')
    shutil.copyfile(PROJECT / "params.yaml", root / "params.yaml")
    (root / "step.py").write_text(STEP)
    (root / "dvc.yaml").write_text((PROJECT / "dvc.yaml").read_text().replace("python -m tasks.", "python step.py "))
    return root


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = make_files(tmp_path / "ws")
    create_repository(root)
    return open_workspace(root)


def run(root: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def git(root: Path, *arguments: str) -> str:
    return run(root, "git", "-c", "user.name=Ana", "-c", "user.email=ana@example.org", *arguments).strip()


def in_process(workspace: Workspace, *steps: str) -> None:
    """What a flow does: make the outputs without DVC."""
    for step in steps:
        run(workspace.root, sys.executable, "step.py", step)


def status(root: Path) -> dict[str, Any]:
    from dvc.repo import Repo

    with chdir(root), Repo(str(root)) as repo:
        return dict(repo.status())


def reproduced(root: Path) -> list[str]:
    """The steps that `dvc repro` ran."""
    log = root / "ran.log"
    log.unlink(missing_ok=True)
    run(root, "dvc", "repro")
    return log.read_text().split() if log.exists() else []


def everything_recorded(workspace: Workspace) -> versions.Recorded:
    in_process(workspace, "refresh", "dataset", "train", "evaluate")
    return versions.record(workspace, ALL, "First run")


def edit(workspace: Workspace, text: str = "The Wren has two boilers now.\n") -> None:
    (workspace.documents_dir / "wren.md").write_text(text)


# --- md5s -------------------------------------------------------------------------------------------------------------------


def test_md5s_computed_here_equal_those_of_dvc(workspace: Workspace) -> None:
    (workspace.documents_dir / "café +1.md").write_text("Unicode names and spaces, too.\n")
    (workspace.documents_dir / "empty.md").touch()
    (workspace.documents_dir / "draft.md~").write_text("An editor's backup is no document.\n")
    (workspace.documents_dir / "dos.md").write_bytes(b"Line ends\r\nare kept\r\n")
    run(workspace.root, "dvc", "add", "-q", "data/documents", "data/examples.jsonl")
    documents = yaml.safe_load((workspace.root / "data/documents.dvc").read_text())["outs"][0]
    examples = yaml.safe_load((workspace.root / "data/examples.jsonl.dvc").read_text())["outs"][0]
    assert (documents_md5(workspace), documents["nfiles"]) == (documents["md5"], 5)
    assert examples_md5(workspace) == examples["md5"]
    assert data_version(workspace) == f"{documents['md5'][:8]}-{examples['md5'][:8]}"


def test_linked_documents_have_the_md5_that_dvc_gives_them(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kettle.md").write_text("The Rill boils a litre.\n")
    (workspace.documents_dir / "linked.md").symlink_to(tmp_path / "elsewhere" / "kettle.md")
    run(workspace.root, "dvc", "add", "-q", "data/documents")
    assert documents_md5(workspace) == yaml.safe_load((workspace.root / "data/documents.dvc").read_text())["outs"][0]["md5"]


def test_an_edit_changes_the_first_half_of_the_data_version_and_back_again(workspace: Workspace) -> None:
    before = data_version(workspace)
    edit(workspace)
    changed = data_version(workspace)
    assert (changed.split("-")[0] == before.split("-")[0], changed.split("-")[1] == before.split("-")[1]) == (False, True)
    edit(workspace, "The Wren has one boiler.\n")
    assert data_version(workspace) == before


def test_without_data_the_version_says_none(workspace: Workspace) -> None:
    shutil.rmtree(workspace.documents_dir)
    workspace.examples_path.unlink()
    assert data_version(workspace) == "none-none"


# --- making a repository ---------------------------------------------------------------------------------------------------


def test_a_new_workspace_is_a_git_and_dvc_repository_with_a_local_remote(workspace: Workspace) -> None:
    root = workspace.root
    assert git(root, "status", "--porcelain") == "?? step.py"
    assert git(root, "log", "--format=%an %s") == "Tandem Start the workspace"
    assert run(root, "dvc", "config", "core.analytics").strip().lower() == "false"
    assert run(root, "dvc", "config", "core.autostage").strip().lower() == "false"
    assert run(root, "dvc", "config", "remote.storage.url").strip() == str(root / ".tandem" / "dvc-remote")
    assert (root / ".gitignore").read_text().split() == [
        "/.tandem/",
        "/data/quarantine/",
        "/data/documents",
        "/data/examples.jsonl",
        "/artifacts/",
    ]


def test_making_and_recording_print_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root = make_files(tmp_path / "ws")
    create_repository(root)
    everything_recorded(open_workspace(root))
    assert capfd.readouterr().out == ""


def test_making_it_again_changes_nothing(workspace: Workspace) -> None:
    files = {path: path.read_bytes() for path in [workspace.root / ".gitignore", workspace.root / ".dvc" / "config"]}
    head = commit_of(workspace.root)
    create_repository(workspace.root)
    assert {path: path.read_bytes() for path in files} == files
    assert commit_of(workspace.root) == head


def test_a_given_remote_is_used(tmp_path: Path) -> None:
    root = make_files(tmp_path / "ws")
    create_repository(root, remote=str(tmp_path / "shared"))
    versions.record(open_workspace(root), [], "Data")
    assert run(root, "dvc", "config", "remote.storage.url").strip() == str(tmp_path / "shared")
    assert len([path for path in (tmp_path / "shared").rglob("*") if path.is_file()]) == 4  # two documents, their list, the examples


def test_inside_a_git_repository_that_one_is_used_and_nothing_is_committed(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    root = make_files(tmp_path / "ws")
    create_repository(root)
    assert not (root / ".git").exists()
    assert commit_of(root) is None
    recorded = versions.record(open_workspace(root), [], "Data")
    assert git(tmp_path, "show", "--format=", "--name-only", "HEAD").split() == ["ws/data/documents.dvc", "ws/data/examples.jsonl.dvc"]
    assert recorded.git_commit == commit_of(tmp_path)


def test_data_that_git_tracks_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    root = make_files(tmp_path / "ws")
    git(root, "init", "-q")
    git(root, "add", "data")
    with pytest.raises(Refused, match=r"git already tracks 3 files .* Run `git rm -r --cached data/documents data/examples.jsonl`"):
        create_repository(root)


def test_where_git_ignores_the_pointers_dvc_works_without_git(tmp_path: Path) -> None:
    root = make_files(tmp_path / "project")
    ignored = ["/.tandem/", "/.dvc/", "/.dvcignore", "/artifacts/", "/dvc.lock", "/data/documents", "/data/documents.dvc"]
    ignored += ["/data/examples.jsonl", "/data/examples.jsonl.dvc", "/data/quarantine/", "/data/.gitignore", "ran.log"]
    (root / ".gitignore").write_text("\n".join(ignored) + "\n")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "The project")
    create_repository(root)
    workspace = open_workspace(root)
    recorded = everything_recorded(workspace)
    assert (git(root, "status", "--porcelain"), recorded.git_commit, recorded.notes) == ("", None, ())
    assert (status(root), reproduced(root)) == ({}, [])
    first = recorded.data_version
    edit(workspace)
    in_process(workspace, "refresh")
    second = versions.record(workspace, ["index"], "Edit").data_version
    assert (first != second, status(root)) == (True, {})
    assert versions.checkout(workspace, first) == first
    assert (workspace.documents_dir / "wren.md").read_text() == "The Wren has one boiler.\n"


# --- recording -------------------------------------------------------------------------------------------------------------


def test_after_a_record_dvc_status_is_clean_and_repro_has_nothing_to_do(workspace: Workspace) -> None:
    recorded = everything_recorded(workspace)
    assert (recorded.data_version, recorded.notes) == (data_version(workspace), ())
    assert recorded.documents_md5 == documents_md5(workspace)
    assert (status(workspace.root), reproduced(workspace.root)) == ({}, [])


def test_an_edited_document_makes_the_index_due_and_no_training(workspace: Workspace) -> None:
    everything_recorded(workspace)
    edit(workspace)
    assert sorted(status(workspace.root)) == ["data/documents.dvc", "index"]
    in_process(workspace, "refresh")
    versions.record(workspace, ["index"], "Edit")
    assert (status(workspace.root), reproduced(workspace.root)) == ({}, [])


def test_dvc_repro_alone_does_the_same_for_an_edit(workspace: Workspace) -> None:
    everything_recorded(workspace)
    edit(workspace)
    assert reproduced(workspace.root) == ["refresh"]
    assert status(workspace.root) == {}


def test_a_fresh_workspace_is_built_by_dvc_repro_alone(workspace: Workspace) -> None:
    versions.record(workspace, [], "Data")
    assert reproduced(workspace.root) == ["refresh", "dataset", "train", "evaluate"]
    assert (status(workspace.root), reproduced(workspace.root)) == ({}, [])


def test_a_changed_parameter_makes_its_stages_due(workspace: Workspace) -> None:
    everything_recorded(workspace)
    path = workspace.root / "params.yaml"
    path.write_text(path.read_text().replace("  margin: 0.02 ", "  margin: 0.03 "))
    assert status(workspace.root) == {}  # the decision is made anew with every comparison
    path.write_text(path.read_text().replace("  language: English", "  language: German"))
    assert sorted(status(workspace.root)) == ["index"]
    path.write_text(path.read_text().replace("  language: German", "  language: English"))
    path.write_text(path.read_text().replace("  min_examples: 40", "  min_examples: 4").replace("after_days: 30", "after_days: 20"))
    assert status(workspace.root) == {}  # when to train is no part of what is trained
    path.write_text(path.read_text().replace("  epochs: 4", "  epochs: 5"))
    assert sorted(status(workspace.root)) == ["train"]
    assert "adapter.epochs" in run(workspace.root, "dvc", "params", "diff")


def test_a_renewed_training_set_is_recorded_and_not_taken_from_an_older_run(workspace: Workspace) -> None:
    everything_recorded(workspace)
    edit(workspace)
    in_process(workspace, "refresh", "dataset", "train", "evaluate")
    versions.record(workspace, ALL, "Retrain")
    shutil.rmtree(workspace.artifacts_dir)
    run(workspace.root, "dvc", "checkout", "-q")
    assert "two boilers" in (workspace.adapter_dir / "weights.json").read_text()
    shutil.rmtree(workspace.artifacts_dir / "training")
    assert reproduced(workspace.root) == ["dataset"]
    assert "two boilers" in workspace.training_set_path.read_text()


def test_dag_metrics_and_params_work(workspace: Workspace) -> None:
    everything_recorded(workspace)
    dag = run(workspace.root, "dvc", "dag", "--dot")
    edges = {tuple(part.strip(' ";') for part in line.split("->")) for line in dag.splitlines() if "->" in line}
    wanted = {("data/documents.dvc", "index"), ("index", "dataset"), ("dataset", "train"), ("train", "evaluate"), ("index", "evaluate")}
    assert edges == wanted
    shown = json.loads(run(workspace.root, "dvc", "metrics", "show", "--json"))
    assert shown[""]["data"] == {str(Path("artifacts/evaluation/metrics.json")): {"data": {"rag": {"quality": 0.75}}}}
    git(workspace.root, "add", "params.yaml")
    assert run(workspace.root, "dvc", "metrics", "diff", "--json").strip() == "{}"


def test_a_clone_pulls_the_data_and_has_nothing_to_rebuild(workspace: Workspace, tmp_path: Path) -> None:
    git(workspace.root, "add", "step.py")
    git(workspace.root, "commit", "-q", "-m", "The stand-in")
    everything_recorded(workspace)
    git(tmp_path, "clone", "-q", str(workspace.root), "clone")
    run(tmp_path / "clone", "dvc", "pull", "-q")
    clone = open_workspace(tmp_path / "clone")
    assert data_version(clone) == data_version(workspace)
    assert (status(clone.root), reproduced(clone.root)) == ({}, [])


def test_only_the_pointers_are_committed_whatever_else_is_staged(workspace: Workspace) -> None:
    (workspace.root / "notes.txt").write_text("mine")
    git(workspace.root, "add", "notes.txt", "step.py")
    recorded = everything_recorded(workspace)
    assert git(workspace.root, "show", "--format=%s", "--name-only", "HEAD").split("\n") == [
        "First run", "", "data/documents.dvc", "data/examples.jsonl.dvc", "dvc.lock",
    ]  # fmt: skip
    assert git(workspace.root, "status", "--porcelain").split("\n") == ["A  notes.txt", "A  step.py", "?? ran.log"]
    assert recorded.git_commit == commit_of(workspace.root)


def test_without_a_change_there_is_no_commit(workspace: Workspace) -> None:
    everything_recorded(workspace)
    again = versions.record(workspace, ALL, "Again")
    assert (again.git_commit, again.n_pushed, again.notes) == (None, 0, ())
    assert git(workspace.root, "rev-list", "--count", "HEAD") == "2"


def test_commits_carry_the_users_name_where_there_is_one(workspace: Workspace) -> None:
    versions.record(workspace, [], "As nobody")
    run(workspace.root, "git", "config", "user.name", "Ana")
    run(workspace.root, "git", "config", "user.email", "ana@example.org")
    edit(workspace)
    versions.record(workspace, [], "As Ana")
    assert git(workspace.root, "log", "--format=%an <%ae> %s", "-2").split("\n") == [
        "Ana <ana@example.org> As Ana",
        "Tandem <tandem@localhost> As nobody",
    ]


def test_a_failed_push_and_a_failed_commit_are_noted_and_made_up_for(workspace: Workspace) -> None:
    remote = workspace.state_dir / "dvc-remote"
    shutil.rmtree(remote)
    remote.write_text("not a folder")
    hook = workspace.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no commits on Friday >&2\nexit 1\n")
    hook.chmod(0o755)
    recorded = versions.record(workspace, [], "Data")
    assert recorded.git_commit is None
    assert [note.split(":")[0] for note in recorded.notes] == ["not pushed", "not committed"]
    assert "no commits on Friday" in recorded.notes[1]
    remote.unlink()
    hook.unlink()
    later = versions.record(workspace, [], "Data")
    assert (later.n_pushed, later.notes) == (4, ())
    assert later.git_commit == commit_of(workspace.root)


def test_params_switch_push_and_commit_off(workspace: Workspace) -> None:
    path = workspace.root / "params.yaml"
    path.write_text(path.read_text().replace("git_commit: true", "git_commit: false").replace("push: true", "push: false"))
    recorded = versions.record(open_workspace(workspace.root), [], "Data")
    assert (recorded.git_commit, recorded.n_pushed) == (None, None)
    assert git(workspace.root, "rev-list", "--count", "HEAD") == "1"


def test_inside_a_dvc_stage_nothing_is_recorded(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_STAGE", "index")
    recorded = versions.record(workspace, ["index"], "Within dvc repro")
    assert recorded.notes == ("inside the DVC stage index: DVC records it",)
    assert recorded.data_version == data_version(workspace)
    assert not (workspace.root / "data" / "documents.dvc").exists()


def test_recording_does_not_touch_the_documents(workspace: Workspace) -> None:
    path = workspace.documents_dir / "wren.md"
    before = path.stat()
    versions.record(workspace, [], "Data")
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (before.st_ino, before.st_mtime_ns, before.st_mode)


def spoiled_add(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, n_times: int) -> list[int]:
    """DVC's add, with the cache object of wren.md overwritten after each of the first `n_times`: what an edit during it does."""
    from dvc.repo import Repo

    add: Callable[..., Any] = Repo.add
    calls: list[int] = []

    def spoiling(repo: Any, *arguments: Any, **options: Any) -> Any:
        done = add(repo, *arguments, **options)
        calls.append(1)
        if len(calls) <= n_times:
            md5 = hashlib.md5((workspace.documents_dir / "wren.md").read_bytes()).hexdigest()
            object_path = Path(repo.cache.local.oid_to_path(md5))
            object_path.chmod(0o644)
            object_path.write_text("half an edit")
        return done

    monkeypatch.setattr(Repo, "add", spoiling)
    return calls


def test_a_cache_object_that_an_edit_spoiled_is_made_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = spoiled_add(workspace, monkeypatch, n_times=1)
    versions.record(workspace, [], "Data")
    assert len(calls) == 3  # documents twice, examples once
    edit(workspace, "gone")
    assert versions.restore_file(workspace, "wren.md", hashlib.md5(b"The Wren has one boiler.\n").hexdigest())


def test_documents_that_never_settle_are_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    spoiled_add(workspace, monkeypatch, n_times=9)
    with pytest.raises(Refused, match="changed during each of 3 attempts to record it"):
        versions.record(workspace, [], "Data")


def test_a_link_to_nowhere_is_named(workspace: Workspace) -> None:
    (workspace.documents_dir / "support" / ".lost.md").symlink_to("gone.md")
    with pytest.raises(Refused, match=r"cannot be recorded: support/\.lost\.md is a link to a file that is not there"):
        versions.record(workspace, [], "Data")


def test_variants_can_be_compared_before_there_is_an_adapter(workspace: Workspace) -> None:
    in_process(workspace, "refresh")
    (workspace.root / "artifacts" / "evaluation" / "plots").mkdir(parents=True)
    for name in ("metrics.json", "scorecards.json", "plots/quality.csv"):
        (workspace.evaluation_dir / name).write_text("{}")
    versions.record(workspace, ["index", "evaluate"], "Compare")
    assert sorted(status(workspace.root)) == ["dataset", "train"]


def test_a_stage_without_its_output_is_refused_with_its_name(workspace: Workspace) -> None:
    with pytest.raises(Refused, match=r"DVC cannot record the stage index: .*manifest\.json"):
        versions.record(workspace, ["index"], "Nothing was made")


# --- going back ------------------------------------------------------------------------------------------------------------


def test_a_file_comes_back_from_the_cache_or_the_remote_with_its_bytes(workspace: Workspace) -> None:
    md5 = hashlib.md5(b"The Wren has one boiler.\n").hexdigest()
    versions.record(workspace, [], "Data")
    (workspace.documents_dir / "wren.md").unlink()
    assert versions.restore_file(workspace, "wren.md", md5) is True
    assert (workspace.documents_dir / "wren.md").read_bytes() == b"The Wren has one boiler.\n"
    shutil.rmtree(workspace.root / ".dvc" / "cache")
    assert versions.restore_file(workspace, "archive/wren.md", md5) is True
    assert (workspace.documents_dir / "archive" / "wren.md").read_bytes() == b"The Wren has one boiler.\n"
    assert versions.restore_file(workspace, "wren.md", "0" * 32) is False


def test_checkout_goes_back_to_a_data_version_and_forth_again(workspace: Workspace) -> None:
    first = versions.record(workspace, [], "Data").data_version
    edit(workspace)
    (workspace.documents_dir / "new.md").write_text("A new document, never recorded.\n")
    unrecorded = data_version(workspace)
    assert versions.checkout(workspace, first[:8]) == first
    assert sorted(path.name for path in workspace.documents_dir.iterdir()) == ["support", "wren.md"]
    assert versions.checkout(workspace, unrecorded) == unrecorded
    assert (workspace.documents_dir / "new.md").read_text() == "A new document, never recorded.\n"


def test_when_the_bytes_are_lost_nothing_changes(workspace: Workspace) -> None:
    first = versions.record(workspace, [], "Data").data_version
    shutil.rmtree(workspace.root / ".dvc" / "cache")
    shutil.rmtree(workspace.state_dir / "dvc-remote")
    edit(workspace)
    second = versions.record(workspace, [], "Edit").data_version
    with pytest.raises(Refused, match=f"the data of {first} lies neither whole in DVC's cache nor in its remote"):
        versions.checkout(workspace, first)
    assert (data_version(workspace), status(workspace.root).get("data/documents.dvc")) == (second, None)


def test_checkout_takes_a_git_revision_in_a_clone_without_history(workspace: Workspace, tmp_path: Path) -> None:
    first = versions.record(workspace, [], "Data").data_version
    edit(workspace)
    versions.record(workspace, [], "Edit")
    git(tmp_path, "clone", "-q", str(workspace.root), "clone")
    run(tmp_path / "clone", "dvc", "pull", "-q", "data/documents.dvc", "data/examples.jsonl.dvc")
    assert versions.checkout(open_workspace(tmp_path / "clone"), "HEAD~1") == first


def test_an_unknown_version_is_refused_with_the_latest_ones(workspace: Workspace) -> None:
    version = versions.record(workspace, [], "Data").data_version
    with pytest.raises(Refused, match=rf"v9 is no recorded data version and no git revision with data; the latest: {version}"):
        versions.checkout(workspace, "v9")


# --- dvc.yaml --------------------------------------------------------------------------------------------------------------


def test_every_stage_names_a_module_and_params_that_exist() -> None:
    stages = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]
    assert list(stages) == list(ALL)
    assert [stage["cmd"] for stage in stages.values()] == [
        f"python -m tasks.{name}" for name in ("refresh", "dataset", "train", "evaluate")
    ]
    assert all((PROJECT / "tasks" / f"{name}.py").is_file() for name in ("refresh", "dataset", "train", "evaluate"))
    sections = {key.split(".")[0] for stage in stages.values() for key in stage["params"] if isinstance(key, str)}
    assert sections <= set(Params.model_fields)
    own = {"name", "promotion", "drift", "advice", "versions", "schedule"}  # what no artefact depends on
    assert set(Params.model_fields) - sections == own
