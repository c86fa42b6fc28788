from tandem.moving_parts import moving_parts

RETRIEVAL = {"vector_weight": 1.0}


def test_parts_follow_from_the_flags_and_add_up():
    plain = moving_parts({"retrieve": False, "adapter": False, "retrieval": RETRIEVAL})
    rag = moving_parts({"retrieve": True, "adapter": False, "retrieval": RETRIEVAL})
    lora = moving_parts({"retrieve": False, "adapter": True, "retrieval": RETRIEVAL})
    both = moving_parts({"retrieve": True, "adapter": True, "retrieval": RETRIEVAL})
    assert plain == ("base model",)
    assert rag == ("base model", "index", "refresh on every change", "embedder")
    assert lora == ("base model", "adapter", "labelled examples", "training schedule")
    assert set(both) == set(rag) | set(lora)
    assert len(both) == 7


def test_full_text_search_alone_needs_no_embedder():
    assert "embedder" not in moving_parts({"retrieve": True, "adapter": False, "retrieval": {"vector_weight": 0.0}})


def test_a_setting_that_needs_something_of_its_own_is_a_part():
    plain = {"retrieve": True, "adapter": False, "retrieval": {"vector_weight": 1.0, "rerank": "mmr"}}
    assert "reranking model" not in moving_parts(plain)
    assert "reranking model" in moving_parts({**plain, "retrieval": {"vector_weight": 1.0, "rerank": "some/cross-encoder"}})
    whole = {"retrieve": False, "adapter": False, "whole_context": True, "shots": [{}], "retrieval": RETRIEVAL}
    assert moving_parts(whole) == ("base model", "index", "refresh on every change", "labelled examples")
