"""Commands about what is in production: asking it, serving it, and which version it is."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer

from flows.console import HERE, JsonOption, WorkspaceOption, reporting, run_flow_named, show
from flows.progress import REPORTER
from tasks.workspace import Workspace, open_workspace

app = typer.Typer()


class Verdict(StrEnum):
    """What a user says of an answer."""

    good = "good"
    bad = "bad"


@app.command()
def ask(
    question: str,
    workspace: WorkspaceOption = HERE,
    role: Annotated[list[str] | None, typer.Option(help="A role of the asker; repeat for more.")] = None,
    collection: Annotated[list[str] | None, typer.Option(help="Search only this collection; repeat for more.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the champion."""
    with reporting():
        record = ask_champion(open_workspace(workspace), question, role or [], collection or [])
    show(record, as_json, answer_text(record))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Where to listen; nobody is authenticated.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any that is free.")] = 8080,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Answer questions over HTTP from the champion, warm, until Ctrl-C or SIGTERM; another champion takes over without a restart."""
    with reporting():
        from tasks.serve import serve as serve_champion

        serve_champion(open_workspace(workspace), host, port, REPORTER.get().say)


@app.command()
def feedback(
    trace: Annotated[str, typer.Argument(help="The trace_id that came with the answer.")],
    verdict: Annotated[Verdict, typer.Argument(help="Whether the answer was good.")],
    comment: Annotated[str, typer.Option(help="Why, for whoever reads it later.")] = "",
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Say whether an answer was good; `tandem monitor` watches the share of bad ones."""
    from tasks import traffic

    with reporting():
        traffic.feedback(open_workspace(workspace), trace, verdict is Verdict.good, comment)
    show({"trace_id": trace, "verdict": verdict.value}, as_json, f"{trace}: {verdict.value}")


@app.command()
def status(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """What is in production, on which data."""
    from tasks.status import status_of

    with reporting():
        found = status_of(open_workspace(workspace))
    show(found, as_json, "\n".join(_status_lines(found)))


@app.command()
def promote(
    version: Annotated[str, typer.Argument(help="A version of the registered model; without it, the challenger.")] = "challenger",
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Make a registered version the champion, by hand; one that waits for approval only where its champion is still the same."""
    from tasks import approval, registry

    with reporting():
        opened = open_workspace(workspace)
        with opened.writing():
            chosen = registry.version_of(opened, version)
            approval.promote(opened, chosen)
    show({"model_version": chosen}, as_json, f"{opened.name} version {chosen} is the champion. Back: tandem rollback")


@app.command()
def rollback(
    workspace: WorkspaceOption = HERE,
    data: Annotated[str | None, typer.Option(help="Also check out this data version and rebuild the index.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Put the previous champion back; documents stay live unless --data names a version of them."""
    from tasks.terminal import rollback_text
    from tasks.way_back import roll_back

    opened = open_workspace(workspace)
    with opened.writing():
        refreshed = _back_to(opened, data) if data is not None else None
        with reporting():
            outcome = {**roll_back(opened), "data": data, "refresh": refreshed}
    show(outcome, as_json, rollback_text(opened.name, outcome))


@app.command()
def history(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Who was champion, when, and why."""
    from tasks import registry
    from tasks.terminal import history_text

    with reporting():
        events = registry.history(open_workspace(workspace))
    show(events, as_json, history_text(events))


def _back_to(workspace: Workspace, data: str) -> dict[str, Any]:
    """Check a data version out and refresh, once it is clear that a previous champion is there for it."""
    from tasks import registry
    from tasks.versions import checkout
    from tasks.way_back import require_fit

    with reporting():
        _, target = registry.check_way_back(workspace)
        require_fit(workspace, target)
        checkout(workspace, data)
    return run_flow_named("refresh", workspace.root, long=False)


def ask_champion(workspace: Workspace, question: str, roles: list[str], collections: list[str]) -> dict[str, Any]:
    """The champion's record of one question, recorded as a trace."""
    from dataclasses import asdict

    from tasks.answer import champion_answerer, checked_question, with_trace
    from tasks.traffic import record_question

    asked = checked_question(question)
    answer = champion_answerer(workspace).answer(asked, roles, collections)
    return asdict(with_trace(answer, record_question(workspace, asked, answer, roles)))


def answer_text(record: dict[str, Any]) -> str:
    """An answer as a person reads it."""
    lines = [record["answer"]]
    lines += [f'  from {source["document"]}: "{source["quote"]}"' for source in record["sources"]]
    lines.append(f"  {record['variant']}, model version {record['model_version']}, {record['latency_ms']:.0f} ms")
    if record["trace_id"]:
        lines.append(f"  tandem feedback {record['trace_id']} good|bad")
    return "\n".join(lines)


def _status_lines(found: dict[str, Any], indent: str = "") -> Iterator[str]:
    for name, value in found.items():
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from _status_lines(value, indent + "  ")
        else:
            yield f"{indent}{name}: {'-' if value is None else value}"
