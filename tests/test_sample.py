"""The sample knowledge base keeps the rules of data/sample/README.md."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

import pytest

from tandem.examples import normalised, parse_examples
from tandem.params import Documents
from tandem.records import Document, Example
from tasks.create import SAMPLE_DOCUMENTS, SAMPLE_EXAMPLES
from tasks.examples import document_ids
from tasks.readers import read_document

KINDS = {
    "direct": (0.40, 0.55),
    "paraphrase": (0.25, 0.35),
    "two_documents": (0.05, 0.12),
    "unanswerable": (0.08, 0.15),
    "yes_no": (0.03, 0.08),
}
PREFIX = {"products": "pro-", "policies": "pol-", "support": "sup-"}


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    return {doc_id: read_document(SAMPLE_DOCUMENTS, doc_id, Documents()) for doc_id in sorted(document_ids(SAMPLE_DOCUMENTS))}


@pytest.fixture(scope="module")
def examples(documents: dict[str, Document]) -> list[Example]:
    """Parsed as a workspace parses them: unknown sources and repeated ids are refused there."""
    return parse_examples(SAMPLE_EXAMPLES.read_text(encoding="utf-8"), documents.keys())


def test_there_are_enough_documents_in_three_collections(documents):
    per_collection = Counter(document.collection for document in documents.values())
    assert sum(per_collection.values()) >= 90
    assert per_collection.keys() == PREFIX.keys()
    assert min(per_collection.values()) >= 30


def test_there_are_enough_examples_and_every_document_has_some(documents, examples):
    assert len(examples) >= 400
    per_document = Counter(source for example in examples for source in example.sources)
    assert per_document.keys() == documents.keys()
    assert min(per_document.values()) >= 4


def test_ids_are_unique_and_tell_the_collection(examples):
    lines = [json.loads(line) for line in SAMPLE_EXAMPLES.read_text(encoding="utf-8").splitlines()]
    assert len({line["id"] for line in lines}) == len(lines) == len(examples)
    assert [example.id for example in examples if not example.id.startswith(PREFIX[example.collection])] == []
    assert [example.id for example in examples if example.collection not in {source.split("/")[0] for source in example.sources}] == []


def test_every_fact_stands_word_for_word_in_a_source_and_in_the_answer(documents, examples):
    for example in (one for one in examples if one.answerable):
        assert example.facts, example.id
        for fact in example.facts:
            assert any(fact in documents[source].text for source in example.sources), f"{example.id}: {fact!r}"
            assert fact in example.answer, f"{example.id}: {fact!r} is not in {example.answer!r}"


def test_every_source_is_needed_for_a_question_on_two_documents(documents, examples):
    for example in (one for one in examples if one.kind == "two_documents"):
        assert len(example.sources) == 2, example.id
        assert all(any(fact in documents[source].text for fact in example.facts) for source in example.sources), example.id


def test_the_kinds_keep_their_shares(examples):
    counts = Counter(example.kind for example in examples)
    assert counts.keys() == KINDS.keys()
    for kind, (low, high) in KINDS.items():
        assert low <= counts[kind] / len(examples) <= high, f"{kind}: {counts[kind]} of {len(examples)}"


def test_a_question_without_an_answer_says_so(examples):
    unanswerable = [example for example in examples if example.kind == "unanswerable"]
    assert {(example.answerable, example.answer, example.facts) for example in unanswerable} == {(False, "I don't know", ())}
    assert all(example.answerable for example in examples if example.kind != "unanswerable")


def test_a_yes_no_answer_begins_with_it(examples):
    assert [example.id for example in examples if example.kind == "yes_no" and not example.answer.startswith(("Yes, ", "No, "))] == []


def test_no_question_is_asked_twice(examples):
    asked: dict[str, list[str]] = defaultdict(list)
    for example in examples:
        asked[normalised(example.question)].append(example.id)
    assert {question: ids for question, ids in asked.items() if len(ids) > 1} == {}


def test_answers_are_short(examples):
    assert [(example.id, len(example.answer.split())) for example in examples if len(example.answer.split()) > 15] == []


def test_exactly_two_documents_are_restricted_and_their_examples_too(documents, examples):
    roles = {doc_id: document.roles for doc_id, document in documents.items() if document.roles}
    assert roles == {"policies/salary-bands-2026.md": ("people-team",), "policies/acquisition-of-brewhaus-option.md": ("board",)}
    for example in examples:
        expected: tuple[Any, ...] = tuple(sorted({role for source in example.sources for role in roles.get(source, ())}))
        assert example.roles == expected, example.id
    assert [doc_id for doc_id, document in documents.items() if not document.trainable] == ["policies/supplier-price-agreement-2026.md"]
