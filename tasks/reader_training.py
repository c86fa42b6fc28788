"""Train the offline reader on synthetic exercises; run through `python -m tasks.base_model`.

Three helper losses make copying appear in minutes rather than hours and are dropped after training: a start/end head on the encoder (as in
BERT's SQuAD head, Devlin et al. 2019, section 4.2), guided cross-attention (Tachibana et al. 2018, here towards the copied token), and an
echo: the output layer must name an input token from its encoding, so that what the decoder attends to can be written down.
"""

import json
import os
import re
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import nn

from tandem.synthetic import ABSTAIN, Exercise, Mix, Section, Side, make_exercises, read_section
from tasks.base_model import CLS_ID, LOW_RANK, MAX_TOKENS, apply_delta, build_parent, load_tokenizer
from tasks.generate import has_fast_bf16

MAX_ANSWER_TOKENS = 72
WARMUP_STEPS = 40
EVALUATE_EVERY_S = 1500.0
N_EVALUATED = 96
LEARNING_RATES = {"new": 1e-3, "low_rank": 6e-4, "old": 2e-4}
GUIDED_HEADS = 4
HELPER_WEIGHTS = {"span": 0.5, "guide": 0.5, "echo": 0.5}
N_ECHOED = 192
CONTEXT_CHARS = 2000  # about 480 tokens


@dataclass(frozen=True)
class Stage:
    """One step of the curriculum; left when the share of wholly right answers (teacher-forced) reaches `leave_at`."""

    n_passages: tuple[int, ...]
    mix: Mix
    leave_at: float
    tokens_a_batch: int

    def mix_for(self, n_passages: int) -> Mix:
        """The mix with passages short enough for `n_passages` of them to fit the model's input."""
        low, high = self.mix.target_chars
        high = min(high, CONTEXT_CHARS // n_passages)
        return replace(self.mix, target_chars=(min(low, high // 2), high))


STAGES = (
    Stage((1,), Mix(absent=0.06, cloze=0.08, target_chars=(60, 250)), 0.60, 2048),
    Stage((1, 2, 2), Mix(absent=0.07, cloze=0.10, target_chars=(80, 400)), 0.72, 2560),
    Stage((1, 2, 3, 3, 3, 3, 4, 6), Mix(absent=0.07, cloze=0.08, first=0.3, target_chars=(80, 450)), 2.0, 3072),
)


# --- the model while it trains
class LowRankWeight(nn.Module):
    """Parametrisation W + out @ in of a frozen weight; `out` starts at zero, so that training starts at the parent."""

    def __init__(self, weight: torch.Tensor, rank: int) -> None:
        super().__init__()
        self.low_rank_out = nn.Parameter(torch.zeros(weight.shape[0], rank))
        self.low_rank_in = nn.Parameter(torch.randn(rank, weight.shape[1]) / weight.shape[1] ** 0.5)

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        return weight + self.low_rank_out @ self.low_rank_in


@dataclass
class Learner:
    """The model, its helper head and its three groups of parameters."""

    model: Any
    tokenizer: Any
    span_head: nn.Linear
    groups: dict[str, list[nn.Parameter]]
    low_rank: dict[str, LowRankWeight]
    trained: list[str] = field(default_factory=list)


def build_learner(rank: int, resume: Path | None) -> Learner:
    """The parent, or a delta gone on from, with low-rank encoder weights and the embeddings frozen and shared."""
    from safetensors.torch import load_file

    model: Any = build_parent("eager")  # the guide needs the attention weights; on a CPU its backward is also faster than sdpa's
    delta = load_file(resume) if resume else {}
    apply_delta(model, {name: value for name, value in delta.items() if not name.endswith(LOW_RANK)})
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0  # exercises never repeat, so there is nothing to overfit
    embeddings = model.encoder.embeddings.word_embeddings.weight
    model.decoder.bert.embeddings.word_embeddings.weight = embeddings
    model.decoder.cls.predictions.decoder.weight = embeddings
    low_rank: dict[str, LowRankWeight] = {}
    groups: dict[str, list[nn.Parameter]] = {"new": [], "low_rank": [], "old": []}
    trained: list[str] = []
    for name, parameter in list(model.named_parameters()):
        if "word_embeddings" in name or name.endswith("predictions.decoder.weight"):
            parameter.requires_grad_(False)
        elif name.startswith("encoder.encoder.") and parameter.dim() == 2:
            parameter.requires_grad_(False)
            low_rank[name] = _add_low_rank(model, name, rank, delta)
            groups["low_rank"] += list(low_rank[name].parameters())
        elif name.startswith("encoder.embeddings") or name.startswith("encoder.pooler"):
            parameter.requires_grad_(False)
        else:
            groups["new" if "crossattention" in name or "cls.predictions" in name else "old"].append(parameter)
            trained.append(name)
    span_head = nn.Linear(model.config.encoder.hidden_size, 2)
    groups["new"] += list(span_head.parameters())
    return Learner(model, load_tokenizer(), span_head, groups, low_rank, trained)


def _add_low_rank(model: Any, name: str, rank: int, delta: dict[str, torch.Tensor]) -> LowRankWeight:
    if name + LOW_RANK[0] in delta:
        rank = delta[name + LOW_RANK[0]].shape[1]
    owner = model.get_submodule(name.removesuffix(".weight"))
    part = LowRankWeight(owner.weight, rank)
    if name + LOW_RANK[0] in delta:
        part.load_state_dict({key[1:]: delta[name + key].float() for key in LOW_RANK})
    nn.utils.parametrize.register_parametrization(owner, "weight", part)
    return part


def delta_of(learner: Learner) -> dict[str, torch.Tensor]:
    """Everything that differs from the parent, in half precision."""
    parameters = dict(learner.model.named_parameters())
    delta = {name: parameters[name].detach().half().contiguous().clone() for name in learner.trained}
    for name, part in learner.low_rank.items():
        delta |= {name + key: getattr(part, key[1:]).detach().half().contiguous().clone() for key in LOW_RANK}
    return delta


def save_delta(delta: dict[str, torch.Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Written beside `path` and renamed over it."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".partial")
    save_file(delta, scratch, metadata=metadata)
    scratch.chmod(0o644)
    os.replace(scratch, path)


# --- batches
@dataclass(frozen=True)
class Batch:
    """`copied` (n, n_answer) is the source position of each answer token, -1 where none is copied; `span` (n, 2) is 0, 0 to abstain."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    decoder_ids: torch.Tensor
    labels: torch.Tensor
    copied: torch.Tensor
    span: torch.Tensor


Row = tuple[list[int], list[int], int, list[int]]


def encode(tokenizer: Any, exercises: Sequence[Exercise]) -> list[Row]:
    """One row an exercise that fits: source ids, answer ids with the end token, source position of the answer (0 abstain, -1 not
    aligned), and what stands behind the end: the number of the passage copied from. Generation never reaches it; an adapter that
    teaches to cite finds it there."""
    sources = tokenizer([exercise.prompt for exercise in exercises], truncation=True, max_length=MAX_TOKENS)
    answers = tokenizer([exercise.answer for exercise in exercises])["input_ids"]
    behind = tokenizer([f"[{exercise.cited}]" if exercise.cited else "" for exercise in exercises])["input_ids"]
    rows = []
    for i, exercise in enumerate(exercises):
        source, answer = sources["input_ids"][i], answers[i][1:]
        position = 0
        if exercise.answer_at is not None:
            position = sources.char_to_token(i, exercise.answer_at) or -1
            if position < 0 or position + len(answer) > len(source) or len(answer) > MAX_ANSWER_TOKENS:
                continue
            if source[position : position + len(answer) - 1] != answer[:-1]:
                position = -1
        rows.append((source, answer, position, behind[i][1:] if exercise.cited else []))
    return rows


def collate(rows: Sequence[Row]) -> Batch:
    """Pad to the longest row."""
    n, n_source, n_answer = len(rows), max(len(row[0]) for row in rows), max(len(row[1]) + len(row[3]) for row in rows)
    input_ids, mask = torch.zeros(n, n_source, dtype=torch.long), torch.zeros(n, n_source, dtype=torch.long)
    decoder_ids, labels = torch.zeros(n, n_answer, dtype=torch.long), torch.full((n, n_answer), -100)
    copied, span = torch.full((n, n_answer), -1), torch.full((n, 2), -100)
    for i, (source, answer, position, behind) in enumerate(rows):
        input_ids[i, : len(source)], mask[i, : len(source)] = torch.tensor(source), 1
        written = [*answer, *behind]
        decoder_ids[i, : len(written)], labels[i, : len(written)] = torch.tensor([CLS_ID, *written[:-1]]), torch.tensor(written)
        if position > 0:
            copied[i, : len(answer) - 1] = torch.arange(position, position + len(answer) - 1)
            span[i] = torch.tensor([position, position + len(answer) - 2])
        elif position == 0:
            span[i] = 0
    return Batch(input_ids, mask, decoder_ids, labels, copied, span)


def make_batches(
    tokenizer: Any,
    rng: Random,
    stage: Stage,
    paragraphs: Sequence[str],
    vocabulary: Sequence[str] = (),
    sections: Sequence[Section] = (),
    n_exercises: int = 480,
) -> list[Batch]:
    """A pool of exercises, sorted by length so that padding wastes little, cut by tokens and shuffled."""
    exercises: list[Exercise] = []
    while len(exercises) < n_exercises:
        n_passages = rng.choice(stage.n_passages)
        exercises += make_exercises(rng, "train", n_passages, 2, stage.mix_for(n_passages), paragraphs, vocabulary, sections)
    rows = sorted(encode(tokenizer, exercises), key=lambda row: len(row[0]))
    batches: list[Batch] = []
    pending: list[Row] = []
    for row in rows:
        if pending and len(row[0]) * (len(pending) + 1) > stage.tokens_a_batch:
            batches.append(collate(pending))
            pending = []
        pending.append(row)
    batches.append(collate(pending))
    rng.shuffle(batches)
    return batches


# --- losses
def losses(learner: Learner, batch: Batch) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """(weighted losses by name, whether each row is wholly right under teacher forcing)."""
    with torch.autocast("cpu", torch.bfloat16, enabled=has_fast_bf16()):
        hidden = learner.model.encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask).last_hidden_state
        out = learner.model.decoder(
            input_ids=batch.decoder_ids,
            encoder_hidden_states=hidden,
            encoder_attention_mask=batch.attention_mask,
            output_attentions=True,
            use_cache=False,
        )
        spans = learner.span_head(hidden).float()
        there = batch.attention_mask.flatten().nonzero()[:, 0]
        echoed = there[torch.randint(len(there), (N_ECHOED,))]
        echo = learner.model.decoder.cls(hidden.flatten(0, 1)[echoed]).float()
    logits = out.logits.float()
    answer_loss = mean_answer_loss(logits, batch.labels)
    spans = spans.masked_fill(batch.attention_mask[..., None] == 0, -1e4)
    span_loss = nn.functional.cross_entropy(spans.transpose(1, 2).flatten(0, 1), batch.span.flatten())
    right = ((logits.argmax(-1) == batch.labels) | (batch.labels == -100)).all(1)
    echo_loss = nn.functional.cross_entropy(echo, batch.input_ids.flatten()[echoed])
    guiding = guide_loss(out.cross_attentions[-1], batch.copied)
    return {
        "answer": answer_loss,
        "span": HELPER_WEIGHTS["span"] * span_loss,
        "guide": HELPER_WEIGHTS["guide"] * guiding,
        "echo": HELPER_WEIGHTS["echo"] * echo_loss,
    }, right


def mean_answer_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of `labels` (n, n_answer), -100 where there is none. A row weighs as the root of its length: otherwise the few long
    copies, whose next word is plain, would drown the many short answers."""
    losses_of = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none").view_as(labels)
    there = (labels != -100).float()
    weights = there / there.sum(1, keepdim=True).clamp(min=1).sqrt()
    return (losses_of * weights).sum() / weights.sum()


def guide_loss(attention: torch.Tensor, copied: torch.Tensor) -> torch.Tensor:
    """Minus log of the attention (n, heads, n_answer, n_source) that the guided heads pay to the token to be copied next."""
    aimed = attention[:, :GUIDED_HEADS].float().mean(1).gather(2, copied.clamp(min=0)[..., None])[..., 0]
    wanted = copied >= 0
    return -(aimed.clamp(min=1e-6).log() * wanted).sum() / wanted.sum().clamp(min=1)


# --- evaluation
def normalise(text: str) -> str:
    """Lower-case letters and digits only: case, spacing and punctuation are restored after generation."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


@torch.no_grad()
def answer_all(learner: Learner, prompts: Sequence[str], n_at_once: int = 32) -> list[str]:
    """Greedy answers, in the order of the prompts."""
    learner.model.eval()
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers = [""] * len(prompts)
    for start in range(0, len(order), n_at_once):
        chosen = order[start : start + n_at_once]
        encoded = learner.tokenizer([prompts[i] for i in chosen], return_tensors="pt", padding=True, truncation=True, max_length=MAX_TOKENS)
        with torch.autocast("cpu", torch.bfloat16, enabled=has_fast_bf16()):
            ids = learner.model.generate(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"])
        for i, text in zip(chosen, learner.tokenizer.batch_decode(ids, skip_special_tokens=True), strict=True):
            answers[i] = text
    learner.model.train()
    return answers


def exam(side: Side, n_passages: int, kind: str, seed: int, n: int = N_EVALUATED) -> list[Exercise]:
    """`n` fixed exercises, `kind` "answerable" or "absent"."""
    rng = Random(seed)
    mix = Mix(absent=1.0 if kind == "absent" else 0.0, no_context=0.0)
    found: list[Exercise] = []
    while len(found) < n:
        found += make_exercises(rng, side, n_passages, 1, mix)
    return found[:n]


def evaluate(learner: Learner) -> dict[str, float]:
    """Exact match (letters and digits only) on held-out wordings and names."""
    exams = {
        "one_passage": exam("held_out", 1, "answerable", 1),
        "three_passages": exam("held_out", 3, "answerable", 2),
        "abstention": exam("held_out", 3, "absent", 3),
    }
    scores, wrong = {}, []
    for name, exercises in exams.items():
        answers = answer_all(learner, [exercise.prompt for exercise in exercises])
        hits = [normalise(answer) == normalise(exercise.answer) for answer, exercise in zip(answers, exercises, strict=True)]
        scores[name] = sum(hits) / len(hits)
        wrong += [
            (exercise.question, exercise.answer, answer) for exercise, answer, hit in zip(exercises, answers, hits, strict=True) if not hit
        ][:6]
    print("   wrong:", *wrong, sep="\n      ", flush=True)
    return scores


def overall(scores: dict[str, float]) -> float:
    """One number to choose a checkpoint by."""
    return 0.4 * scores["one_passage"] + 0.45 * scores["three_passages"] + 0.15 * scores["abstention"]


# --- the loop
def read_paragraphs(max_chars: int = 900) -> list[str]:
    """Real prose that every Python installation carries (the language reference): for fillers, distractors and cloze."""
    from pydoc_data.topics import topics

    paragraphs = []
    for topic in topics.values():
        for block in re.split(r"\n\s*\n", topic):
            text = re.sub(r"\s+", " ", block).strip()
            if 120 <= len(text) <= max_chars and sum(c.isalpha() or c == " " for c in text) > 0.88 * len(text):
                paragraphs.append(text)
    return paragraphs


def read_sections(folder: Path | None) -> list[Section]:
    """Sections of real manuals, for long answers: of each `.jsonl` file below `folder`, one {"title", "text"} a line, repeats once."""
    files = sorted(folder.glob("*.jsonl")) if folder else []
    lines = dict.fromkeys(line["title"] + "\n" + line["text"] for file in files for line in map(json.loads, file.open(encoding="utf-8")))
    found = (read_section(*line.split("\n", 1)) for line in lines)
    return [section for section in found if section is not None]


def stream(learner: Learner, rng: Random, paragraphs: Sequence[str], sections: Sequence[Section], progress: "Progress") -> Iterator[Batch]:
    """Batches without end, of whatever stage training has reached."""
    vocabulary = sorted(word for word in learner.tokenizer.get_vocab() if re.fullmatch(r"[a-z]{4,10}", word))
    while True:
        yield from make_batches(learner.tokenizer, rng, STAGES[progress.stage], paragraphs, vocabulary, sections)


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
        late = share_of_time > 0.25 * (self.stage + 1)
        if self.stage + 1 < len(STAGES) and (ready or late):
            self.stage += 1
            self.recent.clear()


def train(
    out: Path,
    minutes: float,
    seed: int = 0,
    resume: Path | None = None,
    n_threads: int = 2,
    rank: int = 64,
    stage: int = 0,
    rate: float = 1.0,
    manuals: Path | None = None,
) -> dict[str, float]:
    """Train for `minutes` of wall time; `out` is replaced whenever an evaluation beats it. Returns the best scores."""
    torch.set_num_threads(n_threads)
    torch.manual_seed(seed)
    learner = build_learner(rank, resume)
    learner.model.train()
    optimiser = torch.optim.AdamW(
        [{"params": learner.groups[name], "lr": rate, "base": rate} for name, rate in LEARNING_RATES.items()],
        betas=(0.9, 0.98),
        weight_decay=0.01,
        fused=True,
    )
    started, best = time.monotonic(), {}
    if resume and out.is_file() and resume.samefile(out):  # gone on in place, it is only replaced by a better one
        best = evaluate(learner)
        print(f"resumed from {resume}: {best}", flush=True)
    progress, evaluated_at = Progress(stage=stage), time.monotonic()
    batches = stream(learner, Random(seed), read_paragraphs(), read_sections(manuals), progress)
    while (elapsed := time.monotonic() - started) < minutes * 60:
        share = elapsed / (minutes * 60)
        batch = next(batches)
        factor = rate * min(1.0, (progress.step + 1) / WARMUP_STEPS) * max(0.03, 1 - share)
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * factor
        parts, right = losses(learner, batch)
        torch.stack(list(parts.values())).sum().backward()
        nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        progress.note({name: part.item() for name, part in parts.items()}, right.float().mean().item(), batch.input_ids.numel(), share)
        if progress.step % 25 == 0:
            print(f"{elapsed / 60:.1f} min, {progress}", flush=True)
        if time.monotonic() - evaluated_at > EVALUATE_EVERY_S:
            best = keep_better(learner, out, best, progress, seed)
            evaluated_at = time.monotonic()
    return keep_better(learner, out, best, progress, seed)


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
