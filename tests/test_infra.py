"""infra/ is held to the schemas of its tools, to the lock, and to the code that it runs: no container engine is needed here."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import TypeAdapter

from tandem.params import parse_params
from tasks.workspace import PROJECT, Settings, Workspace

INFRA = PROJECT / "infra"
LOCK = dict(line.split("==") for line in (PROJECT / "requirements.lock").read_text().split())
VERSION = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
TEXTS = {
    path: path.read_text()
    for path in sorted(INFRA.rglob("*"))
    if path.is_file() and path.parent.name != "schemas" and path.suffix != ".pyc"
}
DOCKERFILES = [path for path in TEXTS if path.name == "Dockerfile"]


def schema(name: str) -> Any:
    loaded = json.loads((INFRA / "schemas" / name).read_text())
    return jsonschema.validators.validator_for(loaded)(loaded)


def violations(validator: Any, document: object) -> list[str]:
    return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in validator.iter_errors(document)]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((INFRA / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def manifests() -> dict[str, dict[str, Any]]:
    """Kind and name -> manifest, of all that the kustomization lists."""
    folder = INFRA / "kubernetes"
    names = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    found = [document for name in names for document in yaml.safe_load_all((folder / name).read_text())]
    return {f"{document['kind']} {document['metadata']['name']}": document for document in found}


def names_with(prefix: str, texts: dict[Path, str]) -> dict[str, str]:
    """Environment variable -> the file that names it."""
    return {name: path.name for path, text in texts.items() for name in re.findall(rf"\b{prefix}_[A-Z0-9_]+\b", text)}


# --- Compose ----------------------------------------------------------------------------------------------------------------


def test_the_compose_file_is_what_the_specification_allows(compose):
    assert violations(schema("compose-spec.json"), compose) == []
    assert list(compose["services"]) == ["postgres", "minio", "buckets", "mlflow", "prefect", "worker", "answers", "ray", "ray-worker"]


def test_the_schema_would_notice_a_misspelt_key(compose):
    wrong = {**compose, "services": {**compose["services"], "worker": {**compose["services"]["worker"], "depend_on": []}}}
    assert "depend_on" in violations(schema("compose-spec.json"), wrong)[0]


def test_services_wait_for_services_that_exist_and_can_be_found_healthy(compose):
    services = compose["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services, f"{name} waits for {other}"
            assert how["condition"] != "service_healthy" or "healthcheck" in services[other], f"{name} waits for {other} to be healthy"


def test_what_is_mounted_is_declared_or_lies_here(compose):
    for name, service in compose["services"].items():
        for mount in service.get("volumes", []):
            source = re.sub(r"\$\{[^}]*\}", "WORKSPACE", mount).split(":")[0]
            assert source == "WORKSPACE" or source in compose["volumes"] or (INFRA / source).is_file(), f"{name} mounts {source}"


def test_ports_are_told_apart_and_open_on_this_machine_only(compose):
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert sorted(ports) == ["127.0.0.1:4200:4200", "127.0.0.1:5000:5000", "127.0.0.1:8080:8080", "127.0.0.1:9001:9001"]


def test_every_variable_is_in_the_example_environment_and_no_other(compose):
    used = set(re.findall(r"\$\{(\w+)", (INFRA / "compose.yaml").read_text()))
    offered = set(re.findall(r"^(\w+)=", (INFRA / ".env.example").read_text(), re.MULTILINE))
    assert used == offered


def test_no_secret_has_a_default():
    for line in (INFRA / ".env.example").read_text().splitlines():
        assert not re.match(r"\w*(PASSWORD|SECRET|KEY)\w*=.+", line), line
    assert not re.search(r"(PASSWORD|SECRET|KEY)\w*:-[^}]", (INFRA / "compose.yaml").read_text())
    assert ".env" in (INFRA / ".gitignore").read_text().split()


def test_servers_send_nothing_home_and_start_no_extra_processes(compose):
    assert compose["services"]["prefect"]["environment"]["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert compose["services"]["mlflow"]["environment"]["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert compose["services"]["mlflow"]["environment"]["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_mlflow_answers_to_the_names_that_its_clients_use(compose):
    from fnmatch import fnmatch

    allowed = compose["services"]["mlflow"]["environment"]["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    uri = compose["services"]["worker"]["environment"]["TANDEM_TRACKING_URI"]
    assert any(fnmatch(uri.removeprefix("http://"), pattern) for pattern in allowed)


def test_every_node_of_the_ray_cluster_is_what_the_worker_is(compose):
    from tasks.cluster import PORTS

    services = compose["services"]
    for name in ("ray", "ray-worker"):
        assert services[name]["profiles"] == ["ray"]
        assert {key: services[name][key] for key in ("image", "user", "volumes", "environment")} == {
            key: services["worker"][key] for key in ("image", "user", "volumes", "environment")
        }
        assert "--disable-usage-stats" in services[name]["command"]
    assert {f"--port={PORTS['']}", f"--ray-client-server-port={PORTS['ray']}"} <= set(services["ray"]["command"])
    assert f"--address=ray:{PORTS['']}" in services["ray-worker"]["command"]
    assert f"ray://ray:{PORTS['ray']}" in TEXTS[INFRA / ".env.example"]


# --- images and versions ----------------------------------------------------------------------------------------------------


def test_every_image_is_pinned_and_ours_carry_our_version(compose):
    images = {service["image"] for service in compose["services"].values()}
    images |= {line.split()[1] for path in DOCKERFILES for line in TEXTS[path].splitlines() if line.startswith("FROM ")}
    assert [image for image in images if ":" not in image or image.endswith((":latest", "latest"))] == []
    everything = "\n".join(TEXTS.values())
    assert set(re.findall(r"\btandem:(\d[\w.]*)", everything)) == {VERSION}
    assert set(re.findall(r"newTag: (\S+)", everything)) == {VERSION}
    assert set(re.findall(r"\btandem-mlflow:(\d[\w.]*)", everything)) == {LOCK["mlflow"]}


def test_servers_and_clients_are_of_one_version():
    assert f"mlflow=={LOCK['mlflow']} " in TEXTS[INFRA / "mlflow" / "Dockerfile"]
    assert f"prefect-version: {LOCK['prefect']}\n" in TEXTS[INFRA / "prefect.yaml"]


def reaches_the_builder(path: Path, patterns: list[str]) -> bool:
    """Docker's rule: a pattern matches a path or one of its folders, from the root; the last match decides."""
    places = [place.as_posix() for place in (path, *path.parents)]
    kept = True
    for pattern in (line for line in patterns if line and not line.startswith("#")):
        wanted = re.escape(pattern.removeprefix("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(wanted, place) for place in places):
            kept = pattern.startswith("!")
    return kept


def test_the_builder_gets_the_code_and_nothing_of_a_workspace():
    patterns = TEXTS[INFRA / "Dockerfile.dockerignore"].splitlines()
    reached = {
        name: reaches_the_builder(Path(name), patterns)
        for name in ("tasks/train.py", "data/sample/README.md", "data/documents/a.md", ".venv/pyvenv.cfg")
    }
    assert reached == {"tasks/train.py": True, "data/sample/README.md": True, "data/documents/a.md": False, ".venv/pyvenv.cfg": False}
    assert not reaches_the_builder(Path("tandem/__pycache__/a.pyc"), patterns)


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.parent.name)
def test_an_image_copies_what_exists_and_runs_as_nobody_special(dockerfile):
    lines = TEXTS[dockerfile].replace("\\\n", " ").splitlines()
    patterns = TEXTS[dockerfile.with_name("Dockerfile.dockerignore")].splitlines()
    sources = [source for line in lines if line.startswith("COPY ") for source in line.split()[1:-1]]
    assert sources
    for source in sources:
        path = PROJECT / source
        inside = [path] if path.is_file() else [file for file in path.rglob("*.*") if "__pycache__" not in file.parts]
        assert inside, f"{source} is missing"
        assert any(reaches_the_builder(file.relative_to(PROJECT), patterns) for file in inside), f"{source} does not reach the builder"
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users, f"{dockerfile} runs as root"
    assert "root" not in users


def test_the_image_takes_the_lock_and_installs_tandem_without_resolving_again():
    text = TEXTS[INFRA / "Dockerfile"]
    assert "-r requirements.lock" in text
    assert "--no-deps --no-build-isolation -e ." in text
    assert 'ENTRYPOINT ["tandem"]' in text


# --- settings ---------------------------------------------------------------------------------------------------------------


def test_every_tandem_setting_named_here_exists_and_all_are_explained():
    known = {f"TANDEM_{name.upper()}" for name in Settings.model_fields}
    guide = PROJECT / "docs" / "GUIDE.md"
    named = names_with("TANDEM", {**TEXTS, guide: guide.read_text()})
    assert {name: where for name, where in named.items() if name not in known} == {}
    assert known - names_with("TANDEM", {INFRA: TEXTS[INFRA / "README.md"]}).keys() == set()


def test_every_prefect_setting_named_here_is_one_of_prefects():
    from prefect.settings import get_current_settings

    known = get_current_settings().to_environment_variables(exclude_unset=False, include_secrets=True, include_aliases=True)
    unset = {"PREFECT_API_URL", "PREFECT_SERVER_UI_API_URL"}  # null by default, so not listed
    assert {name: where for name, where in names_with("PREFECT", TEXTS).items() if name not in known and name not in unset} == {}


def test_every_mlflow_setting_named_here_is_one_of_mlflows():
    spec = importlib.util.find_spec("mlflow")
    assert spec is not None
    assert spec.origin is not None
    known = (Path(spec.origin).parent / "environment_variables.py").read_text()
    elsewhere = (
        {"MLFLOW_DISABLE_TELEMETRY"}
        if "MLFLOW_DISABLE_TELEMETRY" in (Path(spec.origin).parent / "telemetry" / "utils.py").read_text()
        else set()
    )
    assert {name: where for name, where in names_with("MLFLOW", TEXTS).items() if name not in known and name not in elsewhere} == {}


# --- Prefect ----------------------------------------------------------------------------------------------------------------


def test_a_work_pool_gets_the_deployments_that_tandem_deploy_serves():
    from prefect.cli.deploy._models import PrefectYamlModel
    from prefect.events import DeploymentTriggerTypes

    from flows.deploy import deployments

    root = Path("/workspaces/my-kb")
    served = {
        deployment.flow_name: deployment
        for deployment in deployments(Workspace(root, parse_params((PROJECT / "params.yaml").read_text()), Settings()))
    }
    text = TEXTS[INFRA / "prefect.yaml"]
    for name, value in {"WORKSPACE_NAME": root.name, "WORKSPACE": str(root), "SOURCE": "/opt/tandem"}.items():
        text = text.replace(f"{{{{ ${name} }}}}", value)
    loaded = yaml.safe_load(text)
    PrefectYamlModel.model_validate(loaded)
    assert "$" not in str(loaded["deployments"])
    pooled = {entry["entrypoint"].split(":")[1]: entry for entry in loaded["deployments"]}
    assert pooled.keys() == served.keys()
    for flow, entry in pooled.items():
        path, name = entry["entrypoint"].split(":")
        assert f"async def {name}(" in (PROJECT / path).read_text()
        mine = served[flow]
        assert (entry["name"], entry["tags"], entry["parameters"]) == (mine.name, mine.tags, mine.parameters)
        crons = [schedule.schedule.cron for schedule in mine.schedules or []]
        assert [schedule["cron"] for schedule in entry.get("schedules", [])] == crons
        triggers = [TypeAdapter(DeploymentTriggerTypes).validate_python(trigger) for trigger in entry.get("triggers", [])]
        assert [dump(trigger) for trigger in triggers] == [dump(trigger) for trigger in mine.triggers]
        limit = entry.get("concurrency_limit")
        assert (limit and limit["limit"]) == mine.concurrency_limit
        assert (limit and limit["collision_strategy"]) == (mine.concurrency_options and mine.concurrency_options.collision_strategy.value)


def dump(trigger: Any) -> dict[str, Any]:
    return trigger.model_dump(mode="json", include={"name", "expect", "match", "parameters", "posture", "threshold", "within", "enabled"})


@pytest.mark.parametrize("kind", ["docker", "kubernetes"])
def test_a_work_pool_template_is_prefects_with_other_defaults(kind):
    spec = importlib.util.find_spec("prefect")
    assert spec is not None
    assert spec.origin is not None
    views = Path(spec.origin).parent / "server" / "api" / "collections_data" / "views" / "aggregate-worker-metadata.json"
    theirs = json.loads(views.read_text())[f"prefect-{kind}"][kind]["default_base_job_configuration"]
    ours = json.loads((INFRA / "work-pools" / f"{kind}.json").read_text())
    assert ours["variables"]["properties"].keys() == theirs["variables"]["properties"].keys()
    for name, variable in ours["variables"]["properties"].items():
        original = theirs["variables"]["properties"][name]
        assert {key: value for key, value in variable.items() if key != "default"} == {
            key: value for key, value in original.items() if key != "default"
        }
    assert ours["variables"]["properties"]["image"]["default"] == f"tandem:{VERSION}"
    placeholders = set(re.findall(r"\{\{ (\w+) \}\}", json.dumps(ours["job_configuration"])))
    assert placeholders == set(re.findall(r"\{\{ (\w+) \}\}", json.dumps(theirs["job_configuration"])))


# --- Kubernetes and CI ------------------------------------------------------------------------------------------------------


def test_the_kubernetes_worker_finds_its_config_and_its_volume(manifests):
    assert set(manifests) == {
        "Namespace tandem", "PersistentVolumeClaim workspaces", "Deployment tandem-worker", "Deployment tandem-answers",
        "Service tandem-answers",
    }  # fmt: skip
    kustomization = yaml.safe_load((INFRA / "kubernetes" / "kustomization.yaml").read_text())
    assert kustomization["namespace"] == manifests["Namespace tandem"]["metadata"]["name"]
    configs = {config["name"] for config in kustomization["configMapGenerator"]}
    worker, answers = (manifests[f"Deployment tandem-{name}"]["spec"] for name in ("worker", "answers"))
    assert worker["replicas"] == 1
    assert worker["strategy"] == {"type": "Recreate"}
    for deployed in (worker, answers):
        assert deployed["selector"]["matchLabels"].items() <= deployed["template"]["metadata"]["labels"].items()
    templates = json.loads((INFRA / "work-pools" / "kubernetes.json").read_text())["job_configuration"]["job_manifest"]
    for pod in (worker["template"]["spec"], answers["template"]["spec"], templates["spec"]["template"]["spec"]):
        (container,) = pod["containers"]
        assert {source["configMapRef"]["name"] for source in container["envFrom"] if "configMapRef" in source} <= configs
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
        claims = {volume["persistentVolumeClaim"]["claimName"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume}
        assert claims == {manifests["PersistentVolumeClaim workspaces"]["metadata"]["name"]}
        assert pod["securityContext"]["runAsNonRoot"] is True
    (waiting,) = worker["template"]["spec"]["initContainers"]
    assert f"{worker['template']['spec']['containers'][0]['args'][-1]}/params.yaml" in waiting["command"][-1]


def test_containers_call_commands_that_exist(compose, manifests):
    from typer.main import get_group

    from flows.cli import app

    commands = get_group(app).commands
    called = [compose["services"][name]["command"] for name in ("worker", "answers")]
    pods = [manifests[f"Deployment tandem-{name}"]["spec"]["template"]["spec"] for name in ("worker", "answers")]
    called += [pod["containers"][0]["args"] for pod in pods]
    for name, *rest in called:
        assert set(rest[::2]) <= {known for parameter in commands[name].params for known in parameter.opts}


def test_whoever_asks_the_champion_reaches_the_port_that_it_listens_on(compose, manifests):
    service = compose["services"]["answers"]
    (answers,) = manifests["Deployment tandem-answers"]["spec"]["template"]["spec"]["containers"]
    (published,) = service["ports"]
    (port,) = answers["ports"]
    listening = [command[command.index("--port") + 1] for command in (service["command"], answers["args"])]
    assert listening == [published.split(":")[-1], str(port["containerPort"])]
    assert f"localhost:{listening[0]}/health" in service["healthcheck"]["test"][-1]
    assert {answers[f"{kind}Probe"]["httpGet"]["port"] for kind in ("readiness", "liveness")} == {port["name"]}
    target = manifests["Service tandem-answers"]["spec"]
    assert [one["targetPort"] for one in target["ports"]] == [port["name"]]
    assert target["selector"].items() <= manifests["Deployment tandem-answers"]["spec"]["template"]["metadata"]["labels"].items()


def test_the_ci_example_is_a_workflow_that_runs_make_test():
    loaded = yaml.safe_load((INFRA / "ci.yaml").read_text())
    workflow = {"on" if key is True else key: value for key, value in loaded.items()}  # YAML 1.1 reads `on` as true
    assert violations(schema("github-workflows.json"), workflow) == []
    assert [step["run"] for step in workflow["jobs"]["test"]["steps"] if "run" in step] == ["make test"]


# --- the buckets ------------------------------------------------------------------------------------------------------------


class Store:
    """An object store that is not ready for its first `refusals` calls."""

    def __init__(self, names: list[str], refusals: int = 0):
        self.names, self.refusals = list(names), refusals

    def list_buckets(self) -> dict[str, Any]:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionError("not yet")
        return {"Buckets": [{"Name": name} for name in self.names]}

    def create_bucket(self, Bucket: str) -> None:
        self.names.append(Bucket)


@pytest.fixture(scope="module")
def make_buckets() -> Any:
    spec = importlib.util.spec_from_file_location("make_bucket", INFRA / "mlflow" / "make_bucket.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make_buckets


def test_only_missing_buckets_are_made_once_the_store_answers(make_buckets):
    store = Store(["mlflow"], refusals=2)
    assert make_buckets(store, ["mlflow", "dvc"], ConnectionError, pause_s=0) == ["dvc"]
    assert make_buckets(store, ["mlflow", "dvc"], ConnectionError) == []
    assert store.names == ["mlflow", "dvc"]


def test_a_store_that_never_answers_fails_the_one_shot(make_buckets):
    with pytest.raises(ConnectionError, match="not yet"):
        make_buckets(Store([], refusals=9), ["mlflow"], ConnectionError, wait_s=0, pause_s=0)
