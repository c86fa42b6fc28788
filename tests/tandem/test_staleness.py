from tandem.staleness import Staleness, staleness


def test_nothing_is_stale_when_nothing_changed() -> None:
    assert staleness({"a": "1", "b": "2"}, {"a": "1", "b": "2", "new": "9"}) == Staleness(0.0, (), (), 2)


def test_changed_and_gone_pieces_are_named_and_counted() -> None:
    assert staleness({"a": "1", "b": "2", "c": "3", "d": "4"}, {"a": "1", "b": "22", "d": "4"}) == Staleness(0.5, ("b",), ("c",), 4)


def test_a_text_that_stands_under_another_id_is_not_stale() -> None:
    trained = {"doc#0": "1", "doc#1": "2"}
    assert staleness(trained, {"doc#0": "0", "doc#1": "1", "doc#2": "2"}) == Staleness(0.0, (), (), 2)


def test_an_adapter_trained_on_nothing_has_no_staleness() -> None:
    assert staleness({}, {"a": "1"}) == Staleness(None, (), (), 0)


def test_everything_is_stale_when_the_knowledge_base_was_emptied() -> None:
    assert staleness({"a": "1", "b": "2"}, {}) == Staleness(1.0, (), ("a", "b"), 2)
