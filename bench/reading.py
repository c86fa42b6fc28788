"""How well a base reads: the reader's exams on wordings and names that it never saw, and a real manual with the right section at hand.

Run: python -m bench.reading [--n N]
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Sequence

from bench.material import SMART_TV, quiet
from tandem.examples import usable_examples
from tandem.params import Params
from tandem.prompts import parse
from tandem.scoring import exact_match, token_f1
from tandem.stats import mean_interval
from tandem.synthetic import Mix, draw_exam
from tasks.examples import document_ids
from tasks.facts import default_params
from tasks.generate import LocalGenerator
from tasks.inputs import Request
from tasks.readers import read_document
from tasks.workspace import Settings

PASSAGE_CHARS = (80, 450)
CONTEXT_CHARS = 1_800  # about 440 tokens, the question besides
EXAMS = (("one passage", 1, 0.0), ("three passages", 3, 0.0), ("eight passages", 8, 0.0), ("three passages, none with the answer", 3, 1.0))


def answers(generator: LocalGenerator, params: Params, requests: Sequence[Request]) -> list[tuple[str, bool]]:
    """(bare answer, whether it abstains) of each request."""
    outputs = generator.generate(requests, params.prompt, adapter=False)
    parsed = [parse(out.text, params.form, params.prompt, len(one.passages)) for out, one in zip(outputs, requests, strict=True)]
    return [(one.answer, one.abstained) for one in parsed]


def print_exams(generator: LocalGenerator, params: Params, n: int) -> None:
    """Exact match and the share of abstentions, with their n."""
    print(f"  {'held-out wordings and names':38}  exact match        abstains  n")
    for name, n_passages, absent in EXAMS:
        mix = Mix(absent=absent, no_context=0.0, target_chars=PASSAGE_CHARS)
        exercises = draw_exam(random.Random(f"0:{n_passages}:{absent}"), n, n_passages, mix)
        said = answers(generator, params, [Request(one.question, one.passages) for one in exercises])
        right = [
            float(abstained) if not one.cited else exact_match(text, one.answer)
            for one, (text, abstained) in zip(exercises, said, strict=True)
        ]
        interval = mean_interval(right, 2_000, 0)
        share = sum(abstained for _, abstained in said) / len(said)
        print(f"  {name:38}  {interval.mean:.2f} [{interval.low:.2f}, {interval.high:.2f}]  {share:.2f}      {len(said)}", flush=True)


def print_manual(generator: LocalGenerator, params: Params, n: int) -> None:
    """Token F1 on a real manual whose right section is the context, cut to the input, against its first sentence and all of it."""
    documents, examples = SMART_TV
    if not documents.is_dir():
        print(f"  left out: {documents} is not there")
        return
    wanted = [one for one in usable_examples(examples.read_text(encoding="utf-8"), document_ids(documents)) if one.answerable]
    chosen = random.Random(0).sample(wanted, min(n, len(wanted)))
    texts = [read_document(documents, one.sources[0], params.documents).text[:CONTEXT_CHARS] for one in chosen]
    said = answers(generator, params, [Request(one.question, (text,)) for one, text in zip(chosen, texts, strict=True)])
    ways = {"answers": [text for text, _ in said], "first sentences": [first_sentence(text) for text in texts], "whole sections": texts}
    for name, given in ways.items():
        mean = sum(token_f1(text, one.answer) for one, text in zip(chosen, given, strict=True)) / len(chosen)
        print(f"  a real manual, the right section at hand, token F1 of {name:15}  {mean:.3f}  n {len(chosen)}", flush=True)


def first_sentence(text: str) -> str:
    """Of the body: headings are no sentences."""
    body = " ".join(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return re.split(r"(?<=[.!?])\s", body, maxsplit=1)[0]


def main() -> None:
    """The base that params.yaml names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=200)
    options = parser.parse_args()
    quiet()
    params = default_params()
    generator = LocalGenerator(params.base, params.form, Settings())
    print(f"{generator.name}, revision {generator.revision}")
    print_exams(generator, params, options.n)
    print_manual(generator, params, options.n)


if __name__ == "__main__":
    main()
