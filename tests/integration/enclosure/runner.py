"""Runs the hostile project in an enclosure; a script, so that it can run as another user.

Arguments: a JSON object with folder, outside, python, pythonpath, enforce.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from nuages import enclosure

SITECUSTOMIZE = """
import os
from types import SimpleNamespace
from nuages.agent import audit
roots = {".": os.environ["HOSTILE_ROOT"]}
audit.install(SimpleNamespace(roots=roots, ledger=os.environ["HOSTILE_LEDGER"]))
"""


def main() -> None:
    told = json.loads(sys.argv[1])
    folder = Path(told["folder"])
    project, scratch, attach = folder / "project", folder / "scratch", folder / "attach"
    for path in (scratch, attach):
        path.mkdir(exist_ok=True)
    (attach / "sitecustomize.py").write_text(SITECUSTOMIZE)
    around = enclosure.Enclosure(
        scratch=scratch,
        trees=(enclosure.Tree(root=project, edits={"edited.txt": "edited\n"}),),
        ledger=folder / "ledger.jsonl",
        enforce=told["enforce"],
    )
    root = enclosure.visible_roots(around)[project.resolve()]
    env = enclosure.environment(
        os.environ,
        scratch=scratch,
        extra={
            "HOSTILE_OUTSIDE": json.dumps(told["outside"]),
            "HOSTILE_ROOT": str(root),
            "HOSTILE_LEDGER": str(folder / "ledger.jsonl"),
            "PYTHONPATH": os.pathsep.join([str(attach), *told["pythonpath"]]),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    argv = [told["python"], str(root / "drive.py")] + ["--python-only"] * (not told["enforce"])
    with enclosure.start(
        around, argv, env=env, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        output, errors = process.stdout.read().decode(), process.stderr.read().decode()
        code = process.wait(120)
    print(
        json.dumps(
            {
                "code": code,
                "output": output,
                "errors": errors,
                "ledger": [asdict(entry) for entry in enclosure.ledger(folder / "ledger.jsonl")],
                "left": [path.name for path in scratch.iterdir()],
            }
        )
    )


if __name__ == "__main__":
    main()
