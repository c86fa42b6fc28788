"""From a comparison to the registry: what was measured is what is registered, or nothing is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.errors import Refused
from tandem.params import Base, Form, Params, Prompt, Retrieval, Variant
from tandem.records import Decision, Document, Example, Generation
from tandem.scoring import scorecard
from tasks import registry
from tasks.candidates import Candidate, training_digest
from tasks.compare import Live, live_champion, publish
from tasks.evaluate import Comparison, _scorecard, is_restricted, sampled
from tasks.index import layout_of, write_json
from tasks.judge import Judge
from tasks.lineup import Lineup
from tasks.registration import register
from tasks.terminal import outcome_text
from tasks.tracking import connected, experiment_id
from tasks.workspace import Settings, Workspace

PARAMS = Params(prompt=Prompt(instruction="Answer."), variants={"rag": Variant(retrieve=True)})
LINEAGE = {"data_version": "aa-bb", "index_version": 7}
DECISION = Decision(True, "rag", ("rag is promoted as the first champion: it scores best",), 40, None, {})
NOBODY = Live(None, None, None)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One store for the tests of this file: making one takes seconds. Each test takes a model name of its own."""
    made = Workspace(tmp_path_factory.mktemp("compare") / "shared", PARAMS, Settings())
    made.documents_dir.mkdir(parents=True)
    (made.documents_dir / "elm.md").write_text("The Elm kettle holds six cups and weighs 1.4 kg.")
    return made


@pytest.fixture
def workspace(shared: Workspace, request: pytest.FixtureRequest) -> Workspace:
    return Workspace(shared.root, PARAMS.model_copy(update={"name": request.node.name}), shared.settings)


def candidate(variant: str = "rag", adapter_dir: Path | None = None, **changes: object) -> Candidate:
    behaviour = {
        "variant": variant, "retrieve": True, "adapter": adapter_dir is not None, "base": Base().model_dump(),
        "prompt": PARAMS.prompt.model_dump(), "form": Form().model_dump(), "retrieval": Retrieval().model_dump(),
        "layout": layout_of(PARAMS), "data_version": "aa-bb", "index_version": 7, **changes,
    }  # fmt: skip
    return Candidate(variant, behaviour, adapter_dir, 1, training_digest(adapter_dir))


def comparison_of(*candidates: Candidate) -> Comparison:
    cards = {one.name: scorecard(one.name, [], {}, {}, one.simplicity) for one in candidates}
    return Comparison(cards, {one.name: one for one in candidates}, {}, 40, 0, 0, 0, 0, 0, LINEAGE)


def test_the_candidate_that_was_measured_is_registered(workspace):
    outcome = publish(workspace, comparison_of(candidate(data_version="cc-dd", index_version=9)), DECISION, NOBODY, dry_run=False)
    found = registry.champion(workspace)
    assert (found.version, found.behaviour["index_version"], found.tags["data_version"]) == ("1", 9, "cc-dd")
    assert (outcome["model_version"], outcome["decision"]["promoted"]) == ("1", True)


def test_a_dry_run_says_what_would_be_promoted_and_promotes_nothing(workspace):
    outcome = publish(workspace, comparison_of(candidate()), DECISION, NOBODY, dry_run=True)
    assert (outcome["decision"]["promoted"], outcome["decision"]["would_promote"], outcome["model_version"]) == (False, True, None)
    assert registry.champion(workspace) is None
    assert "in production" not in Path(outcome["report"]).read_text()
    assert "Dry run: rag would be promoted:" in outcome_text("kb", outcome)


def test_the_report_and_each_of_its_charts_are_artifacts_of_the_run(workspace):
    outcome = publish(workspace, comparison_of(candidate()), DECISION, NOBODY, dry_run=True)
    report = Path(outcome["report"])
    with connected(workspace) as client:
        (run,) = client.search_runs([experiment_id(workspace)], "tags.`tandem.kind` = 'compare'")
        logged = {file.path for file in client.list_artifacts(run.info.run_id)}
    charts = {f"{report.stem}-{name}.png" for name in ("quality", "latency", "month", "costs", "contexts")}
    assert logged == {report.name, "lineage.json"} | charts
    assert outcome["report_link"] == report.as_uri()


def test_nothing_is_registered_where_the_champion_changed_meanwhile(workspace):
    first = publish(workspace, comparison_of(candidate()), DECISION, NOBODY, dry_run=False)["model_version"]
    with pytest.raises(Refused, match=f"the champion is version {first} now, none was measured"):
        publish(workspace, comparison_of(candidate()), DECISION, NOBODY, dry_run=False)
    assert len(registry.history(workspace)) == 1


def test_nothing_is_registered_where_the_adapter_was_trained_again_meanwhile(workspace, tmp_path):
    record = {"trained": True, "reasons": [], "history": [{"loss": 2.0}], "lineage": {"examples": ["e1"]}}
    (tmp_path / "training.json").write_text(json.dumps(record))
    measured = comparison_of(candidate("rag+lora", tmp_path))
    (tmp_path / "training.json").write_text(json.dumps({**record, "history": [{"loss": 1.0}]}))
    with pytest.raises(Refused, match=r"the adapter of rag\+lora has been trained again"):
        publish(workspace, measured, replace(DECISION, variant="rag+lora"), NOBODY, dry_run=False)
    assert registry.champion(workspace) is None


def test_a_champion_of_another_layout_is_a_candidate_of_its_own(workspace, monkeypatch):
    write_json(workspace.state_dir / "index.json", {"table": "chunks_1", "version": 7, "layout": layout_of(PARAMS)})
    german = PARAMS.model_copy(update={"index": PARAMS.index.model_copy(update={"language": "German"})})
    old = register(workspace, candidate(layout=layout_of(german)).behaviour, None, {}, DECISION)
    registry.promote(workspace, old)
    live = live_champion(workspace)
    assert (live.name, live.version, live.successor) == ("champion", old, "rag")

    registry.promote(workspace, register(workspace, candidate().behaviour, None, {}, DECISION))
    assert live_champion(workspace) == Live("rag", "2", None)


def test_a_layout_means_nothing_to_a_variant_that_does_not_search():
    german = {**layout_of(PARAMS), "language": "German"}
    assert candidate(retrieve=False).identity == candidate(retrieve=False, layout=german).identity
    assert candidate().identity != candidate(layout=german).identity


def test_a_version_that_was_registered_before_a_setting_existed_answers_like_its_default():
    before = {**Retrieval().model_dump(), "rerank": "mmr"}
    older = {key: value for key, value in before.items() if key not in ("rerank", "rerank_candidates", "mmr_lambda")}
    assert candidate(retrieval=older).identity == candidate(shots=[], whole_context=False).identity
    assert (
        len({candidate(**one).identity for one in ({}, {"retrieval": before}, {"shots": [{"question": "?"}]}, {"whole_context": True})})
        == 4
    )


def test_a_sample_is_the_same_for_a_seed_and_moves_little_when_examples_are_added():
    examples = [Example(id=f"e{at}", question="?", answer="!") for at in range(40)]
    chosen = sampled(examples, 10, seed=0)
    assert chosen == [one for one in examples if one in sampled(examples, 10, seed=0)]
    assert chosen != examples[:10]
    assert chosen != sampled(examples, 10, seed=1)
    more = sampled([*examples, Example(id="new", question="?", answer="!")], 10, seed=0)
    assert len({one.id for one in chosen} - {one.id for one in more}) <= 1
    assert sampled(examples, None, seed=0) == examples


def test_an_example_is_restricted_by_its_own_roles_or_by_those_of_a_source():
    documents = {"bands.md": Document("bands.md", "text", "", roles=("people-team",)), "leave.md": Document("leave.md", "text", "")}
    given = [{"sources": ["leave.md"]}, {"sources": ["leave.md", "bands.md"]}, {"sources": ["gone.md"]}, {"roles": ["board"]}]
    examples = [Example.model_validate({"id": "e", "question": "?", "answer": "!", **one}) for one in given]
    assert [is_restricted(one, documents) for one in examples] == [False, True, False, True]


def test_an_output_is_read_by_the_prompt_of_its_own_variant(workspace):
    own = candidate("terse", retrieve=False, prompt={"instruction": "Answer.", "abstention": "No idea"})
    example = Example(id="e1", question="?", answer="!")
    output = (Generation("No idea.", 9, 2), 0.1)
    assert _scorecard(workspace, own, [example], {}, [output], {"total": [1.0]}, {}, {"e1": {}}, [Judge(workspace)]).rows[0].abstained


def test_variants_share_a_generator_only_in_the_same_form(workspace):
    remote = replace(workspace, settings=Settings(openai_base_url="http://127.0.0.1:9/v1"))
    base = Base(model="m", provider="openai").model_dump()
    a, b = (candidate(name, retrieve=False, base=base) for name in ("a", "b"))
    champion = candidate("champion", retrieve=False, base=base, form=Form(answer="A: {answer}").model_dump())
    lineup = Lineup(remote, [a, b, champion], {}, lambda *_: None)
    assert lineup._generator(a) is lineup._generator(b)
    assert lineup._generator(a) is not lineup._generator(champion)
