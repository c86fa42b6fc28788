"""What follows a training where it is deployed: a comparison."""

from __future__ import annotations

import pytest

from flows.retrain import retrain
from tasks.refresh import refresh
from tasks.registry import champion
from tasks.workspace import open_workspace

pytestmark = pytest.mark.asyncio


async def test_a_deployed_retraining_ends_in_a_comparison_that_promotes(make_workspace, tiny_llama):
    changes = {
        "base.model": str(tiny_llama),
        "base.max_new_tokens": 4,
        "adapter.epochs": 1,
        "adapter.min_examples": 5,
        "adapter.exercises": 0,
    }
    changes |= {"evaluation.forgetting_n": 0, "evaluation.latency_n": 1, "evaluation.resamples": 100, "promotion.min_n": 1}
    changes |= {"variants": {"lora": {"adapter": True}}, "promotion.limits": {}}
    root = make_workspace(changes=changes)
    workspace = open_workspace(root)
    refresh(workspace)
    deployed = await retrain.fn(str(root), "scheduled", then_compare=True)
    assert deployed["comparison"]["decision"]["promoted"]
    live = champion(workspace)
    assert live is not None
    assert live.version == deployed["comparison"]["model_version"]


async def test_a_refused_training_is_not_compared(make_workspace):
    root = make_workspace(changes={"adapter.min_examples": 1000})
    refresh(open_workspace(root))
    outcome = await retrain.fn(str(root), then_compare=True)
    assert (outcome["trained"], "comparison" in outcome) == (False, False)
