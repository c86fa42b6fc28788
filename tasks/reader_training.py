"""Train the offline reader on synthetic exercises; run through `python -m tasks.base_model`.

Three helper losses make copying appear in minutes rather than hours and are dropped after training: a start/end head on the encoder (as in
BERT's SQuAD head, Devlin et al. 2019, section 4.2), guided cross-attention (Tachibana et al. 2018, here towards the copied token), and an
echo: the output layer must name an input token from its encoding, so that what the decoder attends to can be written down.
"""

import re
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import torch
from torch import nn

from tandem.synthetic import ABSTAIN
from tasks.allocation import freed_memory_kept
from tasks.generate import has_fast_bf16
from tasks.reader_batches import STAGES, Batch, Material, make_batches, read_manuals, read_paragraphs, read_sections
from tasks.reader_exams import N_EVALUATED, evaluate, overall
from tasks.reader_learner import Learner, build_learner, delta_of, save_delta
from tasks.written_library import organisations, read_library

WARMUP_STEPS, LEAST_RATE = 40, 0.03  # the least as a share of the whole rate, so that the last minutes still learn
BETAS, WEIGHT_DECAY, LARGEST_GRADIENT = (0.9, 0.98), 0.01, 1.0
STAGE_SHARE = 0.25  # of the time: a stage that is not mastered by then is left
EVALUATE_EVERY_S = 1500.0
TIMEOUT = timedelta(hours=2)  # the others wait while the first evaluates
LEARNING_RATES = {"new": 1e-3, "old": 2e-4}
GUIDED_HEADS = 4
HELPER_WEIGHTS = {"span": 0.5, "guide": 0.5, "echo": 0.5}
N_ECHOED = 64


# --- losses
def losses(learner: Learner, batch: Batch) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """(weighted losses by name, whether each row is wholly right under teacher forcing)."""
    decoder, is_answer = learner.model.decoder, batch.labels != -100
    with torch.autocast("cpu", torch.bfloat16, enabled=has_fast_bf16()):
        hidden = learner.model.encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask).last_hidden_state
        out = decoder.bert(
            input_ids=batch.decoder_ids,
            encoder_hidden_states=hidden,
            encoder_attention_mask=batch.attention_mask,
            output_attentions=True,
            use_cache=False,
        )
        logits = decoder.cls(out.last_hidden_state[is_answer]).float()
        spans = learner.span_head(hidden).float()
        there = batch.attention_mask.flatten().nonzero()[:, 0]
        echoed = there[torch.randint(len(there), (N_ECHOED,))]
        echo = decoder.cls(hidden.flatten(0, 1)[echoed]).float()
    answer_loss = mean_answer_loss(logits, batch.labels)
    spans = spans.masked_fill(batch.attention_mask[..., None] == 0, -1e4)
    span_loss = nn.functional.cross_entropy(spans.transpose(1, 2).flatten(0, 1), batch.span.flatten())
    is_wrong = torch.zeros_like(is_answer).masked_scatter(is_answer, logits.argmax(-1) != batch.labels[is_answer])
    echo_loss = nn.functional.cross_entropy(echo, batch.input_ids.flatten()[echoed])
    guiding = guide_loss(out.cross_attentions[-1], batch.copied)
    return {
        "answer": answer_loss,
        "span": HELPER_WEIGHTS["span"] * span_loss,
        "guide": HELPER_WEIGHTS["guide"] * guiding,
        "echo": HELPER_WEIGHTS["echo"] * echo_loss,
    }, ~is_wrong.any(1)


def mean_answer_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of `labels` (n, n_answer), -100 where there is none; `logits` (n_there, n_vocabulary) are of the others. A row weighs
    as the root of its length: otherwise the few long copies, whose next word is plain, would drown the many short answers."""
    there = labels != -100
    weights = (there / there.sum(1, keepdim=True).clamp(min=1).sqrt())[there]
    return (nn.functional.cross_entropy(logits, labels[there], reduction="none") * weights).sum() / weights.sum()


def guide_loss(attention: torch.Tensor, copied: torch.Tensor) -> torch.Tensor:
    """Minus log of the attention (n, heads, n_answer, n_source) that the guided heads pay to the token to be copied next."""
    aimed = attention[:, :GUIDED_HEADS].float().mean(1).gather(2, copied.clamp(min=0)[..., None])[..., 0]
    wanted = copied >= 0
    return -(aimed.clamp(min=1e-6).log() * wanted).sum() / wanted.sum().clamp(min=1)


# --- the loop
def stream(learner: Learner, rng: Random, manuals: Path | None, progress: "Progress") -> Iterator[Batch]:
    """Batches without end, of whatever stage training has reached."""
    vocabulary = sorted(word for word in learner.tokenizer.get_vocab() if re.fullmatch(r"[a-z]{4,10}", word))
    material = Material(read_paragraphs(), vocabulary, read_sections(manuals), read_library(organisations("train")), read_manuals(manuals))
    while True:
        yield from make_batches(learner.tokenizer, rng, STAGES[progress.stage], material)


@dataclass
class Progress:
    """Where training stands; `recent` holds the last shares of wholly right answers."""

    stage: int = 0
    step: int = 0
    n_tokens: int = 0
    recent: deque = field(default_factory=lambda: deque(maxlen=60))
    recent_parts: deque = field(default_factory=lambda: deque(maxlen=60))

    def __str__(self) -> str:
        means = {name: sum(parts[name] for parts in self.recent_parts) / len(self.recent_parts) for name in self.recent_parts[-1]}
        losses_text = ", ".join(f"{name} {mean:.3f}" for name, mean in means.items())
        right = sum(self.recent) / max(1, len(self.recent))
        return f"step {self.step}, stage {self.stage}, {self.n_tokens / 1e6:.2f} M tokens, {losses_text}, right {right:.3f}"

    def note(self, parts: dict[str, float], share_right: float, n_tokens: int, share_of_time: float) -> None:
        self.step, self.n_tokens = self.step + 1, self.n_tokens + n_tokens
        self.recent.append(share_right)
        self.recent_parts.append(parts)
        ready = len(self.recent) == self.recent.maxlen and sum(self.recent) / len(self.recent) >= STAGES[self.stage].leave_at
        late = share_of_time > STAGE_SHARE * (self.stage + 1)
        if self.stage + 1 < len(STAGES) and (ready or late):
            self.stage += 1
            self.recent.clear()


@dataclass(frozen=True)
class Run:
    """One training: `out` is replaced whenever an evaluation beats it. `n_processes` train side by side, their gradients averaged."""

    out: Path
    minutes: float
    seed: int = 0
    resume: Path | None = None
    n_threads: int = 1
    n_processes: int = 1
    stage: int = 0
    rate: float = 1.0
    manuals: Path | None = None


def train(run: Run) -> None:
    """Train for `run.minutes` of wall time."""
    if run.n_processes == 1:
        _start(0, run, "")
        return
    with TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(_start, (run, f"file://{folder}/meeting"), run.n_processes)


def _start(number: int, run: Run, meeting: str) -> None:
    if meeting:
        torch.distributed.init_process_group("gloo", init_method=meeting, rank=number, world_size=run.n_processes, timeout=TIMEOUT)
    torch.set_num_threads(run.n_threads)
    torch.manual_seed(run.seed)
    with freed_memory_kept():
        _train(number, run)
    if meeting:
        torch.distributed.destroy_process_group()


def _train(number: int, run: Run) -> None:
    learner = build_learner(run.resume)
    learner.model.train()
    optimiser = torch.optim.AdamW(
        [{"params": learner.groups[name], "lr": rate, "base": rate} for name, rate in LEARNING_RATES.items()],
        betas=BETAS,
        weight_decay=WEIGHT_DECAY,
        fused=True,
    )
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    started, best = time.monotonic(), {}
    if number == 0 and run.resume and run.out.is_file() and run.resume.samefile(run.out):  # only replaced by a better one
        best = evaluate(learner)
        print(f"resumed from {run.resume}: {best}", flush=True)
    progress, evaluated_at_s, elapsed_s = Progress(stage=run.stage), 0.0, 0.0
    batches = stream(learner, Random(run.seed * 1000 + number), run.manuals, progress)
    while elapsed_s < run.minutes * 60:
        share = elapsed_s / (run.minutes * 60)
        batch = next(batches)
        factor = run.rate * min(1.0, (progress.step + 1) / WARMUP_STEPS) * max(LEAST_RATE, 1 - share)
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * factor
        parts, right = losses(learner, batch)
        torch.stack(list(parts.values())).sum().backward()
        elapsed_s = average_gradients(parameters, time.monotonic() - started, run.n_processes)
        nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        n_tokens = int(batch.attention_mask.sum()) * run.n_processes
        progress.note({name: part.item() for name, part in parts.items()}, right.float().mean().item(), n_tokens, share)
        if number == 0 and progress.step % 25 == 0:
            print(f"{elapsed_s / 60:.1f} min, {progress}", flush=True)
        if number == 0 and elapsed_s - evaluated_at_s > EVALUATE_EVERY_S:
            best = keep_better(learner, run.out, best, progress, run.seed)
            evaluated_at_s = time.monotonic() - started
    if number == 0:
        keep_better(learner, run.out, best, progress, run.seed)


def average_gradients(parameters: Sequence[nn.Parameter], elapsed_s: float, n_processes: int) -> float:
    """Put the mean gradient of all processes in place of each one's own; the mean of `elapsed_s`, so that all of them stop together."""
    if n_processes == 1:
        return elapsed_s
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    together = torch.cat([*(gradient.flatten() for gradient in gradients), torch.tensor([elapsed_s])])
    torch.distributed.all_reduce(together)
    together /= n_processes
    for gradient, mean in zip(gradients, together[:-1].split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))
    return float(together[-1])


def keep_better(learner: Learner, out: Path, best: dict[str, float], progress: Progress, seed: int) -> dict[str, float]:
    """Evaluate, and replace the delta at `out` if the scores beat the best so far."""
    scores = evaluate(learner)
    better = not best or overall(scores) > overall(best)
    print(f"   EVAL step {progress.step} {scores} overall {overall(scores):.3f} {'kept' if better else 'not better'}", flush=True)
    if better:
        save_delta(
            delta_of(learner),
            out,
            {"scores": str(scores), "n": str(N_EVALUATED), "step": str(progress.step), "seed": str(seed), "abstain": ABSTAIN},
        )
    return scores if better else best


if __name__ == "__main__":
    sys.exit("run `python -m tasks.base_model --minutes 70`")
