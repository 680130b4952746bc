"""What installers are told, for which Python."""

from __future__ import annotations

import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

from nuages.project.interpreter import Interpreter, probe
from nuages.stack import sidepackages
from nuages.stack.sidepackages import (
    SidePackagesUnavailable,
    driver,
    ensure,
    pip_options,
    platforms,
)

PYTHON = Interpreter(
    command=("python",), version=(3, 12, 1), django="5.2", soabi="cpython-312-x86_64-linux-gnu",
    platform="linux-x86_64", libc=("glibc", "2.28"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "nuages" / "side"


def test_a_python_with_a_driver_gets_nothing() -> None:
    assert driver(replace(PYTHON, drivers=("psycopg2",)), Path("/nowhere")) is None


def test_wheels_are_chosen_for_the_projects_python_and_system() -> None:
    options = " ".join(pip_options(PYTHON))
    assert "--python-version 3.12 --only-binary :all:" in options
    assert "--abi cp312 --abi abi3 --abi none --implementation cp" in options
    assert platforms(PYTHON)[:2] == ["manylinux_2_28_x86_64", "manylinux_2_27_x86_64"]
    assert "manylinux2014_x86_64" in platforms(PYTHON)


@pytest.mark.parametrize(
    ("system", "soabi", "first"),
    [
        ("linux-aarch64", "cpython-312-aarch64-linux-gnu", "manylinux_2_28_aarch64"),
        ("linux-x86_64", "cpython-312-x86_64-linux-musl", "musllinux_1_2_x86_64"),
    ],
)
def test_other_systems_have_other_wheels(system: str, soabi: str, first: str) -> None:
    assert platforms(replace(PYTHON, platform=system, soabi=soabi))[0] == first


def test_a_mac_is_pips_own_business() -> None:
    assert platforms(replace(PYTHON, platform="macosx-14.0-arm64")) == []


def test_what_is_in_the_cache_is_used_again(cache: Path, tmp_path: Path) -> None:
    folder = sidepackages.cache_folder(tmp_path) / sidepackages._key(PYTHON, ["x"])
    folder.mkdir()
    (folder / sidepackages.DONE).touch()
    assert ensure(PYTHON, ["x"], tmp_path) == folder
    assert folder.is_relative_to(cache)


def test_pythons_and_lists_of_packages_have_folders_of_their_own() -> None:
    other = replace(PYTHON, soabi="cpython-313-x86_64-linux-gnu")
    keys = {sidepackages._key(*each) for each in ((PYTHON, ["x"]), (PYTHON, ["y"]), (other, ["x"]))}
    assert len(keys) == 3


def test_packages_that_cannot_be_had_are_told_and_leave_nothing(
    cache: Path, tmp_path: Path
) -> None:
    refusing = tmp_path / "pip"
    refusing.write_text("#!/bin/sh\necho 'no matching distribution' >&2; exit 1\n")
    refusing.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sidepackages, "installers", lambda _: [(str(refusing),)])
        with pytest.raises(SidePackagesUnavailable, match="which lacks it") as error:
            ensure(PYTHON, ["x"], tmp_path)
    assert error.value.detail == "no matching distribution"
    assert not [path for path in cache.iterdir() if path.is_dir()]


def test_a_cache_that_cannot_be_written_is_in_the_scratch_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert sidepackages.cache_folder(tmp_path) == tmp_path / "side"


def test_a_cache_that_others_may_write_is_not_used(cache: Path, tmp_path: Path) -> None:
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    assert sidepackages.cache_folder(tmp_path) == tmp_path / "side"


def test_the_tools_own_driver_serves_the_same_abi(tmp_path: Path) -> None:
    python = probe([sys.executable], Path("/"))
    assert python.soabi == sysconfig.get_config_var("SOABI")
    folder = driver(replace(python, drivers=()), tmp_path)
    assert folder
    assert (folder / "psycopg" / "__init__.py").is_file()
