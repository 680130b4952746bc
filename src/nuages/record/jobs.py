"""Management commands and background tasks as scopes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import executions, faults, landmarks, snapshots
from nuages.record.execution import Execution
from nuages.record.patches import Patches


def hook_commands(module: ModuleType, patches: Patches) -> None:
    """Patch django.core.management.base."""
    wrapper = _executing(module.BaseCommand.execute)
    landmarks.add(wrapper, landmarks.STOP)
    patches.replace(module.BaseCommand, "execute", wrapper)


def _executing(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def execute(self: Any, *args: Any, **options: Any) -> Any:
        name = type(self).__module__.rpartition(".")[2]
        execution = executions.begin("command", f"manage.py {name}")
        status = "0"
        try:
            with executions.enter(execution):
                return original(self, *args, **options)
        except BaseException as error:
            status = _exit_code(error)
            raise
        finally:
            executions.end(execution, status)
            if executions.active() is None:
                snapshots.flush(is_last=False)

    return execute


def _exit_code(error: BaseException) -> str:
    try:
        code = getattr(error, "returncode", getattr(error, "code", 1))
        return str(code) if isinstance(code, int) else "0" if code is None else "1"
    except Exception:  # the attribute may be a property of the project's own
        faults.note()
        return "1"


def mark_entry(module: ModuleType) -> None:
    """Make known the frames of django.core.management: manage.py is not to blame."""
    landmarks.add(module.execute_from_command_line, landmarks.STOP)


def mark_setup(module: ModuleType) -> None:
    """Make known django.setup(): who called it is not to blame."""
    landmarks.add(module.setup, landmarks.STOP)


class _Tasks:
    """Executions of tasks between the two signals that surround each."""

    def __init__(self) -> None:
        self._running: dict[Any, tuple[Execution | None, Any]] = {}

    def start(self, key: Any, name: str) -> None:
        try:
            entered = executions.enter(execution := executions.begin("task", name))
            entered.__enter__()
            self._running[key] = execution, entered
        except Exception:
            faults.note()

    def finish(self, key: Any, status: str) -> None:
        try:
            if key not in self._running:
                return
            execution, entered = self._running.pop(key)
            try:
                entered.__exit__()
            except ValueError:  # finished in another context: that one's is left alone
                faults.note()
            executions.end(execution, status)
        except Exception:
            faults.note()


def listen_to_celery(module: ModuleType) -> Callable[[], None]:
    """Connect to celery.signals; → disconnect."""
    tasks = _Tasks()

    def started(task_id: str = "", task: Any = None, **_: Any) -> None:
        tasks.start(task_id, getattr(task, "name", "") or "task")

    def finished(task_id: str = "", state: Any = None, **_: Any) -> None:
        tasks.finish(task_id, str(state or "done").lower())

    def leaving(**_: Any) -> None:  # a worker's child runs no atexit
        snapshots.flush()

    return _connected(
        (module.task_prerun, started),
        (module.task_postrun, finished),
        (module.worker_process_shutdown, leaving),
    )


def listen_to_django(module: ModuleType) -> Callable[[], None]:
    """Connect to django.tasks.signals, of Django 6, or their backport's; → disconnect."""
    tasks = _Tasks()

    def started(task_result: Any = None, **_: Any) -> None:
        tasks.start(task_result.id, task_result.task.module_path)

    def finished(task_result: Any = None, **_: Any) -> None:
        tasks.finish(task_result.id, str(task_result.status).lower())

    return _connected((module.task_started, started), (module.task_finished, finished))


def listen_to_django_q(module: ModuleType) -> Callable[[], None]:
    """Connect to django_q.signals; → disconnect."""
    tasks = _Tasks()

    def started(task: Any = None, **_: Any) -> None:
        function = task["func"]
        name = getattr(function, "__qualname__", None)
        tasks.start(task["id"], f"{function.__module__}.{name}" if name else str(function))

    def finished(task: Any = None, **_: Any) -> None:
        tasks.finish(task["id"], "success" if task.get("success") else "failure")

    return _connected((module.pre_execute, started), (module.post_execute_in_worker, finished))


def _connected(*pairs: tuple[Any, Callable[..., None]]) -> Callable[[], None]:
    for signal, receiver in pairs:
        signal.connect(receiver, weak=False)

    def disconnect() -> None:
        for signal, receiver in pairs:
            signal.disconnect(receiver)

    return disconnect
