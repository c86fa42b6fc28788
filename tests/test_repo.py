"""The repository holds together: layers, imports, params, pipeline, lock, documentation."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tandem import drift, prompts
from tandem.errors import Refused
from tandem.params import Drift, Params, Prompt, Section, parse_params
from tasks import checks, generate, readers
from tasks.workspace import PROJECT, Settings, Workspace

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
DVC = yaml.safe_load((PROJECT / "dvc.yaml").read_text())
LAYERS = ("tandem", "tasks", "flows")
HEAVY = ("torch", "transformers", "peft", "lancedb", "mlflow", "dvc", "great_expectations", "pandas", "prefect", "openai", "ray")
TRAINERS = dict.fromkeys(
    ("tasks.reader_training", "tasks.reader_exams", "tasks.reader_learner", "tasks.reader_mean", "tasks.reader_batches"),
    "made of torch; imported by the reader's maker alone, when it trains",
)
MAX_BYTES = 16_000_000


@cache
def files() -> tuple[Path, ...]:
    """What git tracks, or would after `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return tuple(path for name in listed.stdout.split("\0") if name and (path := PROJECT / name).is_file())


@cache
def texts() -> dict[Path, str]:
    """Every tracked text file."""
    found = {}
    for path in files():
        data = path.read_bytes()
        if b"\0" not in data[:8_000]:
            found[path] = data.decode("utf-8")
    return found


def modules(layer: str) -> list[str]:
    """`tasks.index` and so on, also of packages inside."""
    paths = sorted((PROJECT / layer).rglob("*.py"))
    return [".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__") for path in paths]


@cache
def commands() -> dict[str, set[str]]:
    """Each command of `tandem` with its options."""
    from typer.main import get_group

    from flows.cli import app

    found = get_group(app).commands
    return {name: {option for parameter in command.params for option in parameter.opts} | {"--help"} for name, command in found.items()}


@cache
def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))


# --- layers and imports -----------------------------------------------------------------------------------------------------


def test_the_layers_import_in_one_direction():
    script = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_importing_a_module_loads_nothing_heavy():
    names = [name for name in [*modules("tandem"), *modules("tasks"), "flows.cli", "flows.progress"] if name not in TRAINERS]
    script = f"""
import importlib, json, sys
seen, found = set(), {{}}
for name in {names!r}:
    importlib.import_module(name)
    new = {{heavy for heavy in {HEAVY!r} if heavy in sys.modules}} - seen
    seen |= new
    if new:
        found[name] = sorted(new)
print(json.dumps(found))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == {}


def test_every_package_is_installed_not_only_found_in_this_folder():
    packages = {module for layer in LAYERS for module in modules(layer) if (PROJECT / module.replace(".", "/")).is_dir()}
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == packages


# --- params and pipeline ----------------------------------------------------------------------------------------------------


def missing_keys(section: type[Section], written: dict[str, Any], where: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        if name not in written:
            yield f"{where}{name}"
        elif isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from missing_keys(field.annotation, written[name], f"{where}{name}.")


def test_params_yaml_holds_and_hides_nothing():
    text = (PROJECT / "params.yaml").read_text()
    params = parse_params(text)
    assert list(missing_keys(Params, yaml.safe_load(text))) == []
    assert list(params.variants) == ["prompt", "rag", "lora", "rag+lora"]
    assert [variant.simplicity for variant in params.variants.values()] == [0, 1, 2, 3]


def test_an_unknown_key_is_refused_by_name():
    text = (PROJECT / "params.yaml").read_text().replace("  max_chars: 400", "  max_char: 400")
    with pytest.raises(Refused, match=r"params\.yaml: unknown key chunking\.max_char"):
        parse_params(text)


def test_every_drift_signal_has_its_threshold():
    assert set(drift.SIGNALS) == set(Drift.model_fields) - {"min_questions", "max_questions"}


def test_every_stage_runs_a_module_on_params_that_exist():
    written = yaml.safe_load((PROJECT / "params.yaml").read_text())
    assert list(DVC["stages"]) == ["index", "dataset", "train", "evaluate"]
    for name, stage in DVC["stages"].items():
        module = stage["cmd"].removeprefix("python -m ").split()[0]
        spec = importlib.util.find_spec(module)
        assert spec is not None, f"{name}: {module}"
        assert spec.origin is not None
        assert 'if __name__ == "__main__"' in Path(spec.origin).read_text(), f"{name}: {module} does nothing when it is run"
        for key in (one for one in stage["params"] if isinstance(one, str)):
            place = written
            for part in key.split("."):
                assert part in place, f"{name} depends on {key}"
                place = place[part]


def test_stages_depend_on_each_other_and_write_where_the_workspace_looks():
    opened = Workspace(Path("/kb"), parse_params((PROJECT / "params.yaml").read_text()), Settings())
    outs = {
        name: {path for kind in ("outs", "metrics", "plots") for path in map(plain, stage.get(kind, []))}
        for name, stage in DVC["stages"].items()
    }
    places = {opened.manifest_path, opened.training_set_path.parent, opened.adapter_dir}
    places |= {opened.evaluation_dir / name for name in ("metrics.json", "scorecards.json", "plots")}
    assert {opened.root / path for paths in outs.values() for path in paths} == places
    made = {path for paths in outs.values() for path in paths} | {"data/documents"}
    for name, stage in DVC["stages"].items():
        files_of_params = {path for one in stage["params"] if isinstance(one, dict) for path in one}
        assert {*stage.get("deps", []), *files_of_params} <= made, name


def plain(entry: str | dict[str, Any]) -> str:
    return entry if isinstance(entry, str) else next(iter(entry))


# --- the lock ---------------------------------------------------------------------------------------------------------------


def test_the_lock_pins_everything_once():
    lines = (PROJECT / "requirements.lock").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line)] == []
    names = [canonicalize_name(line.split("==")[0]) for line in lines]
    assert len(set(names)) == len(names)


def test_the_lock_fulfils_what_the_project_asks_for():
    locked = {
        canonicalize_name(name): version
        for name, version in (line.split("==") for line in (PROJECT / "requirements.lock").read_text().split())
    }
    project = PYPROJECT["project"]
    extras = [one for name in ("dev", "ray") for one in project["optional-dependencies"][name]]
    wanted = map(Requirement, [*project["dependencies"], *extras, *PYPROJECT["build-system"]["requires"]])
    unmet = [str(one) for one in wanted if not one.specifier.contains(locked.get(canonicalize_name(one.name), "0"), prereleases=True)]
    assert unmet == []


def test_what_the_code_imports_is_asked_for():
    from importlib.metadata import packages_distributions

    distributions = packages_distributions()
    project = PYPROJECT["project"]
    extras = [one for name in ("dev", "ray") for one in project["optional-dependencies"][name]]
    asked = {canonicalize_name(Requirement(one).name) for one in [*project["dependencies"], *extras]}
    comes_with = {"huggingface-hub", "tokenizers", "httpx", "pathspec", "referencing"}  # of transformers, prefect, dvc, jsonschema
    comes_with |= {"pdfminer-six", "pdfplumber", "markupsafe"}  # of markitdown[pdf], jinja2
    unasked: dict[str, str] = {}
    for path, text in texts().items():
        if path.suffix != ".py" or path.parts[len(PROJECT.parts)] not in LAYERS:
            continue
        for node in ast.walk(ast.parse(text)):
            roots = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for root in {name.split(".")[0] for name in roots} - {*LAYERS, *sys.stdlib_module_names, ""}:
                names = {canonicalize_name(name) for name in distributions.get(root, [root])}
                if not names & (asked | comes_with):
                    unasked[root] = path.name
    assert unasked == {}


# --- what lies in the tree --------------------------------------------------------------------------------------------------


def test_no_pickled_weights_and_no_large_files():
    assert [path.name for path in files() if path.suffix in (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")] == []
    assert {path.name: path.stat().st_size for path in files() if path.stat().st_size > MAX_BYTES} == {}


def test_no_path_of_a_machine_is_written_down():
    pattern = re.compile("(?<![\\w.])/(?:" + "|".join(("work", "root", "home", "Users")) + ")/\\w")
    found = [
        f"{path.relative_to(PROJECT)}: {match.group()}"
        for path, text in texts().items()
        if path.parent.name != "schemas"
        for match in pattern.finditer(text)
    ]
    assert found == []


def test_packages_come_from_public_registries_only():
    pattern = re.compile(r"(?:index|find.links|trusted.host|registry)\S*?[=: ]+\"?(?:https?|file)://([^/\s\"']*)", re.IGNORECASE)
    hosts = {host for path, text in texts().items() if path.parent.name != "schemas" for host in pattern.findall(text)}
    assert hosts == {"download.pytorch.org"}


def test_the_changelog_begins_with_the_version():
    first = re.search(r"^## \[(.+?)\]", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first
    assert first[1] == PYPROJECT["project"]["version"]


# --- documentation ----------------------------------------------------------------------------------------------------------

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/GUIDE.md", "infra/README.md")


def called(text: str, program: str) -> Iterator[list[str]]:
    """The words after each call of a program in code blocks and backticks: `tandem ask "Why?"` -> ["ask", "Why?"]."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL) + re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    blocks += ["\n".join(re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE))]
    for line in "\n".join(blocks).splitlines():
        for part in re.split(r"&&|\|(?=\s)|;|\$\(", line.split(" #")[0]):
            words = part.replace(")", " ").strip().split(" ", 1)
            if words[0] == program and len(words) == 2:
                yield shlex.split(words[1].strip().removesuffix("&"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documented_commands_exist_with_their_options(name):
    text = (PROJECT / name).read_text()
    for command, *words in called(text, "tandem"):
        if command.isupper():
            continue
        assert command in commands(), f"{name}: tandem {command}"
        options = {word.strip("[],") for word in words if word.strip("[],").startswith("--")}
        assert options <= commands()[command], f"{name}: tandem {command} {options - commands()[command]}"
    for words in called(text, "make"):
        assert words[0] in targets(), f"{name}: make {words[0]}"


def test_the_guide_names_every_command():
    named = {words[0] for words in called((PROJECT / "docs" / "GUIDE.md").read_text(), "tandem")}
    assert named == set(commands())


def test_every_command_that_a_message_names_exists():
    named = {
        command: path.name
        for path, text in texts().items()
        if path.suffix == ".py" and path.parts[len(PROJECT.parts)] in LAYERS
        for command in re.findall(r"`tandem ([a-z]+)", text)
    }
    assert {command: where for command, where in named.items() if command not in commands()} == {}


def test_every_link_leads_somewhere():
    broken = []
    for path, text in texts().items():
        if path.suffix == ".md" and "documents" not in path.parts:
            for link in re.findall(r"\]\(([^)\s]+)\)", text):
                place = link.split("#")[0]
                if place and "://" not in link and not (path.parent / place).exists():
                    broken.append(f"{path.relative_to(PROJECT)} -> {link}")
    assert broken == []


def test_every_param_and_file_that_the_documentation_names_exists():
    sections = yaml.safe_load((PROJECT / "params.yaml").read_text())
    for name in DOCUMENTS:
        for word in re.findall(r"`([\w/.+-]+)`", (PROJECT / name).read_text()):
            section, _, key = word.partition(".")
            if isinstance(sections.get(section), dict) and key:
                assert key in sections[section], f"{name}: {word}"
            if re.fullmatch(r"(tandem|tasks|flows|tests|infra|bench)/[\w/.-]+", word):
                assert (PROJECT / word).exists(), f"{name}: {word}"


def test_every_key_of_answers_and_outcomes_is_in_the_glossary():
    from dataclasses import fields

    from tandem.records import Answer, Source

    glossary = (PROJECT / "docs" / "GLOSSARY.md").read_text()
    keys = {field.name for record in (Answer, Source) for field in fields(record)}
    for path in ("tasks/compare.py", "tasks/status.py", "flows/refresh.py", "flows/retrain.py"):
        keys |= set(re.findall(r'^ {8}"(\w+)":', (PROJECT / path).read_text(), re.MULTILINE))
    keys -= {"workspace", "at", "n", "lineage", "prices", "resamples", "seed", "advice"}  # of the report's context
    assert {key for key in keys if f"`{key}`" not in glossary} == set()


# --- the snippets of CONTRIBUTING.md do what they say -----------------------------------------------------------------------


def snippet(marker: str) -> str:
    blocks = re.findall(r"```(?:python|yaml)\n(.*?)```", (PROJECT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    (found,) = [block for block in blocks if marker in block]
    return found


def test_the_variant_of_the_contributing_page_is_one_row():
    loaded = yaml.safe_load((PROJECT / "params.yaml").read_text())
    loaded["variants"] |= yaml.safe_load(snippet("rag-wide"))["variants"]
    variant = parse_params(yaml.safe_dump(loaded)).variants["rag-wide"]
    assert variant.retrieval is not None
    assert (variant.simplicity, variant.retrieval.k, variant.retrieval.candidates, variant.retrieval.rrf_k) == (1, 12, 80, 10)


def test_the_signal_of_the_contributing_page_measures():
    names = {**vars(drift), "SIGNALS": dict(drift.SIGNALS)}
    exec(snippet("question_novelty"), names)
    limits, rows = Drift(min_questions=10), np.eye(24)
    assert names["SIGNALS"]["question_novelty"].measure(drift.Evidence(rows[:12], rows[:12]), limits).value == 0.0
    assert names["SIGNALS"]["question_novelty"].measure(drift.Evidence(rows[:12], rows[12:]), limits).value == 1.0
    assert names["SIGNALS"]["question_novelty"].measure(drift.Evidence(rows[:3], rows[12:]), limits).value is None


def test_the_check_of_the_contributing_page_finds_placeholders():
    check = eval(snippet("no placeholders"), dict(vars(checks)))
    assert (check.subject, check.expectation) == ("document", "ExpectColumnValuesToNotMatchRegex")
    assert check.name not in {one.name for one in checks.CHECKS}
    assert re.search(check.arguments["regex"], "Price: TBD")
    assert not re.search(check.arguments["regex"], "Price: 4 euros")


def test_the_reader_of_the_contributing_page_names_a_converter_that_exists():
    names = {**vars(readers), "READERS": dict(readers.READERS)}
    exec(snippet(".epub"), names)
    assert ".epub" in names["READERS"]
    spec = importlib.util.find_spec("markitdown")
    assert spec is not None
    assert spec.origin is not None
    assert '"EpubConverter"' in (Path(spec.origin).parent / "converters" / "__init__.py").read_text()


def test_the_generator_of_the_contributing_page_answers():
    names = {**vars(generate), "quote": prompts.quote}
    exec(snippet("QuotingGenerator"), names)
    requests = [generate.Request("Weight?", ("It weighs 2 kg. It is red.",)), generate.Request("Weight?")]
    answers = names["QuotingGenerator"]().generate(requests, Prompt(instruction=""), adapter=False)
    assert [answer.text for answer in answers] == ["Answer: It weighs 2 kg. Source: [1]", "Answer: I don't know Source: none"]
    with pytest.raises(Refused, match="quoting takes no adapter"):
        names["QuotingGenerator"]().generate(requests, Prompt(instruction=""), adapter=True)
