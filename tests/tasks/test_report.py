import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tandem.params import Prices, Promotion
from tandem.promotion import decide
from tandem.records import Row
from tandem.scoring import scorecard
from tandem.stats import mean_interval
from tasks.questions import telling
from tasks.report import _with_commands, write_report

SCRIPT = "<script>alert('x')</script> Leave is 12 weeks, paid in full."


def row(i: int, quality: float | None, answer: str = "12 weeks", passages: tuple[str, ...] = (), **changes) -> Row:
    given = {"form": 1.0, "grounding": None, "citation_precision": None, "citation_recall": None, "cost_usd": 0.001, **changes}
    given = {"abstained": False, "should_abstain": False, "n_tokens_in": 9, "n_tokens_out": 3, **given}
    return Row(
        f"q{i:02d}", f"Question {i}?", "12 weeks", f"Answer: {answer}", answer, passages, quality, quality, quality, quality, **given
    )  # fmt: skip


def cards_of(n: int = 24):
    prompt = [row(i, 0.0, "</p><b>bold</b>", form=0.0, cost_usd=0.0005) for i in range(n)]
    prompt = [replace(one, closed_book_facts=0.0) for one in prompt]
    rag = [row(i, float(i % 4 > 0), passages=(SCRIPT,), grounding=1.0, citation_precision=1.0) for i in range(n)]
    rag = [replace(one, outcome="right" if one.quality else "not retrieved", quotation="verbatim", judge=1.0) for one in rag]
    rag = [replace(one, documents=("hr/leave.md",), cited=(1,), sources=("hr/leave.md",)) for one in rag]
    found = {"hit@1": 0.5, "hit@5": 0.8125, "mrr": 0.6, "n": 48}
    return {
        "rag": scorecard("rag", rag, found, {"total": [100.0, 200.0], "retrieve": [5.0, 6.0]}, 1),
        "prompt": scorecard("prompt", prompt, {}, {"total": [90.0, 110.0]}, 0),
    }


CARDS = cards_of()
DECISION = decide(CARDS, None, Promotion(), 500, 0)
MADE_FROM = {
    "expired": {"q90": {"hr/leave.md": "changed", "hr/old.md": "gone"}},
    "split": {
        "train": 60, "held_out": 24, "straddling": 5, "expired": 1, "unfit": 0, "on_near_duplicates": 9, "documents": 30,
        "near_duplicate_documents": 4, "near_duplicate_groups": 2, "groups_on_both_sides": 0,
    },
    "adapters": {
        "lora": {
            "training": "0123456789ab", "data_version": "aa-bb", "n_examples": 50, "n_rows": 58, "continued": 1, "base": "reader",
            "base_revision": "r1",
        }
    },
}  # fmt: skip
CONTEXT = {
    "workspace": "halden",
    "at": "2026-11-20 12:00",
    "absent": {"lora": "no adapter has been trained: 12 examples are fewer than 40"},
    "set_aside": {"expired": 3, "straddling": 5},
    "lineage": {"data_version": "abc123.dir", "index_version": 7, "git_commit": None, "base_model": "reader", **MADE_FROM},
    "prices": Prices(store_per_month=30, queries_per_day=1_200),
    "resamples": 500,
    "seed": 0,
}


class Page(HTMLParser):
    """The tags, attributes and words of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, list[str | None]] = {}
        self.words = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value)
        if tag not in ("meta", "circle", "line", "rect", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Page:
    path = tmp_path_factory.mktemp("report") / "reports" / "one.html"
    assert write_report(path, CARDS, DECISION, CONTEXT) == path
    assert [found.name for found in path.parent.iterdir()] == ["one.html"]
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_is_well_formed_and_loads_nothing(page):
    assert page.open == []
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert not {"src", "href"} & set(page.attributes)
    assert "default-src 'none'; style-src 'unsafe-inline'" in page.attributes["content"]


def test_text_of_documents_and_answers_is_escaped(page):
    assert "<script>alert('x')</script>" in page.words
    assert "</p><b>bold</b>" in page.words


def test_the_verdict_comes_first_with_its_reasons(page):
    assert DECISION.reasons[0] == "rag is promoted as the first champion: it scores best"
    body = page.words[page.words.index("2026-11-20 12:00") :]
    assert body.index(DECISION.reasons[0]) < body.index(DECISION.reasons[1]) < body.index("Variants")


def test_the_table_holds_the_figures_with_their_n(page):
    for text in ("in production", "0.75", "n 24", "0.81", "n 48", "150 / 195", "$ per 1k", "1.00"):
        assert text in page.words


def test_each_share_has_its_interval_and_n_latency_its_n_and_tokens_their_mean(page):
    words = " ".join(page.words.split())
    interval = mean_interval([row.quality for row in CARDS["rag"].rows], 500, 0)
    same = " 1.00[1.00, 1.00]n 24"
    assert f"rag in production 0.75[{interval.low:.2f}, {interval.high:.2f}]n 24{3 * same} 0.50" in words
    assert "150 / 195n 2 " in words
    assert "variantinout prompt9.03.0n 24 rag9.03.0n 24" in words
    assert "on 112 of 248 hand-labelled sentences (the others chose its threshold) it had precision 0.71 and recall 0.72" in words


def test_each_pair_of_variants_has_its_difference_with_what_these_questions_could_show(page, tmp_path):
    rag, prompt = ([row.quality for row in CARDS[name].rows if row.quality is not None] for name in ("rag", "prompt"))
    mean = sum(rag) / len(rag) - sum(prompt) / len(prompt)
    at = page.words.index("rag - prompt")
    assert f"{mean:+.3f}" in page.words[at : at + 60]
    assert "questions to show .03" in page.words
    for measure in ("grounding", "citation precision"):
        assert f"rag - prompt{measure}" not in " ".join(page.words.split())  # prompt has neither
        found = words_of(tmp_path, {"rag": CARDS["rag"], "b": replace(CARDS["rag"], variant="b")}, CONTEXT)
        assert f"rag - b{measure} +0.000[0.00, 0.00] n 24" in found


def test_latency_stands_by_stage_and_a_stage_that_is_not_there_is_a_dash(page):
    words = " ".join(page.words.split())
    assert "retrievererankgeneratewhole answer prompt - - - 100 / 109 / 110 rag 6 / 6 / 6 - - 150 / 195 / 199" in words


def test_the_rules_of_advice_stand_with_what_was_measured(tmp_path):
    verdict = {"rule": "size", "part": "retrieve", "vote": "for", "reason": "much to read", "measured": "confirmed: rag - prompt"}
    outcome, moved = "Advised from the documents alone: prompt; measured: <rag>.", {"variant": "rag", "before_measuring": "prompt"}
    advice = {**moved, "verdicts": [verdict], "conflicts": ["adapter: a say yes"], "stage": "product", "next_step": "deploy"}
    context = {**CONTEXT, "advice": {**advice, "outcome": outcome}}
    words = Page(write_report(tmp_path / "one.html", CARDS, DECISION, context).read_text(encoding="utf-8")).words
    assert outcome in words
    assert "Measured, the rules now say rag instead of prompt." in words
    assert "Stage: proof of concept → product → scale. Next: deploy." in words
    assert "confirmed: rag - prompt" in words
    assert "In conflict, adapter: a say yes" in words


def test_what_goes_wrong_is_counted_and_what_is_known_by_heart_is_said(page):
    assert "not retrieved" in page.words
    at = page.words.index("Why questions are missed")
    assert "rag1860024" in page.words[at : at + 500].replace("\n", "")
    assert "prompt states 0.00 of the facts (n 24); rag, which reads passages, has a quality of 0.75." in page.words
    assert "rag: the judge and quality agree on 0.75 of 24 answers" in page.words


def test_absent_variants_set_aside_examples_and_lineage_are_named(page):
    assert "lora: no adapter has been trained: 12 examples are fewer than 40" in page.words
    assert "Examples set aside: expired 3, straddling 5." in page.words
    assert "data version" in page.words
    words = " ".join(page.words.split())
    assert "q90: hr/leave.md changed, hr/old.md gone" in words
    assert "training 0123456789ab on data version aa-bb, 50 examples in 58 rows; base reader, revision r1; gone on with 1 time" in words
    assert "60 examples to train on, 24 held out, 5 straddling, 1 expired, 0 unfit;" in words
    assert "9 ask about a document that resembles another: 4 of 30 documents, in 2 groups, none of them on both sides" in words
    assert "abc123.dir" in page.words


def test_a_month_costs_what_the_price_book_says(page):
    # rag: $30 + 1,200 x 365/12 x $0.001 = $30 + $36.50; prompt: 36,500 x $0.0005 = $18.25
    assert "66.50" in page.words
    assert "18.25" in page.words
    assert "2 of the 19 figures of the price book" in page.words  # the store and the volume
    assert "prompt is cheaper than rag at every volume" in page.words


def test_the_scatter_has_a_point_for_every_variant_and_draws_the_front(page):
    assert page.tags.count("circle") == 2
    assert "in quality or cost without losing in the other: prompt, rag." in " ".join(page.words.split())


def test_the_stages_of_an_answer_are_whatever_was_timed(tmp_path):
    stages = {"total": [200.0], "retrieve": [30.0], "rerank": [50.0], "generate": [120.0]}
    text = write_report(tmp_path / "one.html", {"rag": scorecard("rag", CARDS["rag"].rows, {}, stages, 1)}, DECISION, {}).read_text()
    assert re.findall(r"<i></i>(\w+)</span>", text[: text.index("Cost of a month")]) == ["retrieve", "rerank", "generate"]
    assert "200 ms" in text


def test_one_variant_alone_is_compared_with_nobody(tmp_path):
    one = {"rag": CARDS["rag"]}
    words = words_of(tmp_path, one, {**CONTEXT, "prices": Prices()})
    assert "Pareto" not in words
    assert "cost the same" not in words
    assert "cheaper" not in words


def test_answers_that_cost_nothing_are_said_to_cost_nothing(tmp_path, priced_card):
    free = {name: priced_card(name, Prices(machine_per_hour=0)) for name in ("prompt", "rag")}
    words = words_of(tmp_path, free, {**CONTEXT, "prices": Prices(machine_per_hour=0)})
    assert "that ran this comparison. Nothing, in every variant." in words
    assert "prompt and rag cost the same at every volume." in words


def test_what_was_not_priced_or_timed_is_left_out_and_named(tmp_path):
    cards = {**CARDS, "odd": replace(CARDS["prompt"], variant="odd", cost_usd_per_1k=None, latency_ms={"p50": None, "p95": None})}
    assert "Not priced: odd." in words_of(tmp_path, cards, CONTEXT)
    bare = {name: replace(card, cost_usd_per_1k=None, latency_ms={}, measures={}) for name, card in CARDS.items()}
    words = words_of(tmp_path, bare, CONTEXT)
    assert "No variant's answers were priced." in words
    assert "Where the time goes" not in words


def test_money_is_told_in_the_currency_of_the_price_book(tmp_path, priced_card):
    prices = Prices(preset="hosted_api", currency="EUR")
    words = words_of(tmp_path, {name: priced_card(name, prices) for name in ("prompt", "rag", "lora")}, {"prices": prices})
    assert "None of the 19 figures of the price book differ from the preset hosted_api" in words
    assert "€ per 1k" in words
    # lora: 365/12 x 1,000 x (40 x 2.50 + 20 x 10) / 1,000,000 x 1.5 = 13.69, training 3, curation 200
    assert "€ 217" in words
    assert "USD" not in words
    assert "$" not in words


def test_break_evens_are_marked_in_the_chart_with_their_volume_in_words(tmp_path, priced_card):
    prices = Prices(preset="hosted_api", queries_per_day=20_000)
    cards = {name: priced_card(name, prices) for name in ("prompt", "rag", "lora")}
    text = write_report(tmp_path / "one.html", cards, DECISION, {"prices": prices}).read_text(encoding="utf-8")
    (title,) = re.findall(r"<title>(.*? queries a day)</title><circle", text)
    assert re.search(r"rag and lora cost the same at (about .*? queries a day)", text)[1] == title.removeprefix("rag and lora: ")
    assert "Dots: where two variants cost the same" in text


def words_of(folder, cards, context) -> str:
    page = Page(write_report(folder / "one.html", cards, decide(cards, None, Promotion(), 500, 0), context).read_text(encoding="utf-8"))
    assert page.open == []
    return " ".join(page.words.split())


def test_an_empty_comparison_still_makes_a_page(tmp_path):
    decision = decide({}, None, Promotion(), 500, 0)
    text = write_report(tmp_path / "empty.html", {}, decision, {}).read_text(encoding="utf-8")
    assert "nothing is promoted: no variant was measured" in text
    assert "No variant has both a quality and a cost." in text


def test_a_question_stands_with_the_document_of_each_passage_and_who_cites_it(page):
    words = " ".join(page.words.split())
    assert "Of 24 questions every variant is right on 0, some are on 18, none is on 6." in words
    assert "Shown are 10:" in words
    assert "1 passage of rag hr/leave.md source cited by rag <script>" in words
    assert words.count("every variant misses it") == 5
    assert "rag 0.00, not retrieved" in words


def test_blank_lines_of_a_passage_take_no_room(tmp_path):
    rag = scorecard("rag", [row(i, 1.0, passages=("Leave\n\n \nis 12 weeks.",)) for i in range(3)], {}, {}, 1)
    prompt = scorecard("prompt", [row(i, 0.0) for i in range(3)], {}, {}, 0)
    text = write_report(tmp_path / "one.html", {"rag": rag, "prompt": prompt}, DECISION, {}).read_text(encoding="utf-8")
    assert "<blockquote>Leave\nis <mark>12 weeks.</mark></blockquote>" in text


def test_restricted_rows_are_not_shown(tmp_path):
    cards = {name: replace(card, rows=tuple(replace(one, restricted=True) for one in card.rows)) for name, card in CARDS.items()}
    assert telling(cards, list(cards)) == []
    text = write_report(tmp_path / "restricted.html", cards, DECISION, CONTEXT).read_text(encoding="utf-8")
    assert "Leave is 12 weeks" not in text
    assert "Answer: 12 weeks" not in text
    assert "0.75" in text


def test_commands_in_a_sentence_are_code_and_nothing_is_markup():
    assert _with_commands("run `tandem x <y>` & <b>") == "run <code>tandem x &lt;y&gt;</code> &amp; &lt;b&gt;"
