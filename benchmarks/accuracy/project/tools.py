"""What each peer says while a place is visited, through its own interface."""

import logging
import re
import warnings
from contextlib import contextmanager, nullcontext

PLACE = re.compile(r"(?:at|at:) (\S+?):(\d+) in ")


def report(said, file="", line=0):
    return {"said": said, "file": file, "line": line}


def of_text(text):
    found = PLACE.search(text)
    return report(text, found.group(1), int(found.group(2))) if found else report(text)


@contextmanager
def zeal(reports, *, in_request):
    from zeal import zeal_context

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with nullcontext() if in_request else zeal_context():
            yield
    texts = {str(warning.message): warning for warning in heard}
    for text, warning in texts.items():
        if text.startswith("N+1"):
            reports.append(report(text, warning.filename, warning.lineno))


@contextmanager
def nplusone(reports, *, in_request):
    class Collecting(logging.Handler):
        def emit(self, record):
            reports.append(of_text(record.getMessage()))

    logger, handler = logging.getLogger("nplusone"), Collecting()
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield  # outside of requests it has to be told what to watch
    finally:
        logger.removeHandler(handler)


@contextmanager
def query_doctor(reports, *, in_request):
    from query_doctor import middleware
    from query_doctor.context_managers import diagnose_queries
    from query_doctor.types import Severity

    def take(diagnosis):
        for found in diagnosis.prescriptions:
            if found.severity is not Severity.INFO:
                site = found.callsite
                text = f"{found.issue_type.value}: {found.description} {found.fix_suggestion}"
                reports.append(report(text, *(site.filepath, site.line_number) if site else ()))

    class Collector:
        def report(self, diagnosis):
            take(diagnosis)

    middleware.LogReporter = Collector
    if in_request:
        yield
    else:
        with diagnose_queries() as diagnosis:
            yield
        take(diagnosis)
