"""`params.yaml` as it is read: what does not hold is refused before any work, by its key and the value seen."""

import pytest
import yaml

from tandem.errors import Refused
from tandem.form import form_ok
from tandem.params import Params, Prices, Retrieval, parse_params
from tandem.prices import PRESETS
from tandem.prompts import target


def parsed(**sections: object) -> Params:
    return parse_params(yaml.safe_dump({"prompt": {"instruction": "Answer."}, "variants": {"rag": {"retrieve": True}}, **sections}))


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"promotion": {"weights": {"qualty": 1}}}, r"yaml: promotion\.weights names qualty; known measures are quality, exact_match"),
        ({"promotion": {"weights": {"judge": 1, "quality": 0}}}, r"promotion\.weights rests on judge alone"),
        ({"promotion": {"weights": {"quality": 0}}}, r"promotion\.weights weighs nothing; known measures are quality"),
        ({"variants": {"rag+wide": {}, "rag_wide": {}}}, r"MLflow spells 'rag\+wide' and 'rag_wide' alike, 'rag_wide'"),
        ({"form": {"pattern": "("}}, r"form\.pattern '\(' is no regular expression: missing \)"),
        ({"form": {"answer": "{Answer} {source}"}}, r"form\.answer '{Answer} {source}' must hold {answer} once"),
        ({"form": {"answer": "{answer} or {answer}"}}, r"must hold {answer} once, and {source} at most once"),
        ({"prompt": {"instruction": "Answer.", "abstention": "?"}}, r"prompt\.abstention = '\?'"),
        ({"form": {"json_schema": {"type": "text"}}}, r"form\.json_schema is no JSON schema: 'text' is not valid"),
        ({"form": {"pattern": "A: .*"}}, r"form\.answer '{answer}' with .* writes \"I don't know\", which does not fit form\.pattern"),
        ({"form": {"json_schema": {"type": "object"}}}, r"form\.answer '{answer}' with .* which does not fit form\.json_schema"),
        (
            {"form": {"json_schema": {"type": "object"}, "answer": '{"answer": "{answer}", "sources": {source}}'}},
            r"with form\.no_source 'none' writes .*\"sources\": none}', which does not fit form\.json_schema",
        ),
        ({"schedule": {"retrain": "61 * * * *"}}, r"schedule\.retrain '61 \* \* \* \*' is no cron line: Bad minute"),
        ({"schedule": {"monitor": "hourly"}}, r"schedule\.monitor 'hourly' is no cron line: Wrong number of fields"),
        ({"prices": {"preset": "free"}}, r"prices\.preset = 'free': Input should be 'this_machine', 'hosted_api' or 'self_hosted_gpu'"),
        ({"prices": {"preset": "hosted_api", "input_per_1m_tokens": 1}}, r"cached_input_per_1m_tokens 1.25 is above .* 1: give both"),
        ({"variants": {"champion": {}}}, r"variants: 'champion' is the name of what is live"),
        ({"variants": {"both": {"retrieve": True, "whole_context": True}}}, r"has retrieve: true or whole_context: true, not both"),
        ({"variants": {"a": {"retrieval": {"rerank": None}}}}, r"yaml: variants\.a\.retrieval\.rerank = None"),
        ({"variants": {"a/b": {}}}, r"params\.yaml: variants: 'a/b' is no usable name"),
    ],
)
def test_what_would_fail_after_minutes_is_refused_at_once(sections, message):
    with pytest.raises(Refused, match=message):
        parsed(**sections)


def test_a_form_of_numbers_in_json_holds_however_many_passages_are_cited():
    schema = {"type": "object", "properties": {"sources": {"type": "array", "items": {"type": "integer"}}}}
    form = parsed(form={"json_schema": schema, "answer": '{"answer": "{answer}", "sources": {source}}', "no_source": "[]"}).form
    assert [form_ok(target("7 kg", cited, form), form) for cited in ([], [1], [1, 2])] == [True, True, True]


def test_every_fault_is_listed_at_once():
    with pytest.raises(Refused, match=r"form\.pattern.*adapter\.r = 0.*schedule\.monitor"):
        parsed(adapter={"r": 0}, form={"pattern": "("}, schedule={"monitor": "x"})


def test_a_price_book_is_a_preset_with_whatever_is_given_above_it():
    prices = parsed(prices={"preset": "hosted_api", "store_per_month": 70, "curation_per_hour": None}).prices
    assert (prices.store_per_month, prices.curation_per_hour, prices.input_per_1m_tokens) == (70, 50, 2.5)
    assert parsed(prices={"preset": "hosted_api", "store_per_month": 0}).prices.store_per_month == 0
    assert parsed().prices == parsed(prices={"preset": None}).prices == Prices()


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_preset_holds_and_comes_back_from_a_record_unchanged(preset):
    prices = Prices(preset=preset)
    assert {key: getattr(prices, key) for key in PRESETS[preset]} == PRESETS[preset]
    assert Prices(**prices.model_dump()) == prices
    assert prices.cached_input_per_1m_tokens is None or prices.cached_input_per_1m_tokens <= prices.input_per_1m_tokens


def test_a_price_book_of_before_the_presets_still_says_what_it_said():
    old = {"input_per_1m_tokens": 0, "store_per_month": 30, "machine_per_hour": 0.1, "queries_per_day": 1_200}
    prices = parsed(prices=old).prices
    assert {key: getattr(prices, key) for key in old} == old
    assert (prices.machine_hours_per_month, prices.curation_hours, prices.fine_tuned_surcharge) == (0, 0, 0)


def test_a_row_names_what_differs_from_the_workspace():
    rows = {"a": {"retrieval": {"rerank": "mmr"}, "prompt": {"shots": 2}, "base": {"max_new_tokens": 9}}}
    params = parsed(retrieval={"k": 5}, base={"model": "m", "revision": "r", "max_input_tokens": 64}, variants=rows)
    variant = params.variants["a"]
    assert (variant.retrieval.k, variant.retrieval.rerank, params.retrieval.rerank) == (5, "mmr", "none")
    assert (variant.prompt.instruction, variant.prompt.shots, params.prompt.shots) == ("Answer.", 2, 0)
    assert (variant.base.model, variant.base.revision, variant.base.max_input_tokens, variant.base.max_new_tokens) == ("m", "r", 64, 9)


def test_a_base_that_names_its_model_takes_nothing_of_another():
    params = parsed(base={"model": "m", "revision": "r", "max_input_tokens": 64}, variants={"a": {"base": {"model": "n"}}})
    assert (params.variants["a"].base.revision, params.variants["a"].base.max_input_tokens) == (None, 896)


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ({"extra_body": {"temperature": None}}, "provider is local"),
        ({"provider": "openai", "extra_body": {"model": "other", "n": 2}}, "may not hold model, n"),
    ],
)
def test_what_is_sent_besides_cannot_change_who_is_asked_what(base, said):
    with pytest.raises(Refused, match=said):
        parsed(base=base)


def test_more_is_searched_where_it_is_put_in_order_anew():
    assert Retrieval(k=3).searched.k == 3
    assert (Retrieval(k=3, rerank="mmr").searched.k, Retrieval(k=30, rerank="mmr").searched.k) == (20, 30)
