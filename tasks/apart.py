"""Read each passage apart: an encoder that sees one question with one passage at a time, and a decoder that sees all of them.

Fusion in the decoder (Izacard and Grave 2021, section 3): the work grows with the number of passages instead of its square, and the
length of the input limits one passage, not all of them together.

An encoder may be told besides which words of a passage stand in the question (the exact-match feature of Chen et al. 2017, "Reading
Wikipedia to answer open-domain questions", section 3.2; here as segment ids, by the length of what is shared).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

CPU_PARTS = 12  # of like lengths at once: little is padded, and more stays in the caches
LONGEST_RUN = 4  # of shared tokens; longer ones count as this


def read_apart(encoder: Any, start_id: int, end_id: int) -> None:
    """From now on each row of `input_ids` (n, length) is read in parts `start question end passage end`; states stay where the tokens are.

    Only the last states come back. The encoder is changed in place: a copy of it goes on reading with these weights. One whose
    configuration says `marks_shared` is given `shared_runs` as segment ids.
    """
    encoder.forward = _apart(encoder.forward, start_id, end_id if getattr(encoder.config, "marks_shared", False) else None)


def shared_runs(ids: torch.Tensor, end_id: int) -> torch.Tensor:
    """How many tokens in a row, 0 to LONGEST_RUN, question and passage share where each token stands: of `ids` and like them (n, length).

    The question lies between the first token and the first `end_id`, the passage behind that. Padding must be no token of a question.
    """
    in_question = (ids == end_id).cumsum(1) == 0
    n_question = int(in_question.sum(1).max())
    in_passage = ~in_question & (ids != end_id)
    in_question[:, 0] = False
    same = (ids[:, :, None] == ids[:, None, :n_question]) & in_passage[:, :, None] & in_question[:, None, :n_question]
    runs = ids.new_zeros(ids.shape)
    begins = same  # (n, length, n_question): whether a run of so many begins at both places
    for length in range(1, LONGEST_RUN + 1):
        if length > 1:
            begins = begins[:, :-1, :-1] & same[:, length - 1 :, length - 1 :]
        for begun in (begins.any(2), begins.any(1)):
            for behind in range(length):
                runs[:, behind : behind + begun.shape[1]].masked_fill_(begun, length)
    return runs


def _apart(forward: Callable[..., Any], start_id: int, end_id: int | None) -> Callable[..., Any]:
    @wraps(forward)  # generate() reads its signature
    def apart(input_ids: Any, attention_mask: Any, **options: Any) -> Any:
        import torch
        from transformers.modeling_outputs import BaseModelOutput

        tokens = input_ids[attention_mask.bool()]
        part = (tokens == start_id).cumsum(0) - 1
        lengths = torch.bincount(part)
        begins = lengths.cumsum(0) - lengths
        states: list[torch.Tensor] = []
        places: list[torch.Tensor] = []
        for group in lengths.argsort(descending=True, stable=True).split(CPU_PARTS if tokens.device.type == "cpu" else len(lengths)):
            columns = torch.arange(int(lengths[group].max()), device=tokens.device)[None]
            there = columns < lengths[group, None]
            at = (begins[group, None] + columns).clamp(max=len(tokens) - 1)
            ids = tokens[at] * there
            marks = {} if end_id is None else {"token_type_ids": shared_runs(ids, end_id)}
            states.append(forward(input_ids=ids, attention_mask=there.long(), **marks, **options).last_hidden_state[there])
            places.append(at[there])
        together = torch.empty_like(joined := torch.cat(states)).index_copy(0, torch.cat(places), joined)
        padded = together.new_zeros(*input_ids.shape, together.shape[-1])
        padded[attention_mask.bool()] = together
        return BaseModelOutput(last_hidden_state=padded)

    return apart
