"""Checks with the real Great Expectations."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from tandem.params import Params, parse_params
from tandem.records import Document, Example
from tasks import checks
from tasks.checks import CHECKS, Check, build_data_docs, check_documents, check_examples
from tasks.workspace import PROJECT, Settings, Workspace

TODAY = date(2026, 6, 1)
TEXT = "The Wren has one boiler. Descale it twice a year."
AWS_KEY = "AKIA" + "ABCDEFGHIJKLMNOP"
PRIVATE_KEY = "-----BEGIN OPENSSH " + "PRIVATE KEY-----"


@pytest.fixture(scope="module")
def params() -> Params:
    return parse_params((PROJECT / "params.yaml").read_text())


def document(id: str = "wren.md", text: str = TEXT, md5: str = "a" * 32, title: str = "Wren", valid_until: date | None = None) -> Document:
    return Document(id, text, md5, title, valid_until=valid_until)


def example(id: str, question: str | None = None, answer: str = "one", **more: object) -> Example:
    return Example.model_validate({"id": id, "question": question or f"Question {id}?", "answer": answer, **more})


def test_fit_documents_give_no_reasons(params: Params) -> None:
    kinds = [document(f"d{number}.md") for number in range(20)]
    kinds += [
        document("products/café +1.md"),
        document("valid.md", valid_until=TODAY),
        document("日本語.md", text="ルンは一つのボイラーを持っています。年に二回、湯垢を取ります。"),
    ]
    kinds += [
        document("pages.pdf", text=TEXT + "\f" + TEXT),
        document("table.csv", text="a\tb\r\n1\t2\r\n" * 5),
        document("emoji.md", text=TEXT + " 🎉"),
    ]
    assert check_documents(kinds, params, TODAY) == {}


SECRET = "its text holds what looks like {} (line {}); take it out, and replace the secret"
ENCODING = "its text holds 2 replacement characters (\ufffd): it was read in the wrong encoding; save it as UTF-8"
TOO_LONG = "it holds 2000001 characters of text, at most 2000000 are allowed (documents.max_chars); split it"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (document(text="short"), "it holds 5 characters of text, at least 20 are needed (documents.min_chars)"),
        (document(text="  \n" + "x" * 19 + "\n  "), "it holds 19 characters of text, at least 20 are needed (documents.min_chars)"),
        (document(text="a" * 2_000_001), TOO_LONG),
        (document(text="*** --- *** --- *** --- ***"), "its text has no letter and no digit"),
        (document(text=TEXT + "\n\x00"), "its text holds the control character U+0000 (line 2); it is binary or damaged"),
        (document(text=TEXT + " caf\ufffd caf\ufffd"), ENCODING),
        (document(text=TEXT + " caf\udce9"), ENCODING.replace("2", "3")),
        (document(text="é" + "\u200e" * 3 + "x" * 20), "87.5% of its characters are printable, at least 95% are needed"),
        (document(text=f"{TEXT}\n\n{PRIVATE_KEY}"), SECRET.format("a private key", 3)),
        (document(text=f"{TEXT}\nkey={AWS_KEY}"), SECRET.format("an AWS access key", 2)),
        (document(md5=""), "its md5 is '', not 32 hexadecimal digits"),
        (document(valid_until=date(2026, 5, 31)), "it was valid until 2026-05-31, which is past; renew `valid_until` or delete it"),
    ],
)
def test_an_unfit_document_is_named_with_what_was_seen_and_the_limit(bad: Document, reason: str, params: Params) -> None:
    assert check_documents([document("good.md"), bad, document("fine.md")], params, TODAY) == {"wren.md": (reason,)}


@pytest.mark.parametrize("id", ["../secret.md", "/etc/passwd", "a/../b.md", "a//b.md", "a\\b.md", "a\nb.md", "x" * 241, "caf\udce9.md"])
def test_a_path_that_climbs_out_or_cannot_be_stored_is_unsafe(id: str, params: Params) -> None:
    [reason] = check_documents([document(id)], params, TODAY)[id]
    assert reason.startswith("its path is not safe to use")


def test_all_reasons_of_a_document_come_at_once(params: Params) -> None:
    reasons = check_documents([document(text="\x00", md5="x", valid_until=date(2020, 1, 1))], params, TODAY)["wren.md"]
    assert [reason.split(",")[0] for reason in reasons] == [
        "its md5 is 'x'",
        "it holds 1 characters of text",
        "its text has no letter and no digit",
        "its text holds the control character U+0000 (line 1); it is binary or damaged",
        "0.0% of its characters are printable",
        "it was valid until 2020-01-01",
    ]


def test_two_documents_with_one_id_are_both_unfit(params: Params) -> None:
    assert check_documents([document("a.md"), document("a.md"), document("b.md")], params, TODAY) == {
        "a.md": ("two documents have this id",)
    }


def test_limits_are_those_of_the_params(params: Params) -> None:
    strict = params.model_copy(update={"documents": params.documents.model_copy(update={"min_chars": 100})})
    assert check_documents([document()], params, TODAY) == {}
    assert check_documents([document()], strict, TODAY) == {
        "wren.md": ("it holds 49 characters of text, at least 100 are needed (documents.min_chars)",)
    }


def test_nothing_to_check_is_nothing_unfit(params: Params) -> None:
    assert (check_documents([], params), check_examples([], {}, params)) == ({}, {})


def test_a_reason_never_quotes_the_secret(params: Params) -> None:
    assert AWS_KEY not in str(check_documents([document(text=TEXT + AWS_KEY)], params, TODAY))


def test_fit_examples_give_no_reasons(params: Params) -> None:
    fit = [
        example("a", sources=["wren.md"], facts=["ONE  boiler", "one"]),
        example("b", answer="", answerable=False),
        example("c", question="Question a?", roles=["staff"]),
        example("d"),
    ]
    assert check_examples(fit, {"wren.md": document()}, params) == {}


def test_unfit_examples_are_named_with_their_reasons(params: Params) -> None:
    unfit = [
        example("first", question="How many boilers?"),
        example("again", question="how many  boilers"),
        example("blank", question=" ? "),
        example("silent", answer=" "),
        example("lost", sources=["wren.md", "gone.md", "away.md"]),
        example("astray", sources=["wren.md"], facts=["one boiler", "two boilers"]),
        example("long", question="why " * 501),
        example("leak", answer=f"use {AWS_KEY}"),
        example("damaged", answer="a\x07b"),
        example("broken", question="caf\udce9?"),
        example("twice", question="x1"),
        example("twice", question="x2"),
    ]
    assert check_examples(unfit, {"wren.md": document()}, params) == {
        "again": ("it asks the same as example first",),
        "blank": ("its question is blank",),
        "silent": ('its answer is blank; write one, or set "answerable": false',),
        "lost": ("it names what is no document: gone.md, away.md",),
        "astray": ("a fact stands neither in its answer nor in a source: 'two boilers'",),
        "long": ("its question has 2004 characters, at most 2000 are allowed",),
        "leak": ("its question or answer holds what looks like an AWS access key (line 2); take it out, and replace the secret",),
        "damaged": ("its question or answer holds the control character U+0007 (line 2)",),
        "broken": ("its question or answer holds 3 characters that are no text (\ufffd); write it as UTF-8",),
        "twice": ("two examples have this id",),
    }


def test_with_ids_alone_sources_are_checked_and_facts_are_not(params: Params) -> None:
    unknown = [example("a", sources=["wren.md"], facts=["nowhere"]), example("b", sources=["gone.md"])]
    assert check_examples(unknown, ["wren.md"], params) == {"b": ("it names what is no document: gone.md",)}


def test_there_are_checks_of_both_kinds_with_distinct_names() -> None:
    names = [(check.subject, check.name) for check in CHECKS]
    assert len(set(names)) == len(names)
    assert (sum(subject == "document" for subject, _ in names), sum(subject == "example" for subject, _ in names)) == (15, 13)


@pytest.fixture
def with_check(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Check], None]]:
    """Adds a check to the table for one test."""

    def add(check: Check) -> None:
        monkeypatch.setattr(checks, "CHECKS", (*CHECKS, check))
        checks._suite.cache_clear()

    yield add
    checks._suite.cache_clear()


def test_a_new_check_is_one_entry(params: Params, with_check: Callable[[Check], None]) -> None:
    with_check(Check("no drafts", "document", checks.NO_MATCH, "it is a draft", {"column": "title", "regex": "(?i)draft"}))
    assert check_documents([document(), document("d.md", title="Draft 3")], params, TODAY) == {"d.md": ("it is a draft",)}


def test_a_check_that_cannot_be_made_is_an_error_not_a_pass(params: Params, with_check: Callable[[Check], None]) -> None:
    with_check(Check("broken", "document", checks.NOT_NULL, "never said", {"column": "no such column"}))
    with pytest.raises(RuntimeError, match=r"the check 'broken' could not be made: .*no such column"):
        check_documents([document()], params, TODAY)


def test_two_checks_of_one_name_are_an_error_not_one_check(params: Params, with_check: Callable[[Check], None]) -> None:
    with_check(dataclasses.replace(CHECKS[1], reason="said otherwise"))
    with pytest.raises(RuntimeError, match="15 of 16 document checks were loaded"):
        check_documents([document()], params, TODAY)


def test_data_docs_show_every_check_and_no_text(params: Params, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, params, Settings())
    index = build_data_docs(workspace, [document(), document("leak.md", text=TEXT + AWS_KEY)], [example("a")])
    assert index == tmp_path / ".tandem" / "data_docs" / "documents" / "index.html"
    pages = {path: path.read_text() for path in (tmp_path / ".tandem").rglob("*.html")}
    assert index in pages
    assert len([path for path in pages if "validations" in path.parts]) == 2
    assert not [path for path, text in pages.items() if AWS_KEY in text or "Descale it twice" in text]


def test_data_docs_of_nothing_show_the_missing_rows(params: Params, tmp_path: Path) -> None:
    build_data_docs(Workspace(tmp_path, params, Settings()), [], [])
    assert len(list((tmp_path / ".tandem").rglob("validations/**/*.html"))) == 2
