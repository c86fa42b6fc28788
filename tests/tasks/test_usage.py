from types import SimpleNamespace

from tandem.params import Base, Prompt
from tandem.records import Generation, Passage
from tasks.generate_openai import OpenAIGenerator
from tasks.inputs import Request
from tasks.lineup import Found
from tasks.usage import document_tokens, usages_of
from tasks.workspace import Settings


def test_an_answer_used_its_search_and_its_generation():
    passage = Passage("c1", "kettle.md", "Kettle", "It weighs two kilograms.", 1.0)
    found = [Found([passage, passage], n_tokens=6, seconds=0.25), Found()]
    first, second = usages_of(found, [(Generation("2 kg", 60, 4, 32), 0.5), (Generation("?", 9, 1), 0.5)])
    # two passages of "kettle : it weighs two kilograms ." and nothing between them but a line's end
    assert (first.n_tokens_in, first.n_tokens_out, first.n_cached_tokens, first.n_embedding_tokens) == (60, 4, 32, 6)
    assert 12 <= first.n_context_tokens <= 24
    assert first.seconds == 0.75
    assert (second.n_context_tokens, second.n_embedding_tokens, second.seconds) == (0, 0, 0.5)


def test_context_that_was_cut_off_is_not_counted():
    passage = Passage("c1", "long.md", "", "word " * 900, 1.0)
    (usage,) = usages_of([Found([passage])], [(Generation("?", 512, 1), 0.5)])
    assert usage.n_context_tokens == 512


def test_passages_that_were_left_out_are_not_counted():
    found = [Found([Passage(str(n), "a.md", "", "word " * 100, 1.0) for n in range(3)])]
    (usage,) = usages_of(found, [(Generation("?", 512, 1, n_read=2), 0.5)])
    assert 200 <= usage.n_context_tokens < 210


def test_no_document_has_no_tokens():
    assert document_tokens([]) == 0


def test_an_endpoint_says_which_tokens_it_had_cached_and_one_that_counts_none_is_counted_for():
    generator = OpenAIGenerator(Base(model="m", provider="openai"), Settings(openai_base_url="http://127.0.0.1:9/v1"))
    counted = SimpleNamespace(prompt_tokens=100, completion_tokens=7, prompt_tokens_details=SimpleNamespace(cached_tokens=64))
    uncounted = SimpleNamespace(prompt_tokens=100, completion_tokens=7, prompt_tokens_details=None)
    for usage, expected in ((counted, (100, 7, 64)), (uncounted, (100, 7, 0)), (None, (5, 2, 0))):
        reply = SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(content="Yes."))], usage=usage)
        completions = SimpleNamespace(create=lambda reply=reply, **_: reply)
        generator._client = SimpleNamespace(chat=SimpleNamespace(completions=completions))
        (said,) = generator.generate([Request("Is it?")], Prompt(instruction=""), adapter=False)
        assert (said.n_tokens_in, said.n_tokens_out, said.n_cached_tokens) == expected
