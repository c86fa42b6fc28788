import numpy as np
import pytest

from tandem.drift import SIGNALS, Evidence, Signal, Vectors, measure, question_auc, question_mmd_p
from tandem.params import Drift
from tandem.staleness import Staleness

LIMITS = Drift()
NONE = np.zeros((0, 16))


def questions(n: int, shift: float = 0.0, seed: int = 0) -> Vectors:
    """Unit vectors around the origin, or around a point `shift` away from it."""
    vectors = np.random.default_rng(seed).normal(size=(n, 16)) + shift
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def signal(name: str, evidence: Evidence, limits: Drift = LIMITS) -> Signal:
    return next(found for found in measure(evidence, limits) if found.name == name)


def test_every_signal_has_a_threshold_in_params() -> None:
    assert set(SIGNALS) <= set(Drift.model_fields)
    assert [found.name for found in measure(Evidence(NONE, NONE), LIMITS)] == list(SIGNALS)


def test_without_any_evidence_nothing_fires_and_each_reason_says_what_is_missing() -> None:
    found = measure(Evidence(NONE, NONE), LIMITS)
    assert [(one.value, one.fired, one.n) for one in found] == [(None, False, 0)] * 4
    assert "0 distinct questions asked and 0 in the examples, at least 30 of each needed" in found[0].reason
    assert "fewer than drift.min_questions = 30" in found[2].reason
    assert "no adapter in use" in found[3].reason


def test_questions_like_the_examples_do_not_fire() -> None:
    found = measure(Evidence(questions(80, seed=1), questions(60, seed=2)), LIMITS)
    assert [one.fired for one in found] == [False] * 4
    assert found[0].value == pytest.approx(0.5, abs=0.15)
    assert found[1].value is not None
    assert found[1].value > 0.01


def test_questions_on_another_subject_fire_both_question_signals() -> None:
    evidence = Evidence(questions(80, shift=1.0, seed=1), questions(60, seed=2))
    auc, mmd = signal("question_auc", evidence), signal("question_mmd_p", evidence)
    assert auc.fired
    assert auc.value is not None
    assert auc.value > 0.95
    assert (mmd.fired, mmd.value, mmd.n) == (True, 0.001, 80)
    assert mmd.reason.startswith("question_mmd_p = 0.001 is below 0.01 (n = 80)")


def test_one_question_asked_a_thousand_times_counts_once() -> None:
    examples = questions(60, seed=2)
    repeated = np.repeat(questions(29, shift=1.0, seed=1), 40, axis=0)
    found = signal("question_auc", Evidence(repeated, examples))
    assert (found.value, found.fired, found.n) == (None, False, 29)


def test_asking_exactly_the_examples_is_no_drift() -> None:
    examples = questions(60, seed=2)
    evidence = Evidence(examples, examples)
    assert signal("question_auc", evidence).value == 0.5
    assert signal("question_mmd_p", evidence).value == 1.0


def test_the_same_seed_gives_the_same_signals_and_many_questions_are_sampled() -> None:
    limits = Drift(max_questions=40)
    evidence = Evidence(questions(500, seed=1), questions(500, seed=2), seed=3)
    assert measure(evidence, limits) == measure(evidence, limits)
    assert signal("question_auc", evidence, limits).n == 40


def test_two_samples_of_one_subject_rarely_fire() -> None:
    pairs = [Evidence(questions(40, seed=2 * at), questions(40, seed=2 * at + 1), seed=at) for at in range(20)]
    assert sum(question_mmd_p(pair, LIMITS).value < LIMITS.question_mmd_p for pair in pairs) <= 1  # type: ignore[operator]
    assert sum(question_auc(pair, LIMITS).value > LIMITS.question_auc for pair in pairs[:5]) == 0  # type: ignore[operator]


def test_negative_verdicts_fire_above_their_threshold_with_an_interval() -> None:
    found = signal("negative_feedback", Evidence(NONE, NONE, feedback=[0.0] * 20 + [1.0] * 20))
    assert (found.value, found.threshold, found.fired, found.n) == (0.5, 0.3, True, 40)
    assert "50% of 40 verdicts are negative [35%, 65%]" in found.reason
    assert not signal("negative_feedback", Evidence(NONE, NONE, feedback=[0.0] * 9 + [1.0] * 31)).fired


def test_staleness_fires_above_its_threshold() -> None:
    found = signal("staleness", Evidence(NONE, NONE, staleness=Staleness(0.25, ("a",), ("b",), 8)))
    expected = "staleness = 0.25 is above 0.2 (n = 8): 1 changed and 1 gone of 8 the adapter was trained on"
    assert found == Signal("staleness", 0.25, 0.2, True, 8, expected)
    assert not signal("staleness", Evidence(NONE, NONE, staleness=Staleness(0.2, ("a",), (), 5))).fired
