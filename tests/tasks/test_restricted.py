"""A page that is restricted after it was trained on: no training, no comparison and no champion goes on with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import yaml

from tandem.errors import Refused
from tandem.params import Params
from tandem.records import Decision
from tandem.scoring import scorecard
from tasks import approval, registry
from tasks.answer import behaviour_of
from tasks.candidates import candidates_of
from tasks.compare import decide_on, live_champion
from tasks.create import create_workspace
from tasks.dataset import build_training_set, load_lineage, save_training_set
from tasks.doctor import diagnose
from tasks.due import retrain_reason
from tasks.evaluate import Comparison
from tasks.examples import label_examples
from tasks.refresh import refresh
from tasks.registration import register
from tasks.restricted import TakenAway, taken_away
from tasks.train import load_trained, train
from tasks.way_back import roll_back
from tasks.workspace import Workspace, open_workspace

ELM = "products/elm.md"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, small_inputs: tuple[Path, Path], tiny_llama: Path) -> Workspace:
    """A workspace with an adapter that was trained on every page, the champion's too."""
    root = tmp_path_factory.mktemp("restricted") / "kb"
    create_workspace(root, *small_inputs)
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["base"].update(model=str(tiny_llama))
    params["adapter"].update(epochs=1, batch_size=8, min_examples=5, exercises=0, r=4)
    params["evaluation"].update(forgetting_n=0)
    params["split"].update(held_out=0.0)
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    opened = open_workspace(root)
    refresh(opened)
    label_examples(opened)
    save_training_set(opened, build_training_set(opened))
    train(opened)
    behaviour = behaviour_of(opened, "lora", opened.params.variants["lora"])
    registry.promote(opened, register(opened, behaviour, opened.adapter_dir, {}, Decision(True, "lora", (), 0, None, {})))
    return opened


@contextmanager
def page_with(workspace: Workspace, matter: str, name: str = ELM, refreshed: bool = True) -> Iterator[None]:
    """Elm's page under this front matter and name; all is as it was afterwards."""
    page, before = workspace.documents_dir / ELM, (workspace.documents_dir / ELM).read_text()
    page.unlink()
    (workspace.documents_dir / name).write_text(f"---\n{matter}\n---\n{before}")
    if refreshed:
        refresh(workspace)
    try:
        yield
    finally:
        (workspace.documents_dir / name).unlink()
        page.write_text(before)
        refresh(workspace)


@pytest.mark.parametrize(
    ("matter", "refreshed"), [("roles: [board]", True), ("trainable: false", True), ("roles: [board]", False)], ids=str
)
def test_a_saved_set_that_holds_a_page_restricted_since_is_not_trained_on(workspace, matter, refreshed):
    before = load_trained(workspace)
    wider = replace(workspace, params=with_rank(workspace.params, 8))
    with page_with(workspace, matter, refreshed=refreshed):
        with pytest.raises(
            Refused, match=rf"the saved training set holds what is restricted now: {ELM}\. Run `tandem retrain`: it builds the set anew"
        ):
            train(wider)
        assert ELM not in {source for row in build_training_set(wider).rows for source in row.documents}
    assert load_trained(workspace) == before


def test_a_saved_set_that_holds_a_page_gone_since_is_not_trained_on(workspace):
    page, before = workspace.documents_dir / ELM, (workspace.documents_dir / ELM).read_text()
    page.unlink()
    refresh(workspace)
    try:
        with pytest.raises(Refused, match=rf"the saved training set holds what is gone now: {ELM}\. Run `tandem retrain`"):
            train(workspace)
        assert retrain_reason(workspace) is None
        assert candidates_of(workspace)[1] == {}
    finally:
        page.write_text(before)
        refresh(workspace)


def test_an_adapter_that_knows_a_restricted_page_is_due_and_absent_whatever_the_share(workspace):
    assert retrain_reason(workspace) is None
    with page_with(workspace, "roles: [board]"):
        assert retrain_reason(workspace) == f"the adapter was trained on what is restricted now: {ELM}"
        absent = f"the adapter was trained on what is restricted now: {ELM}: run `tandem retrain`"
        assert candidates_of(workspace)[1] == {"lora": absent, "rag+lora": absent}
    assert candidates_of(workspace)[1] == {}


def test_a_page_that_is_restricted_under_another_name_is_found_by_its_text(workspace):
    with page_with(workspace, "roles: [board]", "board.md"):
        assert taken_away(workspace, load_lineage(workspace)) == TakenAway(("board.md",), (ELM,))


def test_an_example_that_has_roles_now_is_restricted(workspace):
    lines = workspace.examples_path.read_text()
    workspace.examples_path.write_text(lines.replace('{"id": "elm-0",', '{"id": "elm-0", "roles": ["board"],'))
    try:
        assert taken_away(workspace, load_lineage(workspace)) == TakenAway(("elm-0",), ())
    finally:
        workspace.examples_path.write_text(lines)


def test_a_champion_that_knows_a_restricted_page_gives_way_to_the_best_of_the_others(workspace):
    assert live_champion(workspace).name == "lora"
    with page_with(workspace, "roles: [board]"):
        live = live_champion(workspace)
        assert (live.name, live.version, live.extra, live.restricted) == (None, "1", None, (ELM,))
        rag = scorecard("rag", [], {}, {}, 1)
        reasons = decide_on(workspace, Comparison({"rag": rag}, {}, {}, 0, 0, 0, 0, 0, 0), live).reasons
        assert reasons[-1] == f"version 1 is not measured: its adapter was trained on what is restricted now: {ELM}"
        (found,) = [one for one in diagnose(workspace) if one.check == "registry"]
        assert (found.problem, found.value) == ("the champion's adapter was trained on what is restricted now", f"kb version 1: {ELM}")
        assert found.next == "tandem run"
    assert [one for one in diagnose(workspace) if one.check == "registry"] == []


def test_no_version_that_knows_a_restricted_page_becomes_the_champion(workspace):
    behaviour = behaviour_of(workspace, "rag", workspace.params.variants["rag"])
    registry.promote(workspace, register(workspace, behaviour, None, {}, Decision(True, "rag", (), 0, None, {})))
    seen = rf"the adapter of version 1 of kb was trained on what is restricted now: {ELM}\. `tandem run` trains one without it"
    with page_with(workspace, "roles: [board]"):
        for step in (roll_back, partial(approval.promote, version="1")):
            with pytest.raises(Refused, match=seen):
                step(workspace)
    assert registry.champion_version(workspace) == "2"
    assert roll_back(workspace)["to"] == "1"


def with_rank(params: Params, r: int) -> Params:
    return params.model_copy(update={"adapter": params.adapter.model_copy(update={"r": r})})
