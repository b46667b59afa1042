"""The recipes of docs/fleets.md, block by block as they stand there: on a cluster, in jobs, and over a table.

A fence says how a block is run: `python fleet` as a doctest whose names all blocks share, `python fleet ray` where Ray
runs, `file=NAME` is written down for others; `sh` and `yaml` name commands, which are run with the addresses and paths
of this test.  The address of a cluster in the page stands for the one that is started here.
"""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml

from nparams.cli.scan import parser
from nparams.fleet.store import Table, rows
from tests.documents import Block, blocks, python_failures
from tests.fleet.dask_cluster import Cluster, cluster, environment
from tests.safetensors_maker import T, safetensors, shards

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs/fleets.md"
ADDRESS = "tcp://scheduler:8786"
BLOCKS = sorted(
    (block for language in ("sh", "python", "yaml") for block in blocks(PAGE, language)), key=lambda b: b.line
)
DOCTESTS = [block for block in BLOCKS if block.needs.startswith("fleet")]
FILES = {block.needs.removeprefix("file="): block.text for block in BLOCKS if block.needs.startswith("file=")}
COMMANDS = [block for block in BLOCKS if block.language == "sh" and not block.needs]
MODELS = 8
SHARDED = shards([[T("up.weight", [2, 4])], [T("down.weight", [4, 2])]], {"total_parameters": 1600})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the page's commands stand in: its models, some of them odd, and its scripts."""
    made = tmp_path_factory.mktemp("recipes")
    for path in ("models/again", "models/declared"):
        (made / path).mkdir(parents=True)
    for name in ("digits.onnx", "digits.keras", "digits.pth", "tiny.gguf", "tiny.safetensors"):
        (made / "models" / name).write_bytes((ROOT / "docs/examples" / name).read_bytes())
    tiny = (made / "models/tiny.safetensors").read_bytes()
    content = {
        "again/tuned.safetensors": tiny,
        "cut.safetensors": tiny[:-10],
    }
    for name, data in {**content, **{f"declared/{name}": data for name, data in SHARDED.items()}}.items():
        (made / "models" / name).write_bytes(data)
    with ZipFile(made / "models/digits.pth", "a") as archive:
        archive.writestr("digits/notes.txt", "no tensor uses it")
    for name, text in FILES.items():
        (made / name).write_text(text)
    return made


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    return {"__name__": "__main__"}


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file://{folder}/mlruns")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # without a server, mlflow-skinny has no other


@pytest.fixture
def ray_here(folder: Path) -> Iterator[None]:
    """Ray on two cores, as the page's own `ray.remote` would begin it, but quiet and without its dashboard."""
    import ray

    ray.init(
        address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR,
        object_store_memory=80 * 2**20,
    )  # fmt: skip
    yield
    ray.shutdown()


def ran(command: str, **more: str) -> str:
    """What a command prints, where `python` and `nparams` are those of this test."""
    words = {"python ": f"{shlex.quote(sys.executable)} ", "nparams ": f"{shlex.quote(sys.executable)} -m nparams "}
    lines = [line.lstrip() for line in command.splitlines()]
    told = "\n".join(
        next((new + line[len(old) :] for old, new in words.items() if line.startswith(old)), line) for line in lines
    )
    done = subprocess.run(
        ["sh", "-ec", told],
        env=environment(**more),
        text=True,
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def totals(*tables: str) -> list[tuple[str, int | None]]:
    return sorted((row["uri"], row["total"]) for table in tables for row in rows(table) if row["gone"] is None)


def test_every_block_of_the_page_is_run_by_some_test() -> None:
    run_by_others = [block for block in blocks(PAGE, "python") if ">>>" in block.text and not block.needs]
    kinds = {block.needs for block in BLOCKS if block not in run_by_others}
    assert kinds == {"", "fleet", "fleet ray", "file=share.py", "file=share.sh"}
    others = [block.language for block in BLOCKS if not block.needs and block not in run_by_others]
    assert others == ["sh", "sh", "yaml"]


def test_the_first_commands() -> None:
    install, *lines = (line.partition("#")[0].strip() for line in COMMANDS[0].text.splitlines())
    assert install == "pip install 'nparams[scan,remote]'"
    said = ran("\n".join(line.replace("counts", "begun") for line in lines))
    assert f"{MODELS - 1} models with 21,010 parameters" in said
    assert len(totals("begun")) == MODELS


def test_the_command_with_a_cluster(workers: Cluster) -> None:
    install, scan = COMMANDS[1].text.splitlines()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (wanted,) = shlex.split(install.removeprefix("pip install "))
    assert set(wanted.removeprefix("nparams[").removesuffix("]").split(",")) <= extras.keys()
    ran(scan.replace(ADDRESS, workers.address))
    assert len(workers.read()) == MODELS
    assert len(totals("counts")) == MODELS


@pytest.mark.parametrize("job", range(3))
def test_a_job_of_an_array(job: int) -> None:
    assert [line for line in FILES["share.sh"].splitlines() if line.startswith("#SBATCH")]
    said = ran(FILES["share.sh"], SLURM_ARRAY_TASK_ID=str(job), SLURM_ARRAY_TASK_COUNT="3")
    assert said == f"Finished(read={len(range(job, MODELS, 3))}, known=0, gone=0)\n"


def test_the_shares_are_the_whole_and_a_rerun_moves_what_moved(folder: Path) -> None:
    shares = [f"counts-slurm/{job}" for job in range(3)]
    assert totals(*shares) == totals("counts")
    copies = [f"moved/{job}" for job in range(3)]
    more = folder / "models/aaa.safetensors"  # the first of all, so that every other one moves to another job
    more.write_bytes(safetensors([T("w", [5])]))
    try:
        for job, copy in enumerate(copies):
            subprocess.run(
                ["cp", "-r", shares[job], copy] if job else ["cp", "-r", "counts-slurm", "moved"], check=True
            )
            ran(
                FILES["share.sh"].replace("counts-slurm", "moved"),
                SLURM_ARRAY_TASK_ID=str(job),
                SLURM_ARRAY_TASK_COUNT="3",
            )
        assert totals(*copies) == sorted([*totals("counts"), (str(more), 5)])
    finally:
        more.unlink()


def test_the_job_of_kubernetes() -> None:
    (block,) = blocks(PAGE, "yaml")
    job = yaml.safe_load(block.text)
    assert (job["apiVersion"], job["kind"], job["spec"]["completionMode"]) == ("batch/v1", "Job", "Indexed")
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    env = {each["name"]: each["value"] for each in container["env"]}
    assert int(env["JOBS"]) == job["spec"]["completions"] >= job["spec"]["parallelism"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert pod["restartPolicy"] == "Never"  # what backoffLimitPerIndex asks for
    assert container["command"] == ["sh", "-ec"]
    install, _, count = container["args"][0].partition("\n")
    assert install == "pip install --quiet 'nparams[remote,scan]'"
    for number in range(2):
        ran(
            count.replace("/share/", "").replace("/counts/", "counts-kubernetes/"),
            ROOT="models", JOBS="2", JOB_COMPLETION_INDEX=str(number),
        )  # fmt: skip
    assert totals("counts-kubernetes/0", "counts-kubernetes/1") == totals("counts")


@pytest.mark.parametrize("block", DOCTESTS, ids=lambda block: f"{block.document.name}:{block.line}")
def test_python_block(
    block: Block, names: dict[str, Any], workers: Cluster, request: pytest.FixtureRequest, folder: Path
) -> None:
    if block.needs == "fleet ray":
        request.getfixturevalue("ray_here")
    if "search_registered_models" in block.text:
        registered(folder)
    said = python_failures(block._replace(text=block.text.replace(ADDRESS, workers.address)), names)
    assert not said, "\n" + said


def registered(folder: Path) -> None:
    """A registry as others fill it: two models, one of which was never scanned."""
    from mlflow import MlflowClient

    client = MlflowClient()
    for name, source in (("digits", folder / "models/digits.onnx"), ("elsewhere", folder / "other/model.onnx")):
        client.create_registered_model(name)
        client.create_model_version(name, str(source))


def test_the_table_of_ray_is_that_of_a_scan() -> None:
    assert totals("counts-ray") == totals("counts")


def test_the_commands_that_are_named_exist() -> None:
    words = shlex.split(COMMANDS[1].text.splitlines()[1])
    assert words[:2] == ["nparams", "scan"]
    asked = parser().parse_args(words[2:])
    assert (asked.engine, asked.scheduler, asked.out) == ("dask", ADDRESS, "counts")
    assert os.path.isdir("counts")
    with Table("counts") as table:
        assert table.note == ""
