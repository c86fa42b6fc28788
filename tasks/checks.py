"""Is this data fit? Great Expectations over documents and examples; a new check is one entry of `CHECKS`.

A batch is a pandas frame with one row a document or example (`_document_row`, `_example_row` name its columns). The suites are
built once a process. A batch that passes is told by tasks/verdict.py in a twelfth of the CPU time of a validation; only one that
does not is validated in full, which names the rows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tandem.examples import normalised
from tandem.params import Documents, Params
from tandem.records import MAX_QUESTION_CHARS, Document, Example
from tasks.verdict import Verdict

if TYPE_CHECKING:
    from tasks.workspace import Workspace

Subject = Literal["document", "example"]
Row = dict[str, Any]

SECRETS = {
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}",
    "a Slack token": r"\bxox[abeprs]-[0-9A-Za-z-]{10}",
    "a Stripe key": r"\b[rs]k_live_[0-9A-Za-z]{16}",
    "an API key": r"\bsk-[A-Za-z0-9_-]{32}",
}
SAFE_ID = r"^(?!/)(?!.*(?:^|/)\.{1,2}(?:/|$))(?!.*//)[^\x00-\x1f\x7f\\\ufffd]{1,240}$"
CONTROL = r"[\x00-\x08\x0e-\x1f\x7f]"  # a form feed is a page break, as PDF readers write it
REPLACEMENT = "\ufffd"
MIN_PRINTABLE_SHARE = 0.95
MAX_ANSWER_CHARS = 10_000


@dataclass(frozen=True)
class Check:
    """One expectation and what the user is told when a row fails it.

    `expectation` names a class of `great_expectations.expectations`; its arguments are `arguments` and whatever `limits` makes
    of params and today's date. `reason` is formatted with the row, the limits and `seen` (which never quotes a secret).
    """

    name: str
    subject: Subject
    expectation: str
    reason: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    limits: Callable[[Documents, date], Mapping[str, Any]] = lambda params, today: {}


NOT_NULL, NULL, UNIQUE = "ExpectColumnValuesToNotBeNull", "ExpectColumnValuesToBeNull", "ExpectColumnValuesToBeUnique"
MATCH, NO_MATCH = "ExpectColumnValuesToMatchRegex", "ExpectColumnValuesToNotMatchRegex"
NO_MATCH_OF = "ExpectColumnValuesToNotMatchRegexList"
LENGTH, BETWEEN, ROWS = "ExpectColumnValueLengthsToBeBetween", "ExpectColumnValuesToBeBetween", "ExpectTableRowCountToBeBetween"

CHECKS: tuple[Check, ...] = (
    Check("some documents", "document", ROWS, "there is no document; put at least one into data/documents", {"min_value": 1}),
    Check("id is set", "document", NOT_NULL, "it has no id", {"column": "id"}),
    Check("id is unique", "document", UNIQUE, "two documents have this id", {"column": "id"}),
    Check(
        "id is a safe path",
        "document",
        MATCH,
        "its path is not safe to use: it is absolute, climbs out of the folder, is longer than 240 characters, is not UTF-8, or holds a"
        " backslash or a control character; rename it",
        {"column": "id", "regex": SAFE_ID},
    ),
    Check("md5 is set", "document", MATCH, "its md5 is {md5!r}, not 32 hexadecimal digits", {"column": "md5", "regex": r"^[0-9a-f]{32}$"}),
    Check("md5 is there", "document", NOT_NULL, "it has no md5", {"column": "md5"}),
    Check(
        "text is long enough",
        "document",
        BETWEEN,
        "it holds {n_chars} characters of text, at least {min_value} are needed (documents.min_chars)",
        {"column": "n_chars"},
        lambda params, today: {"min_value": params.min_chars},
    ),
    Check(
        "text is not too long",
        "document",
        BETWEEN,
        "it holds {n_chars} characters of text, at most {max_value} are allowed (documents.max_chars); split it",
        {"column": "n_chars"},
        lambda params, today: {"max_value": params.max_chars},
    ),
    Check("text has words", "document", MATCH, "its text has no letter and no digit", {"column": "text", "regex": r"[^\W_]"}),
    Check(
        "no control characters",
        "document",
        NO_MATCH,
        "its text holds the control character {seen}; it is binary or damaged",
        {"column": "text", "regex": CONTROL},
    ),
    Check(
        "no replacement characters",
        "document",
        NO_MATCH,
        "its text holds {seen} replacement characters (\ufffd): it was read in the wrong encoding; save it as UTF-8",
        {"column": "text", "regex": REPLACEMENT},
    ),
    Check(
        "text is printable",
        "document",
        BETWEEN,
        "{seen} of its characters are printable, at least {min_value:.0%} are needed",
        {"column": "printable_share", "min_value": MIN_PRINTABLE_SHARE},
    ),
    Check(
        "no secrets",
        "document",
        NO_MATCH_OF,
        "its text holds what looks like {seen}; take it out, and replace the secret",
        {"column": "text", "regex_list": list(SECRETS.values())},
    ),
    Check("title is set", "document", MATCH, "it has no title and no file name to take one from", {"column": "title", "regex": r"\S"}),
    Check(
        "still valid",
        "document",
        BETWEEN,
        "it was valid until {valid_until}, which is past; renew `valid_until` or delete it",
        {"column": "last_valid_day"},
        lambda params, today: {"min_value": today.toordinal()},
    ),
    Check("some examples", "example", ROWS, "there is no example; write at least one into data/examples.jsonl", {"min_value": 1}),
    Check("id is set", "example", MATCH, "it has no id", {"column": "id", "regex": r"\S"}),
    Check("id is unique", "example", UNIQUE, "two examples have this id", {"column": "id"}),
    Check("question is set", "example", MATCH, "its question is blank", {"column": "question", "regex": r"\w"}),
    Check(
        "question has a sane length",
        "example",
        LENGTH,
        "its question has {n_question_chars} characters, at most {max_value} are allowed",
        {"column": "question", "max_value": MAX_QUESTION_CHARS},
    ),
    Check("question is asked once", "example", NULL, "it asks the same as example {repeats}", {"column": "repeats"}),
    Check(
        "answer is set",
        "example",
        NOT_NULL,
        'its answer is blank; write one, or set "answerable": false',
        {"column": "answer", "row_condition": "answerable == True", "condition_parser": "pandas"},
    ),
    Check(
        "answer has a sane length",
        "example",
        LENGTH,
        "its answer has {n_answer_chars} characters, at most {max_value} are allowed",
        {"column": "answer", "max_value": MAX_ANSWER_CHARS},
    ),
    Check("sources are known", "example", NULL, "it names what is no document: {unknown_sources}", {"column": "unknown_sources"}),
    Check(
        "facts are grounded",
        "example",
        NULL,
        "a fact stands neither in its answer nor in a source: {astray_facts}",
        {"column": "astray_facts"},
    ),
    Check(
        "no secrets",
        "example",
        NO_MATCH_OF,
        "its question or answer holds what looks like {seen}; take it out, and replace the secret",
        {"column": "text", "regex_list": list(SECRETS.values())},
    ),
    Check(
        "no replacement characters",
        "example",
        NO_MATCH,
        "its question or answer holds {seen} characters that are no text (\ufffd); write it as UTF-8",
        {"column": "text", "regex": REPLACEMENT},
    ),
    Check(
        "no control characters",
        "example",
        NO_MATCH,
        "its question or answer holds the control character {seen}",
        {"column": "text", "regex": CONTROL},
    ),
)


def check_documents(documents: Sequence[Document], params: Params, today: date | None = None) -> dict[str, tuple[str, ...]]:
    """Id of every unfit document -> the reasons, each with the value seen and the limit. No document at all: nothing unfit."""
    return _check("document", [_document_row(document) for document in documents], params.documents, today or date.today())


def check_examples(
    examples: Sequence[Example], documents: Mapping[str, Document] | Collection[str], params: Params, today: date | None = None
) -> dict[str, tuple[str, ...]]:
    """Id of every unfit example -> the reasons. Facts are looked up in sources only where `documents` maps ids to documents.

    Of several examples with one question the first is fit, the later ones are not.
    """
    return _check("example", _example_rows(examples, documents), params.documents, today or date.today())


def _check(subject: Subject, rows: list[Row], params: Documents, today: date) -> dict[str, tuple[str, ...]]:
    if not rows:
        return {}
    reasons: dict[str, list[str]] = {}
    for check, limits, failing in _suite(subject, params, today).failures(rows):
        for row in (rows[number] for number in failing):
            text = check.reason.format(**{**row, **check.arguments, **limits, "seen": _seen(check, row)})
            reasons.setdefault(row["id"] or "", []).append(text)
    return {id: tuple(dict.fromkeys(several)) for id, several in reasons.items()}


class _Suite:
    """A built suite with its batch definition and its verdict: what is worth keeping between checks."""

    def __init__(self, subject: Subject, params: Documents, today: date):
        os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        table = [check for check in CHECKS if check.subject == subject]
        self.checks = {check.name: (check, dict(check.limits(params, today))) for check in table}
        self.context = gx.get_context(mode="ephemeral")
        self.context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = self.context.data_sources.add_pandas(f"{subject}s").add_dataframe_asset(f"{subject}s")
        self.batches = asset.add_batch_definition_whole_dataframe("all")
        self.suite = self.context.suites.add(
            gx.ExpectationSuite(f"{subject}s", expectations=[_expectation(check, limits) for check, limits in self.checks.values()])
        )
        if len(self.suite.expectations) != len(table):
            raise RuntimeError(f"{len(self.suite.expectations)} of {len(table)} {subject} checks were loaded: is a name there twice?")
        self.verdict: Verdict | None = None

    def failures(self, rows: list[Row]) -> Iterable[tuple[Check, Mapping[str, Any], list[int]]]:
        """Each failed check with its limits and the numbers of the failing rows (all of them where the check is of the table)."""
        frame = _frame(rows)
        self.verdict = self.verdict or Verdict(self.suite.expectations, frame)
        if self.verdict.passes(frame):
            return
        result = self.batches.get_batch({"dataframe": frame}).validate(self.suite, result_format=_result_format("row"))
        if len(result.results) != len(self.checks):
            raise RuntimeError(f"{len(result.results)} of {len(self.checks)} checks gave a result")
        for one in result.results:
            config: Any = one.expectation_config
            check, limits = self.checks[config.meta["check"]]
            if one.success:
                continue
            failing = [number for entry in one.result.get("unexpected_index_list") or [] for number in _numbers(entry["row"])]
            if not failing and check.expectation != ROWS:
                raise RuntimeError(f"the check {check.name!r} could not be made: {str(one.exception_info)[-300:]}")
            yield check, limits, failing or list(range(len(rows)))


@lru_cache(maxsize=8)
def _suite(subject: Subject, params: Documents, today: date) -> _Suite:
    return _Suite(subject, params, today)


def _expectation(check: Check, limits: Mapping[str, Any]) -> Any:
    import great_expectations.expectations as expectations

    return getattr(expectations, check.expectation)(**check.arguments, **limits, meta={"check": check.name}, notes=check.name)


def _result_format(column: str) -> dict[str, Any]:
    """Rows are named by a column; their text stays out, for a secret must not end in a report."""
    return {"result_format": "COMPLETE", "unexpected_index_column_names": [column], "exclude_unexpected_values": True}


def _numbers(value: Any) -> list[int]:
    return [int(one) for one in value] if isinstance(value, list) else [int(value)]


def _frame(rows: list[Row]) -> Any:
    import pandas as pd

    storable = [{key: _storable(value) if isinstance(value, str) else value for key, value in row.items()} for row in rows]
    return pd.DataFrame(storable).assign(row=range(len(rows)))


def _storable(text: str) -> str:
    """Text as a frame can hold it: lone surrogates (a file name that is no UTF-8, a broken JSON escape) become replacement characters."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _document_row(document: Document) -> Row:
    text = document.text
    n_printable = sum(character.isprintable() or character in "\n\t\r" for character in text) if not text.isascii() else None
    if n_printable is None:
        n_printable = len(text) - len(re.findall(CONTROL, text))
    return {
        "id": document.id,
        "md5": document.md5,
        "title": document.title or Path(document.id).stem,
        "text": text,
        "n_chars": len(text.strip()),
        "printable_share": n_printable / len(text) if text else 1.0,
        "valid_until": document.valid_until,
        "last_valid_day": (document.valid_until or date.max).toordinal(),
    }


def _example_rows(examples: Sequence[Example], documents: Mapping[str, Document] | Collection[str]) -> list[Row]:
    known = set(documents)
    text_of = {id: _spaced(document.text) for id, document in documents.items()} if isinstance(documents, Mapping) else {}
    first_with: dict[tuple[str, ...], str] = {}
    rows = []
    for example in examples:
        key = (normalised(example.question), example.collection, *example.roles)
        earlier = first_with.setdefault(key, example.id)
        unknown = [source for source in example.sources if source not in known]
        texts = [text_of[source] for source in example.sources if source in text_of]
        astray = [fact for fact in example.facts if texts and not any(_spaced(fact) in text for text in [_spaced(example.answer), *texts])]
        rows.append(
            {
                "id": example.id,
                "question": example.question,
                "n_question_chars": len(example.question),
                "answer": example.answer if example.answer.strip() else None,
                "n_answer_chars": len(example.answer),
                "answerable": example.answerable,
                "repeats": earlier if earlier != example.id else None,
                "unknown_sources": ", ".join(unknown) or None,
                "astray_facts": ", ".join(repr(fact) for fact in astray) or None,
                "text": f"{example.question}\n{example.answer}",
            }
        )
    return rows


def _spaced(text: str) -> str:
    return " ".join(text.casefold().split())


def _seen(check: Check, row: Row) -> str:
    """What the reason may show of the text: kinds, counts and line numbers, never a secret."""
    text = _storable(row["text"])
    if check.expectation == NO_MATCH_OF:
        found = [(match.start(), kind) for kind, pattern in SECRETS.items() if (match := re.search(pattern, text))]
        return " and ".join(f"{kind} (line {text.count(chr(10), 0, start) + 1})" for start, kind in sorted(found))
    if check.arguments.get("regex") == CONTROL:
        match = re.search(CONTROL, text)
        return f"U+{ord(match.group()):04X} (line {text.count(chr(10), 0, match.start()) + 1})" if match else ""
    if check.arguments.get("regex") == REPLACEMENT:
        return str(text.count(REPLACEMENT))
    return f"{row['printable_share']:.1%}" if "printable_share" in row else ""


def build_data_docs(workspace: Workspace, documents: Sequence[Document], examples: Sequence[Example]) -> Path:
    """Great Expectations' own pages of one validation of everything, in `.tandem/data_docs`; returns their first page.

    For those who know the tool: the pages load fonts and styles from the net. They hold counts, no text of a document.
    """
    import shutil

    import great_expectations as gx

    folder = workspace.state_dir / "data_docs"
    shutil.rmtree(folder, ignore_errors=True)
    by_id = {document.id: document for document in documents}
    frames: dict[Subject, Any] = {
        "document": _frame([_document_row(document) for document in documents] or [_document_row(Document("", "", ""))])[: len(documents)],
        "example": _frame(_example_rows(examples or [Example(id="", question="", answer="")], by_id))[: len(examples)],
    }
    for subject, frame in frames.items():
        suite = _Suite(subject, workspace.params.documents, date.today())
        site: Any = {
            "class_name": "SiteBuilder",
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder / f"{subject}s")},
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        }
        suite.context.add_data_docs_site("local", site)
        definition = suite.context.validation_definitions.add(
            gx.ValidationDefinition(name=f"{subject}s", data=suite.batches, suite=suite.suite)
        )
        checkpoint: Any = gx.Checkpoint(
            name=f"{subject}s",
            validation_definitions=[definition],
            actions=[gx.checkpoint.UpdateDataDocsAction(name="pages", site_names=["local"])],
            result_format=_result_format("id"),
        )
        suite.context.checkpoints.add(checkpoint).run(batch_parameters={"dataframe": frame})
    return folder / "documents" / "index.html"
