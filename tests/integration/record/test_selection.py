"""Of a whole project's tests only those that were asked for run, whatever runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.acceptance.commands import ENVIRONMENT
from tests.acceptance.projects import TESTS, write_shop

from nuages import store
from nuages.agent.attach import AttachConfig
from nuages.attach import prepare
from nuages.traffic.recorded import outcomes

OTHERS = """

class OthersTest(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        print("the others are set up", flush=True)

    def test_one(self):
        for part in range(3):
            with self.subTest(part=part):
                self.assertTrue(part < 3)


class AsyncTest(TestCase):
    async def test_asked_asynchronously(self):
        answer = await self.async_client.get("/joined/", headers={"host": "shop.example"})
        self.assertEqual(answer.status_code, 200)
"""
SIZES = """
import pytest


@pytest.mark.parametrize("size", ["a[b]", "x::y", ""])
def test_size(size):
    pass
"""
MANAGE = ("manage.py", "test", "-v", "0")
PYTEST = ("-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "--ds", "shop.settings",
          "shop/tests.py", "shop/sizes.py")  # fmt: skip
BY_UNITTEST = [
    "shop.tests.AsyncTest.test_asked_asynchronously",
    "shop.tests.ItemsTest.test_items_name_their_makers",
]
BY_PYTEST = ["shop/sizes.py::test_size[x::y]", "shop/sizes.py::test_size[]",
             "shop/tests.py::AsyncTest::test_asked_asynchronously"]  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    return write_shop(folder, {"shop/tests.py": TESTS + OTHERS, "shop/sizes.py": SIZES})


def run(shop: Path, scratch: Path, command: tuple[str, ...], select: list[str]):
    """→ outcomes of the tests that ran, and what was printed."""
    spool = scratch / "spool"
    config = AttachConfig(roots={".": str(shop)}, mode="deep", spool=str(spool), select=select)
    done = subprocess.run(
        [sys.executable, *command],
        cwd=shop,
        env={**ENVIRONMENT, **prepare(scratch, config, ENVIRONMENT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return outcomes(store.fold(spool)), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("command", "select"),
    [
        (MANAGE, BY_UNITTEST),
        ((*MANAGE, "--parallel", "2"), BY_UNITTEST),
        (PYTEST, BY_PYTEST),
        ((*PYTEST, "-n", "2"), BY_PYTEST),
    ],
    ids=["manage.py test", "in parallel", "pytest", "xdist"],
)
def test_the_others_are_neither_run_nor_set_up(shop, tmp_path, command, select):
    seen, printed = run(shop, tmp_path, command, select)
    assert seen == dict.fromkeys(select, True)
    assert "the others are set up" not in printed


@pytest.mark.parametrize("command", [MANAGE, PYTEST], ids=["manage.py test", "pytest"])
def test_all_are_run_when_one_has_another_name_by_now(shop, tmp_path, command):
    seen, printed = run(shop, tmp_path, command, ["shop.tests.ItemsTest.test_renamed"])
    assert len(seen) in (4, 7)
    assert "the others are set up" in printed
