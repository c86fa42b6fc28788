import numpy as np
import pytest

from tandem.records import Interval
from tandem.stats import holm, mean_interval, minimum_detectable_effect, paired_bootstrap, questions_for, sign_flip_p


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    a, b = np.arange(50) % 3 / 2, np.arange(50) % 2 / 1
    assert paired_bootstrap(a, b, 500, 7) == paired_bootstrap(a, b, 500, 7)
    assert paired_bootstrap(a, b, 500, 7) != paired_bootstrap(a, b, 500, 8)


def test_a_constant_difference_has_no_width():
    assert paired_bootstrap(np.full(10, 0.75), np.full(10, 0.5), 200, 0) == Interval(0.25, 0.25, 0.25, 10)


def test_no_question_and_one_question_say_nothing_of_the_spread():
    assert paired_bootstrap([], [], 200, 0) == Interval(0.0, -np.inf, np.inf, 0)
    assert paired_bootstrap([1.0], [0.25], 200, 0) == Interval(0.75, -np.inf, np.inf, 1)


def test_the_interval_is_as_wide_as_the_normal_one_on_many_questions():
    values = np.random.default_rng(0).normal(0.1, 1, 2_000)
    interval = mean_interval(values, 4_000, 0)
    half = 1.96 * values.std() / np.sqrt(2_000)
    assert interval.mean == values.mean()
    assert interval.high - interval.low == pytest.approx(2 * half, rel=0.05)


def test_pairing_takes_the_difficulty_of_questions_out():
    hard = np.random.default_rng(0).random(100)
    paired = paired_bootstrap(hard + 0.1, hard, 500, 0)
    assert (paired.low, paired.high) == (pytest.approx(0.1), pytest.approx(0.1))


def test_swapping_the_variants_mirrors_the_interval():
    a, b = np.arange(40) % 4 / 3, np.arange(40) % 5 / 4
    forth, back = paired_bootstrap(a, b, 1_000, 3), paired_bootstrap(b, a, 1_000, 3)
    assert (back.mean, back.low, back.high) == pytest.approx((-forth.mean, -forth.high, -forth.low))


def test_draws_in_several_blocks_keep_the_number_of_resamples(monkeypatch):
    monkeypatch.setattr("tandem.stats._DRAWS_AT_ONCE", 1_000)
    interval = mean_interval(np.arange(300) / 300, 1_001, 0)
    assert interval.low < interval.mean < interval.high


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    covered = [(found := mean_interval(rng.random(60) < 0.3, 400, trial)).low <= 0.3 <= found.high for trial in range(300)]
    assert 0.91 <= np.mean(covered) <= 0.98


def test_arrays_of_different_length_are_no_pairs():
    with pytest.raises(ValueError, match=r"not \(3,\) and \(2,\)"):
        paired_bootstrap([1, 2, 3], [1, 2], 100, 0)


def test_the_minimum_detectable_effect_is_the_textbook_formula():
    differences = np.array([1.0, -1.0] * 50)  # sd 1.00504, n 100
    assert minimum_detectable_effect(differences) == pytest.approx((1.959964 + 0.841621) * 1.0050378 / 10, rel=1e-6)
    assert minimum_detectable_effect([0.5]) is None


def test_chance_signs_give_the_exact_p_value_of_a_small_sample():
    assert sign_flip_p([1.0] * 5, 20_000, 0) == pytest.approx(2 / 32, abs=0.005)
    assert sign_flip_p([0.0] * 9, 100, 0) == 1.0
    assert sign_flip_p([1.0, -1.0, 0.0], 100, 0) == 1.0


def test_p_values_without_a_difference_are_uniform():
    rng = np.random.default_rng(0)
    found = np.array([sign_flip_p(rng.normal(size=40), 400, seed) for seed in range(400)])
    assert 0.02 < (found <= 0.05).mean() < 0.08


def test_holm_multiplies_the_smallest_most_and_keeps_the_order():
    assert holm([0.04, 0.01, 0.03]).tolist() == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]
    assert holm([]).tolist() == []


def test_the_questions_for_an_effect_are_those_at_which_it_is_just_detectable():
    differences = np.array([1.0, -1.0, 0.0, 0.0] * 30)
    n = questions_for(0.1, differences)
    many = np.resize(differences, n)
    assert minimum_detectable_effect(many) == pytest.approx(0.1, rel=0.01)
    assert questions_for(0.1, [1.0]) is None


@pytest.mark.parametrize(("n", "discordance"), [(100, 0.2), (300, 0.3)])
def test_the_minimum_detectable_effect_is_seen_four_times_in_five(n, discordance):
    effect = 2.8016 * (discordance / n) ** 0.5
    effect = 2.8016 * ((discordance - effect**2) / n) ** 0.5
    rng, seen, formula = np.random.default_rng(0), [], []
    for trial in range(400):
        draw = rng.random(n)
        differences = (draw < (discordance + effect) / 2).astype(float) - (draw > 1 - (discordance - effect) / 2)
        seen.append(mean_interval(differences, 300, trial).low > 0)
        formula.append(minimum_detectable_effect(differences))
    assert np.mean(seen) == pytest.approx(0.8, abs=0.05)
    assert np.mean(formula) == pytest.approx(effect, rel=0.03)
