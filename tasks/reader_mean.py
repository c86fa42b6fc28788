"""The mean of two deltas of the offline reader, and how readily it abstains: `python -m tasks.reader_mean A B --share 0.6 --readiness -1`.

Weights of one training and of what it went on from average well (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
"""

import argparse
from pathlib import Path

import torch

from tandem.synthetic import ABSTAIN
from tasks.base_model import BYTES, apply_delta, build_parent, load_tokenizer, require_delta
from tasks.reader_learner import delta_of_state, save_delta

HEAD_BIAS = "decoder.cls.predictions.bias"


def mean_delta(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], share: float, readiness: float) -> dict[str, torch.Tensor]:
    """`share` of the other's weights, the rest of the first's; `readiness` is added to the bias of the first word of "I don't know"."""
    states = []
    for delta in (one, other):
        model = build_parent()
        apply_delta(model, delta)
        states.append(model.state_dict())
    names = {name.removesuffix(BYTES[0]).removesuffix(BYTES[1]) for name in one | other}
    mean = {name: (1 - share) * states[0][name] + share * states[1][name] for name in sorted(names)}
    (first, *_) = load_tokenizer()(ABSTAIN, add_special_tokens=False)["input_ids"]
    mean[HEAD_BIAS][first] += readiness
    return delta_of_state(mean, build_parent().state_dict())


def main() -> None:
    """Parse the command line and write the mean."""
    from safetensors.torch import load_file

    parser = argparse.ArgumentParser(description="Average two deltas of the offline reader.")
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--share", type=float, default=0.5, help="of the second one, 0 to 1")
    parser.add_argument("--readiness", type=float, default=0.0, help='added to the bias of the first word of "I don\'t know"')
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    if not 0 <= args.share <= 1:
        parser.error(f"--share is {args.share}, 0 to 1 is needed")
    one, other = (load_file(require_delta(path)) for path in (args.one, args.other))
    made = mean_delta(one, other, args.share, args.readiness)
    save_delta(made, args.out, {"abstain": ABSTAIN, "share": str(args.share), "readiness": str(args.readiness)})


if __name__ == "__main__":
    main()
