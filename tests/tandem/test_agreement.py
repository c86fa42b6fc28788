from dataclasses import replace

import pytest

from tandem.agreement import agreement
from tandem.records import Row

ROW = Row("", "", "", "", "", (), None, None, None, None, None, None, None, None, False, False, 0, 0, 0.0)


def rows(*pairs):
    return [replace(ROW, judge=judge, quality=quality) for judge, quality in pairs]


def test_agreement_beyond_chance_is_cohens_kappa():
    # both right 20, judge alone 5, quality alone 10, both wrong 15: Cohen's worked table, po .7, pe .5
    found = agreement(rows(*[(1.0, 1.0)] * 20, *[(1.0, 0.0)] * 5, *[(0.0, 1.0)] * 10, *[(0.0, 0.0)] * 15))
    assert (found.share, found.n) == (0.7, 50)
    assert found.kappa == pytest.approx(0.4)


def test_a_judge_that_always_says_the_same_has_no_kappa():
    found = agreement(rows((1.0, 1.0), (1.0, 0.5), (None, 1.0)))
    assert (found.share, found.kappa, found.n) == (0.5, None, 2)
    assert agreement(rows((None, 1.0))) is None
