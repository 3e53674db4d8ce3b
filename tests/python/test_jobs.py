"""The job files of `src/python/examples`, run as Slurm and Kubernetes run them, with what stands in for both and the lab for the Internet."""

from __future__ import annotations

import gzip
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import blocks
import stscan

EXAMPLES = blocks.ROOT / "src/python/examples"
NAMES = [f"d{number}.example.com" for number in range(200)]

#: Runs the tasks of an array one after the other, and what is to be run after them.
SBATCH = """#!/bin/bash
set -euo pipefail
array= wrap=
while [[ ${1:-} == --* ]]; do
    case $1 in
        --array=*) array=${1#*=} ;;
        --wrap) wrap=$2 && shift ;;
        --parsable | --dependency=afterok:17 | --job-name=* | --time=*) ;;
        *) echo "sbatch does not know $1" >&2 && exit 1 ;;
    esac
    shift
done
if [ -n "$wrap" ]; then exec sh -c "$wrap" >&2; fi
ids=$(case $array in *-*) seq "${array%-*}" "${array#*-}" ;; *) tr , ' ' <<< "$array" ;; esac)
for id in $ids; do
    SLURM_JOB_ID=$((17 + id)) SLURM_ARRAY_TASK_ID=$id SLURM_ARRAY_TASK_COUNT=$(wc -w <<< "$ids") bash "$@" >&2
done
echo 17
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a list and names that are not to be asked, and the programs."""
    (tmp_path / "bin").mkdir()
    blocks.executable(tmp_path / "bin/stscan", blocks.PROGRAM)
    blocks.executable(tmp_path / "bin/sbatch", SBATCH)
    (tmp_path / "tranco.csv.gz").write_bytes(gzip.compress("".join(f"{place + 1},{name}\n" for place, name in enumerate(NAMES)).encode()))
    (tmp_path / "optout.txt").write_text("d7.example.com\n")
    return tmp_path


def run(command: list[str], place: Path, **variables: str) -> None:
    environment = {**os.environ, "PATH": f"{place / 'bin'}:{os.environ['PATH']}", "REAL": stscan.binary(), **variables}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"


def expect_whole(folder: Path, shards: int) -> None:
    scan = stscan.open(folder)
    assert scan.is_finished and len(scan.manifest["merged_from"]) == shards
    domains = scan.dataset.to_table(columns=["domain"])["domain"].to_pylist()
    assert sorted(domains) == sorted(set(NAMES) - {"d7.example.com"})
    assert scan.manifest["accounting"]["excluded"] == 1


def container(file: str) -> tuple[dict[str, Any], dict[str, Any]]:
    (job,) = yaml.safe_load_all((EXAMPLES / file).read_text())
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    (only,) = job["spec"]["template"]["spec"]["containers"]
    assert only["command"] == ["sh", "-c"] and [mount["mountPath"] for mount in only["volumeMounts"]] == ["/data"]
    return job, only


def test_all_of_them_are_here() -> None:
    assert {file.name for file in EXAMPLES.iterdir()} == {"kubernetes-indexed-job.yaml", "kubernetes-merge-job.yaml", "slurm-array.sbatch"}


def test_slurm(place: Path) -> None:
    script = str(EXAMPLES / "slurm-array.sbatch")
    run(["bash", "-n", script], place)
    run(["bash", script, "tranco.csv.gz", "week-47", "3"], place)
    expect_whole(place / "week-47", 3)
    # A task again, alone: it has its own shard.
    (place / "week-47.shards/1/manifest.json").unlink()
    for part in (place / "week-47.shards/1/domains").iterdir():
        part.unlink()
    run(["sbatch", "--array=1", script, "tranco.csv.gz", "week-47"], place, STSCAN_SHARDS="3")
    run(["stscan", "merge", *map(str, (place / "week-47.shards").iterdir()), "-o", "again"], place)
    expect_whole(place / "again", 3)


def test_kubernetes(place: Path) -> None:
    job, scan = container("kubernetes-indexed-job.yaml")
    pods = job["spec"]["completions"]
    assert job["spec"]["completionMode"] == "Indexed" and job["spec"]["parallelism"] == pods == job["spec"]["maxFailedIndexes"]
    variables = {variable["name"]: variable["value"] for variable in scan["env"]}
    assert variables == {"STSCAN_SHARDS": str(pods)}
    (rule,) = job["spec"]["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["containerName"] == scan["name"]
    _, merge = container("kubernetes-merge-job.yaml")
    for index in range(pods):
        # The volume that all of them share.
        run(["sh", "-c", scan["args"][0].replace("/data/", f"{place}/")], place, JOB_COMPLETION_INDEX=str(index), **variables)
    run(["sh", "-c", merge["args"][0].replace("/data/", f"{place}/")], place)
    expect_whole(place / "week-47", pods)
