"""The settings of a variant from a row of params to the answer: reranking, the whole knowledge base, shots, stated reasoning."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tandem.records import Example, Generation, Passage
from tasks.answer import Answerer, open_answerer, reads_index
from tasks.candidates import candidates_of, trained_on
from tasks.create import create_workspace
from tasks.evaluate import Comparison, evaluate
from tasks.examples import load_examples
from tasks.refresh import refresh
from tasks.shots import _cited
from tasks.workspace import Workspace, open_workspace

PRESENT = ("rag", "rag-mmr", "rag-cross", "whole", "rag-shots", "shots", "rag-reasoned", "whole-shots")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, small_inputs: tuple[Path, Path], tiny_llama: Path, tiny_cross_encoder: Path) -> Workspace:
    """The base is the tiny Llama; one document is for the board alone. Rows of variants: a setting each, then those that cannot be."""
    root = tmp_path_factory.mktemp("contexts") / "kb"
    create_workspace(root, *small_inputs)
    page = root / "data" / "documents" / "products" / "alder.md"
    page.write_text(f"---\nroles: [board]\n---\n{page.read_text()}")
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["base"].update(model=str(tiny_llama), dtype="float32", max_input_tokens=3000, max_new_tokens=4, batch_size=1)
    params["evaluation"].update(max_examples=4, latency_n=1)
    params["variants"] = {
        "rag": {"retrieve": True},
        "rag-mmr": {"retrieve": True, "retrieval": {"rerank": "mmr", "mmr_lambda": 0.1}},
        "rag-cross": {"retrieve": True, "retrieval": {"rerank": str(tiny_cross_encoder)}},
        "whole": {"whole_context": True},
        "rag-shots": {"retrieve": True, "prompt": {"shots": 2}},
        "shots": {"prompt": {"shots": 2}},
        "rag-reasoned": {"retrieve": True, "prompt": {"reasoning": True, "reasoning_tokens": 8}},
        "whole-shots": {"whole_context": True, "prompt": {"shots": 1}},
        "whole-small": {"whole_context": True, "base": {"max_input_tokens": 700}},
        "shots-small": {"retrieve": True, "prompt": {"shots": 2}, "base": {"max_input_tokens": 300}},
        "shots-many": {"prompt": {"shots": 99}},
        "reader-told": {"prompt": {"shots": 1, "reasoning": True}, "base": {"model": "reader"}},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    opened = open_workspace(root)
    refresh(opened)
    return opened


@pytest.fixture(scope="module")
def comparison(workspace: Workspace) -> Comparison:
    return evaluate(workspace)


def answerer_of(comparison: Comparison, name: str, workspace: Workspace) -> Answerer:
    """As the registered model opens it: from the behaviour as JSON alone."""
    return open_answerer(json.loads(json.dumps(comparison.candidates[name].behaviour)), None, workspace.settings)


def test_every_setting_is_measured_and_what_cannot_be_says_why(comparison):
    assert tuple(comparison.scorecards) == PRESENT
    absent = comparison.absent
    assert set(absent) == {"whole-small", "shots-small", "shots-many", "reader-told"}
    seen, limit = absent["whole-small"].split(" tokens, ")
    assert seen.startswith("the whole knowledge base (12 documents) with the longest question take ")
    assert 700 < int(seen.split()[-1].replace(",", "")) < 3000
    assert limit.startswith("base.max_input_tokens of ")
    assert limit.endswith(" is 700: raise it, where the model reads as many")
    assert absent["shots-small"].startswith("2 shots with the longest question take ")
    assert absent["shots-many"].endswith("usable training examples can be shown, prompt.shots is 99: add examples, or lower it")
    assert absent["reader-told"] == "prompt.shots and prompt.reasoning: 'reader' reads question and passages only; it takes a causal base"


@pytest.mark.parametrize("name", PRESENT)
def test_asked_alone_a_variant_answers_as_it_was_measured(workspace, comparison, name):
    answerer = answerer_of(comparison, name, workspace)
    for row in comparison.scorecards[name].rows:
        if row.restricted:
            continue
        passages = answerer.retrieve([row.question])[0]
        assert row.passages == (() if "whole" in name else tuple(one.shown_text for one in passages))  # those that the answer cites: none
        asked, measured = answerer.answer(row.question), answerer.finish(Generation(row.output, 0, 0), passages, 0.0)
        assert (asked.answer, asked.text, asked.sources, asked.fallback) == (
            measured.answer, measured.text, measured.sources, measured.fallback,
        )  # fmt: skip


def test_reranking_is_a_stage_of_its_own_and_part_of_what_is_found(comparison):
    cards = comparison.scorecards
    assert {name for name in PRESENT if cards[name].latency_ms["rerank_p99"] is not None} == {"rag-mmr", "rag-cross"}
    without = {name for name in PRESENT if cards[name].latency_ms["retrieve_p50"] is None}
    assert without == {name for name in PRESENT if not reads_index(comparison.candidates[name].behaviour)}
    assert cards["rag-cross"].latency_ms["rerank_p50"] > 0
    for name in ("rag-mmr", "rag-cross"):
        assert cards[name].retrieval["n"] == cards["rag"].retrieval["n"]
        assert [row.passages for row in cards[name].rows] != [row.passages for row in cards["rag"].rows]
    assert cards["rag-cross"].retrieval["mrr"] < cards["rag"].retrieval["mrr"]  # random weights order at random
    assert cards["whole"].retrieval["hit@5"] is None


def test_the_whole_context_is_what_the_caller_may_see_by_document(workspace, comparison):
    answerer = answerer_of(comparison, "whole", workspace)
    seen = answerer.retrieve(["How heavy is it?"])[0]
    assert len(seen) == 11
    assert "Alder" not in str(seen)
    assert [one.doc_id for one in answerer.retrieve(["?"], ["board"])[0]] == ["products/alder.md", *(one.doc_id for one in seen)]
    assert answerer.retrieve(["?"], collections=["elsewhere"]) == [[]]
    said = answerer.finish(Generation("Answer: 41 euros Source: [1]", 9, 9), seen, 0.1)
    assert [(one.document, one.quote) for one in said.sources] == [("products/birch.md", "It costs 41 euros.")]
    assert (said.index_version, answerer.count_embedded("How heavy?")) == (answerer.index.version, 0)


def test_shots_are_of_the_training_side_open_to_all_and_never_asked(workspace, comparison):
    labelled = load_examples(workspace)
    train = {example.id: example for example in labelled.sides.train}
    for name, n_passages in (("rag-shots", workspace.params.retrieval.k), ("shots", 0), ("whole-shots", 1)):
        shots = comparison.candidates[name].behaviour["shots"]
        assert {len(shot["passages"]) for shot in shots} == {n_passages}
        for shot in shots:
            example = train[shot["example_id"]]
            assert shot["question"] == example.question
            assert shot["answer"].startswith(f"Answer: {example.answer} Source: ")
            assert "Alder" not in str(shot)
            assert shot["documents"]
        assert {shot["example_id"] for shot in shots} <= trained_on([comparison.candidates[name]])
    asked = {row.example_id for card in comparison.scorecards.values() for row in card.rows}
    assert not asked & trained_on(list(comparison.candidates.values()))
    assert [one.identity for one in candidates_of(workspace)[0]] == [one.identity for one in comparison.candidates.values()]


def test_a_shot_cites_the_passages_that_hold_its_answer_else_the_likest_of_a_source():
    said = {"a1": ("a.md", "It is red."), "b1": ("b.md", "The Wren weighs 7.4 kg."), "a2": ("a.md", "At 7.4 kg it is heavy.")}
    passages = [Passage(chunk_id, doc_id, "", text, 0.1) for chunk_id, (doc_id, text) in said.items()]
    example = Example(id="e", question="?", answer="It weighs 7.4 kg in all", sources=("a.md",))
    assert _cited(example, example.answer, passages) == [3]
    assert _cited(example.model_copy(update={"facts": ("is",)}), example.answer, passages) == [1, 3]
    assert _cited(example.model_copy(update={"sources": ("c.md",)}), example.answer, passages) == []


def test_what_is_shown_or_reasoned_is_paid_for(comparison):
    rows = {name: card.rows[0] for name, card in comparison.scorecards.items()}
    assert rows["rag-shots"].n_tokens_in > rows["rag-reasoned"].n_tokens_in > rows["rag"].n_tokens_in
    assert rows["whole"].n_tokens_in > rows["rag"].n_tokens_in
    assert (rows["rag"].n_tokens_out, rows["rag-reasoned"].n_tokens_out) == (4, 12)
    assert (rows["rag-reasoned"].output, rows["rag-reasoned"].answer) == ("", "")
