"""Make a workspace: a git + DVC repository with commented params, pipeline, documents and examples."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from tandem.errors import Refused
from tandem.examples import parse_examples
from tasks.examples import document_ids
from tasks.repository import create_repository
from tasks.workspace import PROJECT, Workspace, open_workspace

TEMPLATES = ("params.yaml", "dvc.yaml")
SAMPLE_DOCUMENTS = PROJECT / "data" / "sample" / "documents"
SAMPLE_EXAMPLES = PROJECT / "data" / "sample" / "examples.jsonl"


def create_workspace(root: Path, documents: Path | None = None, examples: Path | None = None) -> Workspace:
    """A new workspace at `root`, from a folder of documents and a file of examples; both are copied, neither is changed.

    Everything is made in a folder beside `root` and renamed in one step, so a refusal leaves nothing behind. Without inputs, a folder
    that holds params.yaml and dvc.yaml already becomes a repository where it is.
    Raises Refused where `root` holds something else, an input is missing, empty or unreadable, or an example line is bad (all are listed).
    """
    root = root.expanduser().resolve()
    if documents is None and examples is None and all((root / name).is_file() for name in TEMPLATES):
        create_repository(root)
        return open_workspace(root)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise Refused(f"{root} exists and is not empty", hint="Choose another folder, or `cd` there and run `tandem run`.")
    _check_inputs(documents, examples)
    if documents is not None and root.is_relative_to(documents.resolve()):
        raise Refused(f"{root} lies inside --documents {documents}: it would be copied into itself", hint="Choose a folder outside it.")
    _check_writable(root)
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{root.name}.", dir=root.parent) as parent:
        building = Path(parent) / root.name
        (building / "data").mkdir(parents=True)
        for name in TEMPLATES:
            shutil.copyfile(PROJECT / name, building / name)
        _copy_data(building, documents, examples)
        create_repository(building, own_git=True, home=root)
        if root.exists():
            root.rmdir()
        building.rename(root)
    return open_workspace(root)


def create_in_place(root: Path, documents: Path = SAMPLE_DOCUMENTS, examples: Path = SAMPLE_EXAMPLES) -> Workspace:
    """The same in a folder that holds params.yaml and dvc.yaml already (the project's root, for the demo); existing data is kept."""
    workspace = open_workspace(root)
    if not workspace.documents_dir.exists():
        _check_inputs(documents, examples)
        _copy_data(workspace.root, documents, examples)
    create_repository(workspace.root)
    return workspace


def _check_inputs(documents: Path | None, examples: Path | None) -> None:
    if documents is not None:
        if not documents.is_dir():
            raise Refused(f"--documents {documents} is no folder", hint="Pass a folder of documents.")
        if not document_ids(documents):
            raise Refused(f"--documents {documents} holds no file", hint="Put at least one document (md, txt, html, pdf, docx, csv) there.")
    if examples is not None:
        if not examples.is_file():
            raise Refused(f"--examples {examples} is no file", hint='Pass a JSONL file: {"question", "answer", "sources"} a line.')
        known = document_ids(documents) if documents else set()
        parse_examples(examples.read_text(encoding="utf-8", errors="replace"), known, str(examples))


def _check_writable(root: Path) -> None:
    existing = next(parent for parent in (root, *root.parents) if parent.exists())
    if not os.access(existing, os.W_OK):
        raise Refused(f"{existing} is read-only for this user", hint="Choose a folder that can be written.")


def _copy_data(root: Path, documents: Path | None, examples: Path | None) -> None:
    data = root / "data"
    data.mkdir(exist_ok=True)
    if documents is None:
        (data / "documents").mkdir()
    else:
        try:
            shutil.copytree(documents, data / "documents", symlinks=False)
        except shutil.Error as error:
            reasons = [f"--documents: {why.split('] ', 1)[-1]}" for _, _, why in error.args[0]]
            raise Refused(*reasons, hint="Mend or remove these files and run again.") from error
    if examples is None:
        (data / "examples.jsonl").touch()
    else:
        shutil.copyfile(examples, data / "examples.jsonl")
