import pytest

from tandem.words import normalise, sentences


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  It’s the   CEO's  e-mail!", "its the ceos e mail"),
        ("1,200 or 1,200,000 but 2.5 and -5 °C", "1200 or 1200000 but 2.5 and -5 c"),
        ("2-3 days, 9:30.", "2 3 days 9 30"),
        ("5% of $4.50", "5 % of $ 4.50"),
        ("Straße ＡＢＣ", "strasse abc"),
        ("保証期間は24か月", "保 証 期 間 は 24 か 月"),
        ("−7", "-7"),
        ("...", ""),
    ],
)
def test_normalising_keeps_numbers_and_drops_case_and_punctuation(text, words):
    assert normalise(text) == words


def test_sentences_end_at_full_stops_lines_and_their_cjk_kin():
    assert sentences("Leave is 2.5 days [1]. Paid!\n- ...\nIn full") == ["Leave is 2.5 days  .", "Paid!", "In full"]
    assert sentences("保証は24か月。送料は無料。") == ["保証は24か月。", "送料は無料。"]
