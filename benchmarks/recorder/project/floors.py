"""The least that recording can cost: middleware around a wrapper of every query."""

import sys
from collections import defaultdict
from time import perf_counter_ns

from django.db import connection

STATEMENTS = defaultdict(lambda: [0, 0])  # statement, or with its call site → calls, ns


def time_and_sql(get_response):
    """Add up the time of each statement, as any metrics must."""

    def wrapper(execute, sql, params, many, context):
        start = perf_counter_ns()
        try:
            return execute(sql, params, many, context)
        finally:
            total = STATEMENTS[sql]
            total[0] += 1
            total[1] += perf_counter_ns() - start

    return _around(get_response, wrapper)


def call_site(get_response):
    """The same per call site: the innermost frame that is not in an installed package."""

    def wrapper(execute, sql, params, many, context):
        start = perf_counter_ns()
        try:
            return execute(sql, params, many, context)
        finally:
            wall_ns = perf_counter_ns() - start
            frame = sys._getframe(1)
            while "site-packages" in frame.f_code.co_filename and frame.f_back is not None:
                frame = frame.f_back
            total = STATEMENTS[sql, frame.f_code.co_filename, frame.f_lineno]
            total[0] += 1
            total[1] += wall_ns

    return _around(get_response, wrapper)


def _around(get_response, wrapper):
    def middleware(request):
        with connection.execute_wrapper(wrapper):
            return get_response(request)

    return middleware
