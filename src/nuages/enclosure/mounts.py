"""The project's view of the file system: all of it readable, only scratch space writable."""

from __future__ import annotations

import contextlib
import os
import stat
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from nuages.enclosure import linux
from nuages.enclosure.copies import copy_tree, write_edits
from nuages.enclosure.linux import MS_BIND, MS_MOVE, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_REC

TEMPORARY = ("/tmp", "/var/tmp")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
# What root could reach the kernel's own settings by; not namespaced.
KERNEL_FILES = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus")
MASKED_SOCKETS_MOST = 1000


class FileView(NamedTuple):
    """What the mount namespace is to show."""

    private: str  # a folder of this start alone, on disk, inside the scratch folder
    trees: Mapping[str, Mapping[str, str | bytes]]  # root → relative path → new content
    writable: tuple[str, ...]  # scratch and what else was allowed; folders or files
    sockets: tuple[str, ...]  # folders of sockets that stay reachable
    foreign_sockets: tuple[str, ...] = ()  # to be hidden


class FileSetup:
    """Builds a FileView in a mount namespace of its own.

    What is needed from under a folder that will be covered (/tmp) is held open first and mounted
    again afterwards. Parents come before children, so that scratch inside a tree stays visible.
    """

    def __init__(self, view: FileView) -> None:
        self._view = view
        self._private = view.private
        self._held: dict[str, int] = {}
        self.how: dict[str, str] = {}  # tree → "overlay" | "memory" | "copy"

    def build(self) -> None:
        _own_root(self._private)
        steps = self._steps()
        for path in (*steps, self._private):
            self._held[path] = os.open(path, os.O_PATH | os.O_CLOEXEC)
        _set_read_only("/", recursive=True)
        _bind(self._from(self._private), self._private, writable=True)
        self._held[self._private] = os.open(self._private, os.O_PATH | os.O_CLOEXEC)
        self._memory()
        for path in sorted(steps, key=lambda path: path.count("/")):
            steps[path](path)
        with contextlib.suppress(OSError):  # out of sight; the overlays hold on to it
            linux.unmount(os.path.join(self._private, "memory"))
        self._devices()
        _hide(self._view.foreign_sockets)
        _processes()
        for fd in self._held.values():
            os.close(fd)

    def _steps(self) -> dict[str, Callable[[str], None]]:
        """What happens at each path; a later kind wins over an earlier one."""
        covered = [path for path in TEMPORARY if os.path.isdir(path) and not os.path.islink(path)]
        steps: dict[str, Callable[[str], None]] = dict.fromkeys(covered, self._cover)
        steps |= dict.fromkeys(self._view.trees, self._tree)
        steps |= dict.fromkeys((p for p in self._view.sockets if os.path.exists(p)), self._show)
        steps |= dict.fromkeys((p for p in self._view.writable if os.path.exists(p)), self._open)
        return steps

    def _from(self, path: str) -> str:
        return f"/proc/self/fd/{self._held[path]}"

    def _memory(self) -> None:
        """A tmpfs for layers that need not, or cannot, be on the scratch folder's disk."""
        place = os.path.join(self._private, "memory")
        os.mkdir(place)
        linux.mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
        self._held["memory"] = os.open(place, os.O_PATH | os.O_CLOEXEC)

    def _show(self, path: str) -> None:
        _bind(self._from(path), path, writable=False)

    def _open(self, path: str) -> None:
        _bind(self._from(path), path, writable=True)

    def _cover(self, path: str) -> None:
        """A temporary folder that can be written and leaves nothing behind."""
        try:
            self._overlay(path, self._layer("memory", path))
        except OSError:
            linux.mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
            _show_entries(self._from(path), path)

    def _tree(self, path: str) -> None:
        """The work tree with its edits; what the project writes there is thrown away."""
        edits = self._view.trees[path]
        for name, how in ((self._private, "overlay"), ("memory", "memory")):
            with contextlib.suppress(OSError):
                layer = self._layer(name, path)
                write_edits(layer, edits, like=self._from(path))
                self._overlay(path, layer)
                self.how[path] = how
                return
        copy = os.path.join(self._private, f"copy-{len(self.how)}")
        copy_tree(self._from(path), copy)
        write_edits(copy, edits, like=copy)
        _bind(copy, path, writable=True)
        self.how[path] = "copy"

    def _layer(self, name: str, path: str) -> str:
        """An empty upper folder beside its work folder."""
        base = f"{self._from(name)}/layer-{zlib.crc32(os.fsencode(path)):08x}"
        os.makedirs(f"{base}/work")
        os.mkdir(f"{base}/upper")
        os.chmod(f"{base}/upper", stat.S_IMODE(os.stat(self._from(path)).st_mode))
        return f"{base}/upper"

    def _overlay(self, path: str, upper: str) -> None:
        """Mount an overlay. Paths go in as descriptors: no escaping of commas and colons."""
        layers = f"lowerdir={self._from(path)},upperdir={upper},workdir={upper[:-5]}work"
        try:  # without trusted.* attributes, as in a user namespace (Linux 5.11)
            linux.mount("overlay", path, "overlay", data=f"{layers},userxattr")
        except OSError:
            linux.mount("overlay", path, "overlay", data=layers)

    def _devices(self) -> None:
        """A /dev without disks, memory or consoles."""
        place = os.path.join(self._private, "dev")
        os.mkdir(place)
        linux.mount("tmpfs", place, "tmpfs", MS_NOSUID, "mode=755,size=1m")
        for name in filter(lambda name: os.path.exists(f"/dev/{name}"), DEVICES):
            _touch(f"{place}/{name}")
            linux.mount(f"/dev/{name}", f"{place}/{name}", flags=MS_BIND)
        for name, target in DEVICE_LINKS.items():
            os.symlink(target, f"{place}/{name}")
        for name, kind, data in (
            ("pts", "devpts", "newinstance,ptmxmode=0666,mode=620"),
            ("shm", "tmpfs", "mode=1777"),
        ):
            os.mkdir(f"{place}/{name}")
            linux.mount(kind, f"{place}/{name}", kind, MS_NOSUID | MS_NOEXEC, data)
        linux.mount(place, "/dev", flags=MS_MOVE)


def _own_root(inside: str) -> None:
    """Cut this namespace's mounts off from the machine's, also where somebody called chroot.

    There / is no mount: the namespace's real root has to be found, by the well-known way out of a
    chroot (`inside` is any folder below it), and / made a mount, to be marked read-only later.
    """
    with open("/proc/self/mountinfo") as mounts:
        if any(line.split()[4] == "/" for line in mounts):
            linux.mount("", "/", flags=linux.MS_PRIVATE | MS_REC)
            return
    root = os.open("/", os.O_PATH | os.O_CLOEXEC)
    os.chroot(inside)
    os.fchdir(root)
    while not os.path.samefile(".", ".."):
        os.chdir("..")
    os.chroot(".")
    linux.mount("", "/", flags=linux.MS_PRIVATE | MS_REC)
    os.fchdir(root)
    os.chroot(".")
    os.close(root)
    linux.mount("/", "/", flags=MS_BIND | MS_REC)
    os.chdir("/..")  # up onto the new mount
    os.chroot(".")


def _bind(source: str, target: str, *, writable: bool) -> None:
    linux.mount(source, target, flags=MS_BIND | MS_REC)
    if writable:
        _set_writable(target)


def _set_read_only(path: str, *, recursive: bool) -> None:
    try:
        linux.mount_setattr(path, set_=linux.MOUNT_ATTR_RDONLY, recursive=recursive)
    except OSError:
        for point in _mount_points() if recursive else [path]:
            _remount(point, read_only=True)


def _set_writable(path: str) -> None:
    """A mount below that the system locked read-only stays so."""
    for recursive in (True, False):
        with contextlib.suppress(OSError):
            linux.mount_setattr(path, clear=linux.MOUNT_ATTR_RDONLY, recursive=recursive)
            return
    _remount(path, read_only=False)


def _remount(path: str, *, read_only: bool) -> None:
    """As mount_setattr, before Linux 5.12: the other flags have to be repeated."""
    kept = os.statvfs(path).f_flag & (
        MS_NOSUID | MS_NODEV | MS_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME
    )
    relatime = (1 << 21) if os.statvfs(path).f_flag & os.ST_RELATIME else 0
    flags = linux.MS_REMOUNT | MS_BIND | kept | relatime
    linux.mount("", path, flags=flags | (linux.MS_RDONLY if read_only else 0))


def _mount_points() -> list[str]:
    with open("/proc/self/mountinfo") as mounts:
        quoted = [line.split()[4] for line in mounts]
    return [path.encode().decode("unicode_escape") for path in quoted]


def _show_entries(source: str, target: str) -> None:
    """Bind what a folder held into the tmpfs that covers it: for kernels without overlays."""
    for entry in os.scandir(source):
        place = os.path.join(target, entry.name)
        with contextlib.suppress(OSError):
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), place)
            elif entry.is_dir() or entry.is_file():
                os.mkdir(place) if entry.is_dir() else _touch(place)
                _bind(entry.path, place, writable=False)


def _touch(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))


def _hide(sockets: Iterable[str]) -> None:
    """Cover sockets of the world outside; the filter refuses those it can see, this the rest."""
    for path in list(sockets)[:MASKED_SOCKETS_MOST]:
        with contextlib.suppress(OSError):
            linux.mount("/dev/null", path, flags=MS_BIND)


def _processes() -> None:
    """A /proc of the new process namespace; the old one stays where the system insists."""
    with contextlib.suppress(OSError):
        linux.mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    if os.geteuid() == 0:
        for path in filter(os.path.exists, KERNEL_FILES):
            with contextlib.suppress(OSError):
                _bind(path, path, writable=False)
                _set_read_only(path, recursive=False)
