"""What the modules of the command line share: options, how output is kept apart from progress, how a flow is run."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.progress import REPORTER, StderrProgress
from tasks.workspace import open_workspace

WorkspaceOption = Annotated[Path, typer.Option("--workspace", "-w", help="The workspace's folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else there.")]
HERE = Path(".")


@contextlib.contextmanager
def reporting() -> Iterator[None]:
    """Progress on stderr; whatever libraries print on stdout meanwhile goes to stderr too, also from below Python."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    reporter = StderrProgress()
    token = REPORTER.set(reporter)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        reporter.close()
        REPORTER.reset(token)
        os.dup2(kept, 1)
        os.close(kept)


def show(record: Any, as_json: bool, text: str) -> None:
    """On stdout: the record for machines, or the text for people."""
    print(json.dumps(record, indent=1, ensure_ascii=False, default=str) if as_json else text)


def run_flow_named(name: str, workspace: Path, long: bool, **parameters: Any) -> dict[str, Any]:
    """Run the flow of that name in `flows/`; a `long` one may start a Prefect server, which records it."""
    from importlib import import_module

    opened = open_workspace(workspace)
    with reporting():
        from flows.engine import run_flow

        flow = getattr(import_module(f"flows.{name}"), name)
        return run_flow(flow, start_server=long, workspace=str(opened.root), **parameters)
