from dataclasses import replace

from tandem.params import Params, Prompt, Variant
from tandem.records import Example, Row
from tasks.similarity import Similarity
from tasks.workspace import Settings, Workspace

ROW = Row("", "", "", "", "", (), None, None, None, None, None, None, None, None, False, False, 0, 0, 0.0)


def test_answers_that_mean_the_same_are_closer_than_others(tmp_path):
    params = Params(prompt=Prompt(instruction="Answer."), variants={"rag": Variant(retrieve=True)})
    similarity = Similarity(Workspace(tmp_path, params, Settings(device="cpu")))
    rows = [ROW, ROW, ROW, replace(ROW, abstained=True), replace(ROW, should_abstain=True)]
    said = ["90 seconds", "a minute and a half", "Fjord blue", "I don't know", "I don't know"]
    expected = [Example(id=str(at), question="?", answer="90 seconds") for at in range(5)]
    same, near, far, abstained, unanswerable = (row.similarity for row in similarity.added_to(rows, expected, said))
    assert same > 0.999
    assert far < 0.4 < near < 0.9
    assert (abstained, unanswerable) == (0.0, None)
