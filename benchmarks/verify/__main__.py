"""How often a wrong edit is taken for right, and a right one for wrong.

python -m benchmarks.verify [--only KIND] [--verbose]
"""

from __future__ import annotations

import argparse

from benchmarks.verify.cases import cases
from benchmarks.verify.running import Judged, judge


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="KIND")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    chosen = [case for case in cases() if arguments.only in (None, case.kind)]
    judged = []
    for one in judge(chosen):
        judged.append(one)
        if arguments.verbose or one.is_accepted != one.case.is_right:
            print(_line(one), flush=True)
    for is_right, name in ((False, "wrong"), (True, "right")):
        of_name = [one for one in judged if one.case.is_right == is_right]
        accepted = sum(one.is_accepted for one in of_name)
        print(f"{name}: {accepted} of {len(of_name)} accepted")


def _line(one: Judged) -> str:
    said = "accepted" if one.is_accepted else "refused"
    planted = "right" if one.case.is_right else "wrong"
    return f"{planted}, {said}: {one.case.view}, {one.case.kind}: {one.case.new} | {one.reason}"


if __name__ == "__main__":
    main()
