"""A judge model's grades, by a real model that always replies 1."""

from dataclasses import replace
from pathlib import Path

import pytest

from tandem.params import Base, Evaluation, Params, Prompt, Variant
from tandem.records import Example, Row
from tasks.judge import Judge, grade
from tasks.workspace import Settings, Workspace

ROW = Row("", "", "", "", "", (), None, None, None, None, None, None, None, None, False, False, 0, 0, 0.0)


@pytest.mark.parametrize(
    ("reply", "value"),
    [("1", 1.0), ("Grade: 0.5", 0.5), ("0.", 0.0), ("1.0 - the same", 1.0), ("10", None), ("good", None), ("2", None), ("", None)],
)
def test_a_grade_is_the_first_number_from_0_to_1(reply, value):
    assert grade(reply) == value


@pytest.fixture(scope="module")
def always_one(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny Llama with all its weights still and one direction, which only the word 1 answers to."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tmp_path_factory.mktemp("judge")
    tokenizer = AutoTokenizer.from_pretrained(tiny_llama)
    tokenizer.save_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(tiny_llama)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            weights.fill_(1.0 if "norm" in name or "embed" in name else 0.0)
        model.lm_head.weight[tokenizer("1", add_special_tokens=False)["input_ids"][-1]] = 1.0
    model.save_pretrained(folder)
    return folder


def test_answers_are_graded_and_abstentions_and_restricted_rows_are_not_shown_to_the_judge(always_one, tmp_path):
    base = Base(model=str(always_one), max_new_tokens=1, dtype="float32")
    params = Params(prompt=Prompt(instruction="Answer."), variants={"rag": Variant(retrieve=True)}, evaluation=Evaluation(judge=base))
    judge = Judge(Workspace(tmp_path, params, Settings(device="cpu")))
    rows = [ROW, replace(ROW, abstained=True), replace(ROW, should_abstain=True), replace(ROW, restricted=True)]
    examples = [Example(id=str(at), question="What does it weigh?", answer="7.4 kg") for at in range(4)]
    assert [row.judge for row in judge.added_to(rows, examples, ["7 kg"] * 4)] == [1.0, 0.0, None, None]


def test_without_a_judge_nothing_is_loaded_or_graded(tmp_path):
    params = Params(prompt=Prompt(instruction="Answer."), variants={"rag": Variant(retrieve=True)})
    assert Judge(Workspace(tmp_path, params, Settings(device="cpu"))).added_to([ROW], [], []) == [ROW]
