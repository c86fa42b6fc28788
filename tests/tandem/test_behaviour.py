from tandem.behaviour import changes

RAG = {"variant": "rag", "retrieve": True, "adapter": False, "base": {"model": "reader"}, "retrieval": {"k": 3, "rrf_k": 10}}


def test_only_what_answers_depend_on_counts_by_its_dotted_key():
    both = {**RAG, "variant": "rag+lora", "adapter": True, "retrieval": {"k": 5, "rrf_k": 10}, "index_version": 9, "data_version": "b"}
    assert changes(RAG, both) == {"variant": ("rag", "rag+lora"), "adapter": (False, True), "retrieval.k": (3, 5)}
    assert changes(RAG, {**RAG, "data_version": "c"}) == {}


def test_a_setting_that_the_older_version_did_not_know_was_none():
    assert changes(RAG, {**RAG, "retrieval": {"k": 3, "rrf_k": 10, "rerank": "mmr"}}) == {"retrieval.rerank": (None, "mmr")}


def test_shots_and_a_read_whole_context_count_the_shots_by_their_examples():
    shown = {**RAG, "shots": [{"example_id": "e1", "answer": "restricted text"}], "whole_context": True}
    assert changes(RAG, shown) == {"whole_context": (False, True), "shots": ([], ["e1"])}
