"""`params.yaml` as frozen records: everything that changes a result, one model a section, unknown keys refused."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import Annotated, Any, Literal

import yaml
from cronsim import CronSim, CronSimError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from tandem.errors import Refused
from tandem.prices import filled

CHAMPION = "champion"  # the name under which a comparison measures what is live, where no variant answers like it
Share = Annotated[float, Field(ge=0, le=1)]
Language = Literal[
    "Arabic", "Danish", "Dutch", "English", "Finnish", "French", "German", "Greek", "Hungarian", "Italian", "Norwegian", "Portuguese",
    "Romanian", "Russian", "Spanish", "Swedish", "Tamil", "Turkish",
]  # fmt: skip


class Section(BaseModel):
    """A frozen section that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Documents(Section):
    """What may enter the knowledge base."""

    max_bytes: int = Field(10_000_000, gt=0)
    min_chars: int = Field(20, ge=0)
    max_chars: int = Field(2_000_000, gt=0)
    read_timeout_s: float = Field(30, gt=0)


class Chunking(Section):
    """How documents are cut; a change rebuilds the index."""

    max_chars: int = Field(400, ge=100)
    min_chars: int = Field(80, ge=0)


class Embedder(Section):
    """Which model embeds; a change rebuilds the index."""

    model: str = "all-MiniLM-L6-v2"
    provider: Literal["local", "openai"] = "local"
    max_tokens: int = Field(256, gt=0)


class Index(Section):
    """How the table is kept."""

    canaries: int = Field(8, ge=0)
    canary_depth: int = Field(10, gt=0)
    vector_index_rows: int = Field(10_000, gt=0)
    language: Language = "English"


class Retrieval(Section):
    """How passages are found and how many the generator reads."""

    k: int = Field(8, ge=1)
    candidates: int = Field(40, ge=1)
    rrf_k: int = Field(10, ge=1)
    vector_weight: float = Field(1.0, ge=0)
    text_weight: float = Field(1.5, ge=0)
    rerank: str = Field("none", min_length=1, description="none, mmr, or a cross-encoder by id or path")
    rerank_candidates: int = Field(20, ge=1)
    mmr_lambda: Share = 0.9

    @property
    def searched(self) -> Retrieval:
        """What is asked of the store: as many passages as are then put in order anew."""
        return self if self.rerank == "none" else self.model_copy(update={"k": max(self.k, self.rerank_candidates)})


class Base(Section):
    """The generator: `reader` (made by the project), a Hugging Face id or path, or an OpenAI-compatible model.

    `extra_body`: fields of each request to an endpoint, over ours (`max_tokens`, `temperature`); null leaves one out.
    """

    model: str = "reader"
    revision: str | None = None
    provider: Literal["local", "openai"] = "local"
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    max_input_tokens: int = Field(896, gt=0)
    max_new_tokens: int = Field(128, gt=0)
    batch_size: int = Field(16, gt=0)
    extra_body: dict[str, Any] = {}

    @model_validator(mode="after")
    def _check_extra_body(self) -> Base:
        if self.extra_body and self.provider == "local":
            raise ValueError("extra_body is for an endpoint, and provider is local")
        if ours := sorted({"model", "messages", "stream", "n"} & set(self.extra_body)):
            raise ValueError(
                f"extra_body may not hold {', '.join(ours)}: the answer would not be of the model, or to the question, on record"
            )
        return self


class Prompt(Section):
    """What a chat or causal model is told and shown; the reader sees question and passages only.

    `reasoning`: it reasons first and answers behind `reasoning_marker`, which alone is read; `reasoning_tokens` come on top of
    `base.max_new_tokens`.
    """

    instruction: str
    abstention: str = Field("I don't know", pattern=r"\w")
    shots: int = Field(0, ge=0)
    reasoning: bool = False
    reasoning_marker: str = Field("Final answer:", min_length=1)
    reasoning_tokens: int = Field(256, gt=0)


class Form(Section):
    """The house form: how every answer must look. No pattern and no schema: any text will do."""

    pattern: str | None = None
    json_schema: dict[str, Any] | None = None
    answer: str = "{answer}"
    no_source: str = "none"

    @field_validator("answer")
    @classmethod
    def _check_answer(cls, answer: str) -> str:
        if answer.count("{answer}") != 1 or answer.count("{source}") > 1:
            raise ValueError(f"form.answer {answer!r} must hold {{answer}} once, and {{source}} at most once")
        return answer

    @field_validator("pattern")
    @classmethod
    def _check_pattern(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"form.pattern {pattern!r} is no regular expression: {error}") from error
        return pattern

    @field_validator("json_schema")
    @classmethod
    def _check_json_schema(cls, schema: dict[str, Any] | None) -> dict[str, Any] | None:
        if schema is not None:
            from jsonschema import Draft202012Validator, SchemaError
            from jsonschema.validators import validator_for

            try:
                validator_for(schema, default=Draft202012Validator).check_schema(schema)
            except SchemaError as error:
                raise ValueError(f"form.json_schema is no JSON schema: {error.message}") from error
        return schema


class Adapter(Section):
    """LoRA training. `oracle_share`: rows that hold the needed passage; the others teach abstention."""

    start: Literal["base", "last"] = "base"
    replay_share: Share = 0.5
    r: int = Field(16, ge=1)
    alpha: int = Field(32, ge=1)
    dropout: Share = 0.0
    targets: tuple[str, ...] | Literal["auto", "all-linear"] = "auto"
    rslora: bool = False
    dora: bool = False
    quantize: Literal["4bit"] | None = None
    gradient_checkpointing: bool = False
    learning_rate: float = Field(1e-3, gt=0)
    epochs: int = Field(4, ge=1)
    batch_size: int = Field(16, ge=1)
    warmup_share: Share = 0.1
    validation_share: Share = 0.15
    patience: int = Field(2, ge=1)
    context: bool = True
    oracle_share: Share = 0.95
    closed_book_share: Share = 0.15
    max_answer_chars: int | None = Field(300, gt=0)
    exercises: int = Field(400, ge=0)
    min_examples: int = Field(40, ge=1)
    retrain_after_changed_share: Share = 0.2
    retrain_after_days: float = Field(30, gt=0)


class Split(Section):
    """Which examples are held out: by near-duplicate group of their source documents, so the side is sticky."""

    held_out: Share = 0.4
    near_duplicate: Share = 0.5


class Evaluation(Section):
    """How variants are measured."""

    quality: Literal["facts", "token_f1", "exact_match", "rouge_l"] = "facts"
    latency_n: int = Field(20, ge=1)
    max_examples: int | None = Field(None, ge=1)
    resamples: int = Field(2_000, ge=100)
    retrieval_depth: int = Field(10, ge=1)
    forgetting_n: int = Field(60, ge=0)
    judge: Base | None = None


class Limits(Section):
    """Constraints of the decision; null: no limit. A measure that does not apply is no violation, unless it is `required`."""

    max_latency_p95_ms: float | None = None
    max_cost_usd_per_1k: float | None = None
    min_form: Share | None = None
    min_grounding: Share | None = None
    max_forgetting: Share | None = None
    max_staleness: Share | None = None
    required: tuple[Literal["form", "grounding", "forgetting", "staleness"], ...] = ()


class Promotion(Section):
    """When a variant goes live: utility = sum of weight x measure; a tie within the margin goes to the simpler variant."""

    approve: Literal["auto", "manual"] = "auto"
    weights: dict[str, float] = {"quality": 1.0}
    margin: Share = 0.02
    cheaper_by: Share = 0.2
    min_n: int = Field(20, ge=1)
    limits: Limits = Limits()

    @field_validator("weights")
    @classmethod
    def _check_weights(cls, weights: dict[str, float]) -> dict[str, float]:
        from tandem.scoring import MEASURES

        unknown = sorted(set(weights) - set(MEASURES))
        if unknown or not any(weights.values()):
            what = f"promotion.weights names {', '.join(unknown)}" if unknown else "promotion.weights weighs nothing"
            raise ValueError(f"{what}; known measures are {', '.join(MEASURES)}")
        if {name for name, weight in weights.items() if weight} == {"judge"}:
            raise ValueError("promotion.weights rests on judge alone; a model's opinion decides nothing without a deterministic measure")
        return weights


class Prices(Section):
    """The price book: the figures of a preset (tandem.prices.PRESETS), and above them whatever is given; null: the preset's.

    Hours and tokens of a training that stay null are those of the adapter's last training.
    """

    preset: Literal["this_machine", "hosted_api", "self_hosted_gpu"] = "this_machine"
    currency: str = Field("USD", min_length=1)
    input_per_1m_tokens: float = Field(0, ge=0)
    cached_input_per_1m_tokens: float | None = Field(None, ge=0)
    output_per_1m_tokens: float = Field(0, ge=0)
    fine_tuned_surcharge: float = Field(0, ge=0)
    embedding_per_1m_tokens: float = Field(0, ge=0)
    store_per_month: float = Field(0, ge=0)
    machine_per_hour: float = Field(0, ge=0)
    machine_hours_per_month: float = Field(0, ge=0)
    training_per_1m_tokens: float = Field(0, ge=0)
    training_tokens: float | None = Field(None, ge=0)
    training_tokens_per_month: float = Field(0, ge=0)
    training_hours: float | None = Field(None, ge=0)
    training_hours_per_month: float = Field(0, ge=0)
    curation_hours: float = Field(0, ge=0)
    curation_hours_per_month: float = Field(0, ge=0)
    curation_per_hour: float = Field(0, ge=0)
    queries_per_day: float = Field(1_000, gt=0)
    refreshes_per_day: float = Field(1, ge=0)
    refreshed_share: Share = 0.01

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        return filled(given) if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _check_cached(self) -> Prices:
        cached, whole = self.cached_input_per_1m_tokens, self.input_per_1m_tokens
        if cached is not None and cached > whole:
            raise ValueError(f"prices.cached_input_per_1m_tokens {cached:g} is above prices.input_per_1m_tokens {whole:g}: give both")
        return self


class Drift(Section):
    """Thresholds of the drift signals (tandem.drift.SIGNALS) and how many questions a signal needs."""

    min_questions: int = Field(30, ge=1)
    max_questions: int = Field(500, ge=1)
    question_auc: float = Field(0.75, ge=0.5, le=1)
    question_mmd_p: Share = 0.01
    negative_feedback: Share = 0.3
    staleness: Share = 0.2


class Advice(Section):
    """What `tandem advise` is told (null: nothing), and the thresholds of its rules (tandem.rules.RULES)."""

    must_cite: bool | None = True
    fixed_form: bool | None = None
    may_train: bool | None = True
    max_latency_ms: float | None = Field(None, gt=0)
    hybrid: Literal["default", "proven"] = "default"
    whole_in_context_share: Share = 0.5
    changed_share_a_week: Share = 0.02
    restricted_share: Share = 0.01
    duplicate_share: Share = 0.2
    cited_share: Share = 0.8
    examples_for_form: int = Field(200, ge=1)
    examples_for_skill: int = Field(2_000, ge=1)
    tight_latency_ms: float = Field(300, gt=0)
    scale_queries_per_day: float = Field(10_000, gt=0)
    questions_to_compare: int = Field(150, ge=1)


class Versions(Section):
    """What the flows record: `.dvc` files and `dvc.lock` into git, data into the DVC remote."""

    git_commit: bool = True
    push: bool = True


class Schedule(Section):
    """Cron lines of the served deployments."""

    retrain: str = "0 3 * * 0"
    monitor: str = "0 * * * *"

    @field_validator("retrain", "monitor")
    @classmethod
    def _check_cron(cls, line: str, info: ValidationInfo) -> str:
        try:
            CronSim(line, datetime.min)
        except CronSimError as error:
            raise ValueError(f"schedule.{info.field_name} {line!r} is no cron line: {error}") from error
        return line


class Variant(Section):
    """One way of answering. Simplicity is counted from the flags.

    `whole_context`: every document that the caller may see is in the input. Nothing is searched, so it counts as simple as `prompt`.
    """

    retrieve: bool = False
    adapter: bool = False
    whole_context: bool = False
    base: Base | None = None
    prompt: Prompt | None = None
    retrieval: Retrieval | None = None

    @property
    def simplicity(self) -> int:
        """0 for the simplest: prompt < rag < lora < rag+lora."""
        return int(self.retrieve) + 2 * int(self.adapter)

    @model_validator(mode="after")
    def _check_context(self) -> Variant:
        if self.retrieve and self.whole_context:
            raise ValueError("a variant has retrieve: true or whole_context: true, not both")
        return self


class Params(Section):
    """The whole of `params.yaml`."""

    name: str | None = None
    seed: int = 0
    documents: Documents = Documents()
    chunking: Chunking = Chunking()
    embedder: Embedder = Embedder()
    index: Index = Index()
    retrieval: Retrieval = Retrieval()
    base: Base = Base()
    prompt: Prompt
    form: Form = Form()
    adapter: Adapter = Adapter()
    split: Split = Split()
    evaluation: Evaluation = Evaluation()
    promotion: Promotion = Promotion()
    prices: Prices = Prices()
    drift: Drift = Drift()
    advice: Advice = Advice()
    versions: Versions = Versions()
    schedule: Schedule = Schedule()
    variants: dict[str, Variant] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _fill_variants(cls, loaded: Any) -> Any:
        """A row's section says only what differs from the workspace's. A base that names its model is another base: of its own whole."""
        if not isinstance(loaded, dict) or not isinstance(loaded.get("variants"), dict):
            return loaded
        return {**loaded, "variants": {name: _filled(row, loaded) for name, row in loaded["variants"].items()}}

    @model_validator(mode="after")
    def _check_form(self) -> Params:
        """An abstention can be written in every form, and JSON is JSON however many passages are cited."""
        from tandem.form import form_ok, is_json
        from tandem.prompts import target

        form, abstention = self.form, self.prompt.abstention
        unfit = [said] if form_ok(said := target(abstention, [], form), form) is False else []
        if form.json_schema:
            unfit += [said for cited in ([1], [1, 2]) if not is_json(said := target(abstention, cited, form))]
        if unfit:
            limits = [f"form.{name}" for name in ("pattern", "json_schema") if getattr(form, name)]
            written = " and ".join(map(repr, unfit))
            template = f"form.answer {form.answer!r} with form.no_source {form.no_source!r}"
            raise ValueError(f"{template} writes {written}, which does not fit {' and '.join(limits)}")
        return self

    @field_validator("variants")
    @classmethod
    def _check_names(cls, variants: dict[str, Variant]) -> dict[str, Variant]:
        for name in variants:
            if not name or name != name.strip() or "/" in name:
                raise ValueError(f"variants: {name!r} is no usable name (no spaces around it, no '/')")
            if name == CHAMPION:
                raise ValueError(f"variants: {name!r} is the name of what is live; choose another")
            if alike := [other for other in variants if other != name and plain_name(other) == plain_name(name)]:
                raise ValueError(f"variants: MLflow spells {name!r} and {alike[0]!r} alike, {plain_name(name)!r}; choose another name")
        return variants


def plain_name(name: str) -> str:
    """A name that MLflow accepts: `hit@1` -> `hit_at_1`, `rag+lora` -> `rag_lora`."""
    return re.sub(r"[^\w\-. :/]", "_", name.replace("@", "_at_"))


def params_hash(params: Params) -> str:
    """First 16 hex digits of a hash over all params: what a comparison and the versions that came of it share."""
    return hashlib.sha256(json.dumps(params.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:16]


def _filled(row: Any, loaded: dict[str, Any]) -> Any:
    if not isinstance(row, dict):
        return row
    filled = dict(row)
    for section in ("base", "prompt", "retrieval"):
        own, common = row.get(section), loaded.get(section)
        if isinstance(own, dict) and isinstance(common, dict) and not (section == "base" and "model" in own):
            filled[section] = {**common, **own}
    return filled


def parse_params(text: str, where: str = "params.yaml") -> Params:
    """Params from YAML text. Raises Refused that lists every unknown key and bad value with what was seen."""
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Refused(f"{where} is not YAML: {' '.join(str(error).split())}", hint=f"Mend {where} and run again.") from error
    if not isinstance(loaded, dict):
        raise Refused(f"{where} holds {type(loaded).__name__}, not a mapping of sections", hint=f"Mend {where} and run again.")
    try:
        return Params.model_validate(loaded)
    except ValidationError as error:
        reasons = [_reason(where, dict(detail)) for detail in error.errors(include_url=False)]
        raise Refused(*reasons, hint=f"Mend {where} and run again; `tandem init` writes a commented one to compare with.") from error


def _reason(where: str, detail: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"{where}: unknown key {key}"
    if detail["type"] == "missing":
        return f"{where}: {key} is missing"
    if detail["type"] == "value_error":
        return f"{where}: {detail['ctx']['error']}"
    return f"{where}: {key} = {detail['input']!r}: {detail['msg']}"
