import numpy as np
import pytest

from bench.grounding import read_pairs
from tandem.grounding import THRESHOLD, VALIDATED, evidence_of, grounding, support
from tandem.records import Passage

LEAVE = Passage("c1", "hr/leave.md", "Leave > Parental", "Parental leave is 12 weeks. It is paid in full.", 1.0)
SIZES = """Gaskets > Sizes: | Name | Material | Machines |
|---|---|---|
| Halo 54 | silicone | Wren, Wren S |
| Halo 58 Pro | EPDM | Osprey 2 |"""
AMOUNTS = """Descaling: | | Wren | Heron |
|---|---|---|
| Softscale | 60 ml | 80 ml |"""


@pytest.mark.parametrize(
    ("answer", "share"),
    [
        ("Parental leave is 12 weeks.", 1),
        ("The parental leave lasts twelve weeks.", 1),
        ("Parental leave is 14 weeks.", 0),
        ("Parental leave is not paid in full.", 0),
        ("Sick leave in Brno is paid in full.", 0),
        ("Parental leave is 12 weeks. Bring cake!", 0.5),
        ("It is paid in full, and parental leave is 12 weeks.", 1),
        ("Parental [1]", 1),
    ],
)
def test_grounding_is_the_share_of_sentences_that_the_passages_support(answer, share):
    assert grounding(answer, [LEAVE]) == share


def test_grounding_does_not_apply_without_passages_or_words():
    assert grounding("12 weeks", []) is None
    assert grounding(" ... ", [LEAVE]) is None


def test_a_row_of_a_table_is_evidence_with_the_names_of_its_columns():
    assert evidence_of([SIZES])[0] == "Gaskets > Sizes: Name Halo 54 Material silicone Machines Wren, Wren S"
    assert grounding("The Halo 58 Pro is of EPDM.", [SIZES]) == 1
    assert grounding("The Halo 54 is of EPDM.", [SIZES]) == 0


def test_a_cell_is_evidence_of_its_own_where_columns_and_rows_both_have_names():
    assert evidence_of([AMOUNTS]) == ["Descaling: Softscale Wren 60 ml", "Descaling: Softscale Heron 80 ml"]
    assert grounding("A Wren takes 60 ml of Softscale.", [AMOUNTS]) == 1
    assert grounding("A Wren takes 80 ml of Softscale.", [AMOUNTS]) == 0


def test_the_rule_does_on_the_labelled_pairs_what_the_bench_says():
    pairs = [pair for pair in read_pairs() if not pair.is_for_choosing]
    said = np.array([support(pair.sentence, pair.passages) >= THRESHOLD for pair in pairs])
    true = np.array([pair.supported for pair in pairs])
    assert (len(pairs), true.sum(), said.sum(), (said & true).sum()) == (112, 40, 41, 29)
    assert {"n_pairs": len(read_pairs()), "n_measured": 112, "precision": round(29 / 41, 2), "recall": round(29 / 40, 2)} == VALIDATED
