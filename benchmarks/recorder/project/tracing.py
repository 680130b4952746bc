"""OpenTelemetry as its documentation instruments Django and a driver, no trace sampled."""

from django.db import connection
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF


def instrument():
    provider = TracerProvider(sampler=ALWAYS_OFF)
    DjangoInstrumentor().instrument(tracer_provider=provider)
    if connection.vendor == "postgresql":
        from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor as Driver
    else:
        from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor as Driver
    connection.close()
    Driver().instrument(tracer_provider=provider)
