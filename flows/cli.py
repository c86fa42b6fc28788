"""The command line: `tandem COMMAND`. Commands take --workspace DIR, and --json for machines (on stdout alone).

Exit 0 done, 1 refused with reasons, 2 wrong usage. Heavy imports wait until a command needs them.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from flows import production
from flows.console import HERE, JsonOption, WorkspaceOption, reporting, run_flow_named, show
from flows.production import answer_text, ask_champion
from flows.progress import REPORTER
from tandem.errors import Notice, Refused
from tasks.workspace import Workspace, open_workspace

QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "ERROR",
    "PREFECT_CLI_PROMPT": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GX_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "TQDM_DISABLE": "1",
    "NO_ALBUMENTATIONS_UPDATE": "1",
}

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
INTERRUPTED = 130  # how Typer leaves after Ctrl-C


def main() -> None:
    """Run a command; a refusal is one paragraph on stderr and exit 1."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    warnings.filterwarnings("ignore")
    warnings.filterwarnings("once", category=Notice)
    warnings.showwarning = _show_notice
    logging.getLogger("alembic").setLevel(logging.ERROR)
    try:
        app()
    except Refused as refusal:
        print(f"tandem: {refusal.paragraph()}", file=sys.stderr)
        sys.exit(1)
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            print("tandem: interrupted; run the same command again to go on", file=sys.stderr)
        raise


def _show_notice(message: Warning | str, *_: object, **__: object) -> None:
    print(f"tandem: {message}", file=sys.stderr)


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="The new workspace's folder.")],
    documents: Annotated[Path | None, typer.Option(help="A folder of documents to copy in.")] = None,
    examples: Annotated[Path | None, typer.Option(help="A JSONL file of questions, answers and sources.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a workspace: a git + DVC repository with params, pipeline, documents and examples."""
    from tasks.create import create_workspace
    from tasks.examples import document_ids

    with reporting():
        workspace = create_workspace(directory, documents, examples)
    made = {"workspace": str(workspace.root), "documents": len(document_ids(workspace.documents_dir))}
    show(made, as_json, f"{workspace.root} is ready with {made['documents']} documents. Next: cd {directory} && tandem run")


@app.command()
def run(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Refresh the index, retrain where it is due, compare the variants, promote the better one."""
    outcome = run_flow_named("run", workspace, long=True)
    show(outcome, as_json, _comparison_text(open_workspace(workspace), outcome))


@app.command()
def refresh(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Bring the index up to date with the documents."""
    outcome = run_flow_named("refresh", workspace, long=False)
    show(outcome, as_json, _refresh_text(outcome))


@app.command()
def watch(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Keep the index up to date: a document is searchable as soon as it is saved. One line a refresh, until Ctrl-C or SIGTERM."""
    from dataclasses import asdict

    opened = open_workspace(workspace)
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    with reporting(), lines:
        from flows.watch import watch as keep_watch

        keep_watch(
            opened.root,
            lambda done: print(json.dumps(asdict(done), ensure_ascii=False) if as_json else _refresh_text(asdict(done)), file=lines),
        )


@app.command()
def retrain(
    workspace: WorkspaceOption = HERE,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "asked for",
    as_json: JsonOption = False,
) -> None:
    """Train the adapter on the training examples, from where `adapter.start` says."""
    outcome = run_flow_named("retrain", workspace, long=True, reason=reason)
    if not outcome["trained"]:
        raise Refused(*outcome["refused"], hint="Add labelled examples to data/examples.jsonl, then `tandem retrain`.")
    start = "the adapter before" if outcome["continued"] else f"the base ({outcome['start_reason']})"
    speed = f"{outcome['seconds']} s ({outcome['tokens_per_s']:.0f} tokens/s)"
    rows = f"{outcome['n_rows']} rows ({outcome['n_exercises']} of them exercises)"
    text = f"trained on {rows} in {speed}, from {start}. Next: tandem compare"
    show(outcome, as_json, text)


@app.command()
def compare(
    workspace: WorkspaceOption = HERE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide without touching the registry.")] = False,
    freshness: Annotated[bool, typer.Option("--freshness", help="Also time how soon an edit is in the answers, on a copy.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure all variants on the same held-out questions and decide."""
    outcome = run_flow_named("compare", workspace, long=True, dry_run=dry_run, freshness=freshness)
    show(outcome, as_json, _comparison_text(open_workspace(workspace), outcome))


@app.command()
def monitor(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Measure drift of the questions and staleness of the adapter."""
    outcome = run_flow_named("monitor", workspace, long=False)
    lines = [f"{'! ' if signal['fired'] else '  '}{name}: {signal['reason']}" for name, signal in outcome["signals"].items()]
    show(outcome, as_json, "\n".join([*lines, "drift detected: tandem retrain" if outcome["drift"] else "no drift"]))


@app.command()
def advise(
    documents: Annotated[Path | None, typer.Argument(help="A folder of documents; without it, those of the workspace.")] = None,
    examples: Annotated[Path | None, typer.Option(help="A JSONL file of labelled questions.")] = None,
    must_cite: Annotated[bool | None, typer.Option("--must-cite/--need-not-cite", help="Answers must name their source.")] = None,
    fixed_form: Annotated[bool | None, typer.Option("--fixed-form/--any-form", help="Answers must have a form or tone.")] = None,
    may_train: Annotated[bool | None, typer.Option("--may-train/--no-train", help="The documents may enter a model's weights.")] = None,
    max_latency_ms: Annotated[float | None, typer.Option(min=1, help="The longest that an answer may take.")] = None,
    queries_per_day: Annotated[float | None, typer.Option(min=0.001, help="How many questions are asked a day.")] = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Prompt, RAG, fine-tuning or both, and why: from the documents alone, before any model is run."""
    from tasks.advise import advise_folder, advise_workspace
    from tasks.terminal import advice_text

    told = {"must_cite": must_cite, "fixed_form": fixed_form, "may_train": may_train, "max_latency_ms": max_latency_ms}
    with reporting():
        if documents is None and examples is not None:
            raise typer.BadParameter("a workspace has examples of its own; name a folder of documents beside --examples")
        if documents is not None:
            advice = advise_folder(documents, examples, told, queries_per_day)
        else:
            advice = advise_workspace(open_workspace(workspace), told, queries_per_day)
    show(advice, as_json, advice_text(advice))


@app.command()
def doctor(
    workspace: WorkspaceOption = HERE,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be; nothing is deleted that cannot be made again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check index, records, registry, locks and leftovers; exit 1 where something is wrong."""
    from dataclasses import asdict

    from tasks.doctor import CHECKS, diagnose
    from tasks.terminal import findings_text

    with reporting():
        findings = diagnose(open_workspace(workspace), repair, REPORTER.get())
    healthy = all(finding.mended for finding in findings)
    records = [asdict(finding) for finding in findings]
    show({"healthy": healthy, "findings": records}, as_json, findings_text(records, len(CHECKS)))
    if not healthy:
        raise typer.Exit(1)


@app.command()
def forget(
    documents: Annotated[list[str], typer.Argument(help="Ids: paths below data/documents.")],
    everywhere: Annotated[bool, typer.Option("--everywhere", help="Out of DVC's cache and remote too.")] = False,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Take documents out of index, old versions and caches; name every adapter that was trained on them."""
    from dataclasses import asdict

    from tasks.forget import forget as forget_documents
    from tasks.terminal import forgotten_text

    with reporting():
        outcome = asdict(forget_documents(open_workspace(workspace), documents, everywhere, REPORTER.get()))
    show(outcome, as_json, forgotten_text(outcome))


@app.command()
def deploy(workspace: WorkspaceOption = HERE) -> None:
    """Serve the Prefect deployments: crons for retrain and monitor, events for refresh and retrain."""
    from flows.deploy import serve_deployments

    os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "INFO"
    serve_deployments(open_workspace(workspace))


@app.command()
def demo(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """The whole loop on the sample knowledge base, in place."""
    from tasks.create import create_in_place

    question = "What staff discount applies to parts and cleaners?"
    with reporting():
        opened = create_in_place(workspace)
    outcome = run_flow_named("run", workspace, long=True)
    with reporting():
        answer = ask_champion(opened, question, [], [])
    go_on = [
        'tandem ask "How long is a repair label valid?"',
        "tandem status",
        "dvc status && dvc dag && dvc metrics show",
        "tandem init ../my-kb --documents PATH --examples PATH && cd ../my-kb && tandem run",
    ]
    text = [
        _comparison_text(opened, outcome),
        "",
        f"$ tandem ask {question!r}",
        answer_text(answer),
        "",
        "Go on with (. .venv/bin/activate):",
    ]
    show({**outcome, "answer": answer}, as_json, "\n".join([*text, *(f"  {line}" for line in go_on)]))


def _comparison_text(workspace: Workspace, outcome: dict[str, Any]) -> str:
    from tasks.terminal import outcome_text

    return outcome_text(workspace.name, outcome)


def _refresh_text(outcome: dict[str, Any]) -> str:
    counts = ", ".join(f"{len(outcome[what])} {what}" for what in ("added", "changed", "deleted"))
    lines = [
        f"{counts}, {outcome['unchanged']} unchanged; {outcome['chunks_embedded']} chunks embedded; "
        f"searchable after {outcome['searchable_s']:.2f} s (table version {outcome['index_version']})"
    ]
    lines += [f"quarantined {doc_id}: {reason}" for doc_id, reason in outcome["quarantined"].items()]
    return "\n".join(lines)


app.add_typer(production.app)

if __name__ == "__main__":
    main()
