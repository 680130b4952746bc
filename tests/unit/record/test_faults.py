"""Tracebacks of interrupts that arrive within the recorder."""

from __future__ import annotations

import dis
import traceback
from types import TracebackType

import pytest

from nuages.record import faults, spans


def a_frame_of_the_recorder():
    running = spans._instructions_back_from(b"", 0)
    [at] = [i.offset for i in dis.get_instructions(running.gi_code)
            if i.offset and i.positions.lineno is None][:1]  # fmt: skip
    return running, running.gi_frame, at


def test_each_of_our_frames_has_a_line_that_pytest_can_show():
    running, frame, at = a_frame_of_the_recorder()
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt as error:
        trace = error.__traceback__
    trace.tb_next = TracebackType(None, frame, at, -1)
    assert trace.tb_next.tb_lineno is None  # as CPython leaves it
    faults.give_lines(trace)
    assert trace.tb_next.tb_lineno == frame.f_code.co_firstlineno
    assert trace.tb_next.tb_frame is frame
    running.close()


def test_other_frames_stay_as_they_are():
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile("\n\n1 / 0", "project.py", "exec"))
    before = traceback.format_tb(caught.value.__traceback__)
    faults.give_lines(caught.value.__traceback__)
    assert traceback.format_tb(caught.value.__traceback__) == before
    faults.give_lines(None)
