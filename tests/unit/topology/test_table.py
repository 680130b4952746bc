from __future__ import annotations

import pytest

from nuages.config_kinds import MismatchError
from nuages.topology import table


def test_a_whole_table_is_read():
    told = table.topology(
        {
            "port": 9000,
            "cache": "redis://cache.internal:6379",
            "pools": {"api": 5},
            "services": {
                "api": {"routes": ["/api/", "shop:cart"], "replicas": 3, "memory_mb": 512},
                "mail": {"kind": "worker", "command": "celery -A shop worker"},
            },
        }
    )
    assert told["services"]["api"]["routes"] == ("/api/", "shop:cart")
    assert told["services"]["mail"]["command"] == ("celery", "-A", "shop", "worker")
    assert told["pools"] == {"api": 5}


@pytest.mark.parametrize(
    ("value", "below"),
    [
        ({"port": 0}, ".port"),
        ({"port": True}, ".port"),
        ({"cache": "file"}, ".cache"),
        ({"services": {"web": {"replicas": -1}}}, ".services.web.replicas"),
        ({"services": {"web": {"routes": ["no prefix!"]}}}, ".services.web.routes"),
        ({"services": {"postgres": {}}}, ".services.postgres"),
        ({"services": {"Web": {}}}, ".services.Web"),
        ({"services": {"web": {"thread": 4}}}, ".services.web.thread"),
        ({"databases": {"default": "not a url"}}, ".databases.default"),
        ({"replicas": 4}, ".replicas"),
    ],
)
def test_a_mistake_is_named_by_its_key(value, below):
    with pytest.raises(MismatchError) as caught:
        table.topology(value)
    assert caught.value.below == below


def test_a_mistyped_key_is_guessed():
    with pytest.raises(MismatchError, match="did you mean read_replicas"):
        table.topology({"read_replica": 1})
