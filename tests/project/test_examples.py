"""The examples are files to copy: each is valid for its tool."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from plugins.inventory.shards import parse
from tests.support.paths import ROOT

EXAMPLES = ROOT / "examples"


def read(name: str) -> list[dict[str, Any]]:
    return list(YAML(typ="safe").load_all((EXAMPLES / name).read_text()))


@pytest.fixture(scope="module")
def manifests() -> list[dict[str, Any]]:
    return read("kubernetes/shards.yaml")


#: The kinds of the manifests, and their definitions in Kubernetes' schema.
KINDS = {
    ("batch/v1", "Job"): "io.k8s.api.batch.v1.Job",
    ("v1", "PersistentVolumeClaim"): "io.k8s.api.core.v1.PersistentVolumeClaim",
}


def kubernetes_errors(manifest: dict[str, Any]) -> list[str]:
    definitions = json.loads((ROOT / "tests/data/schemas/kubernetes-1.37.json").read_text())["$defs"]
    name = KINDS[manifest["apiVersion"], manifest["kind"]]
    validator = Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions})
    return [error.message for error in validator.iter_errors(manifest)]


def test_kubernetes_takes_the_manifests(manifests: list[dict[str, Any]]) -> None:
    assert [kubernetes_errors(manifest) for manifest in manifests] == [[], [], []]


@pytest.mark.parametrize(
    ("path", "key", "value", "error"),
    [
        (["spec"], "completionz", 4, "('completionz' was unexpected)"),
        (["spec"], "completions", "four", "'four' is not of type 'integer', 'null'"),
        (["spec", "template", "spec"], "restartPolicies", "Never", "('restartPolicies' was unexpected)"),
        (["spec", "template", "spec", "containers", 0], "name", None, "None is not of type 'string'"),
    ],
)
def test_a_manifest_with_an_error_is_refused(
    manifests: list[dict[str, Any]], path: list[str | int], key: str, value: object, error: str
) -> None:
    manifest: Any = copy.deepcopy(manifests[1])
    section = manifest
    for step in path:
        section = section[step]
    section[key] = value
    (problem,) = kubernetes_errors(manifest)
    assert problem.endswith(error)


def test_pods_may_do_nothing_but_look(manifests: list[dict[str, Any]]) -> None:
    for job in manifests[1:]:
        pod = job["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert not [variable for variable in container["env"] if "valueFrom" in variable]  # secrets are files
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])


def test_an_indexed_job_says_how_many_parts_there_are(manifests: list[dict[str, Any]]) -> None:
    spec = manifests[1]["spec"]
    environment = {variable["name"]: variable["value"] for variable in spec["template"]["spec"]["containers"][0]["env"]}
    assert int(environment["JOB_COMPLETIONS"]) == spec["completions"]
    shard = parse("auto", environment | {"JOB_COMPLETION_INDEX": "3"})
    assert shard
    assert (shard.number, shard.of) == (4, spec["completions"])


def test_only_the_indexed_job_visits_a_part_of_the_fleet(manifests: list[dict[str, Any]]) -> None:
    containers = [job["spec"]["template"]["spec"]["containers"][0] for job in manifests[1:]]
    assert [
        "--shard=auto" in " ".join(container["command"] + container.get("args", [])) for container in containers
    ] == [True, False]


def test_the_image_has_no_smell_that_hadolint_knows() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, EXAMPLES / "Containerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_image_copies_what_there_is() -> None:
    for line in (EXAMPLES / "Containerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for name in line.split()[1:-1]:
                assert (ROOT / name).exists(), name


@pytest.mark.parametrize("name", ["github/shards.yml", "azure-pipelines/shards.yml"])
def test_pipelines_are_yaml_and_pass_on_the_verdict_of_the_merge_only(name: str) -> None:
    (pipeline,) = read(name)
    assert pipeline["jobs"]
    text = (EXAMPLES / name).read_text()
    assert text.count("case $status in") == 1
    assert text.count("--evidence=") == 1
    (visit,) = (line for line in text.splitlines() if "-m pytest" in line and "--inventory=" in line)
    assert "--shard=auto" in visit


def test_a_github_matrix_says_which_part_it_is() -> None:
    (workflow,) = read("github/shards.yml")
    (look,) = (step for step in workflow["jobs"]["shard"]["steps"] if step.get("name") == "Look")
    assert look["env"]["STRATEGY_JOB_INDEX"] == "${{ strategy.job-index }}"
    assert look["env"]["STRATEGY_JOB_TOTAL"] == "${{ strategy.job-total }}"
