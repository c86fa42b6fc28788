"""What `tandem advise` goes by: facts about a folder of documents, measured without an index, a model or a labelled example."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tandem.errors import Refused
from tandem.examples import near_duplicate_groups, usable_examples
from tandem.facts import Facts
from tandem.params import Params
from tandem.records import Document, Example
from tasks.change_rate import rate_of_folder, rate_of_workspace
from tasks.readers import Unreadable, read_document, scan
from tasks.workspace import PROJECT, Workspace


def default_params() -> Params:
    """Those that `tandem init` hands out."""
    from tandem.params import parse_params

    return parse_params((PROJECT / "params.yaml").read_text(encoding="utf-8"))


def survey_workspace(workspace: Workspace) -> Facts:
    """The facts of a workspace's own documents and examples."""
    params = workspace.params
    documents = _read(workspace.documents_dir, params, workspace.converted_dir)
    examples = workspace.examples_path if workspace.examples_path.is_file() else None
    facts = _facts(documents, examples, params, rate_of_workspace(workspace, len(documents)))
    return facts if facts.fixed_form is not None else replace(facts, fixed_form=bool(params.form.pattern or params.form.json_schema))


def survey_folder(folder: Path, examples: Path | None, params: Params) -> Facts:
    """The facts of any folder. Raises Refused where it holds no document that can be read."""
    documents = _read(folder, params)
    return _facts(documents, examples, params, rate_of_folder(folder, len(documents)))


def _read(folder: Path, params: Params, converted: Path | None = None) -> list[Document]:
    if not folder.is_dir():
        raise Refused(f"{folder} is no folder", hint="Name the folder of your documents: `tandem advise PATH`.")
    documents = []
    for doc_id in scan(folder, {}).files:
        try:
            documents.append(read_document(folder, doc_id, params.documents, converted))
        except Unreadable:
            continue  # `tandem refresh` quarantines it with the reason
    if not documents:
        raise Refused(f"{folder} holds no document that can be read", hint="Put md, txt, html, pdf, docx, pptx or csv files there.")
    return documents


def _facts(documents: Sequence[Document], examples: Path | None, params: Params, rate: float | None) -> Facts:
    needs = params.advice
    usable, n_lines = _examples(examples, documents)
    may_train = {one.id for one in documents if one.may_train}
    trainable = [one for one in usable if one.answerable and not one.roles and one.sources and may_train.issuperset(one.sources)]
    groups = Counter(near_duplicate_groups({one.id: one.text for one in documents}, params.split.near_duplicate).values())
    return Facts(
        n_documents=len(documents),
        n_tokens=count_tokens([one.text for one in documents]),
        n_context_tokens=params.base.max_input_tokens,
        n_examples=len(usable),
        n_passed_over=n_lines - len(usable),
        n_for_training=round(len(trainable) * (1 - params.split.held_out)),
        min_examples=params.adapter.min_examples,
        restricted_share=sum(not one.may_train for one in documents) / len(documents),
        duplicate_share=sum(n for n in groups.values() if n > 1) / len(documents),
        changed_share_a_week=rate,
        queries_per_day=params.prices.queries_per_day,
        must_cite=needs.must_cite,
        fixed_form=needs.fixed_form,
        may_train=needs.may_train,
        max_latency_ms=needs.max_latency_ms,
    )


def _examples(path: Path | None, documents: Sequence[Document]) -> tuple[list[Example], int]:
    """The examples that hold, and the number of lines."""
    if path is None:
        return [], 0
    if not path.is_file():
        raise Refused(f"{path} is missing", hint="Leave --examples out, or name a file of one JSON example a line.")
    text = path.read_text(encoding="utf-8", errors="replace")
    return usable_examples(text, {one.id for one in documents}), sum(bool(line.strip()) for line in text.splitlines())


def count_tokens(texts: Sequence[str]) -> int:
    """The sum of `count_each`."""
    return sum(count_each(texts))


def count_each(texts: Sequence[str]) -> list[int]:
    """Tokens of the WordPiece vocabulary that comes with the package; those of other models differ by a fifth or so in English."""
    from tokenizers import Tokenizer

    from tasks.base_model import parent_dir

    tokenizer = Tokenizer.from_file(str(parent_dir() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return [len(encoding.ids) for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
