"""The contenders' processes: one each, started alike, given orders over a pipe."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.recorder import environment
from benchmarks.recorder.contenders import Contender
from nuages import attach
from nuages.agent.attach import AttachConfig

PROJECT = Path(__file__).resolve().parent / "project"
LAST_WORDS = 1  # lines of a failed process's log: the error, without its traceback


class Missing(Exception):  # noqa: N818 - no fault: the contender does not run here
    """What a contender needs can't be imported."""


class Failed(Exception):  # noqa: N818 - of the contender, not of the benchmark
    """A process ended before it was told to, and its last words."""


class Worker:
    """A contender's process."""

    def __init__(
        self,
        contender: Contender,
        scratch: Path,
        database: Mapping[str, Any],
        *,
        fill: bool = False,
    ) -> None:
        self.contender = contender
        self.folder = scratch / contender.name.replace(" ", "-").replace(":", "").replace(",", "")
        self.folder.mkdir(parents=True)
        self.spool = self.folder / "spool"
        self._log = self.folder / "log.txt"
        self._process = self._start(database, fill)
        ready = self._answer()
        if "missing" in ready:
            raise Missing(ready["missing"])

    @property
    def agent(self) -> str:
        """The folder of the recorder's own files in this process."""
        return str(self.folder / "attach" / "nuages") + os.sep

    def order(self, do: str, **details: Any) -> dict[str, Any]:
        """Have something done; → the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **details}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def stop(self) -> dict[str, int]:
        """End the process as a server ends; → how often each view was asked."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        asked: dict[str, int] = self._answer()["asked"]
        self._process.wait(30)
        return asked

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _start(self, database: Mapping[str, Any], fill: bool) -> subprocess.Popen[str]:
        site = {**asdict(self.contender), "database": self._spelled(database), "fill": fill}
        env = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
            "BENCHMARK_SITE": json.dumps(site),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        if self.contender.folder:
            env["PYTHONPATH"] = str(environment.folder(self.contender.folder))
        if self.contender.is_nuages:
            env |= self._attached(env)
        with self._log.open("w") as log:
            return subprocess.Popen(
                [environment.python(), PROJECT / "drive.py"], cwd=PROJECT, env=env, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip

    def _spelled(self, database: Mapping[str, Any]) -> dict[str, Any]:
        engine = str(database["ENGINE"])
        if self.contender.engine:
            engine = f"{self.contender.engine}.{engine.rpartition('.')[2]}"
        return {**database, "ENGINE": engine}

    def _attached(self, env: Mapping[str, str]) -> dict[str, str]:
        config = AttachConfig(
            roots={".": str(PROJECT)}, mode=self.contender.mode, spool=str(self.spool)
        )
        additions = attach.prepare(self.folder, config, env)
        if self.contender.mode is None:  # an installed app: on the path, and nothing else
            return {"PYTHONPATH": additions["PYTHONPATH"]}
        return additions

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            words = self._log.read_text("utf-8", "replace").strip().splitlines()[-LAST_WORDS:]
            raise Failed("\n".join(words))
        answer: dict[str, Any] = json.loads(line)
        return answer
