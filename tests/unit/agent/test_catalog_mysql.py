"""Tables as they are made of what MySQL's information_schema says."""

from __future__ import annotations

from nuages.agent.catalog_mysql import tables

LISTED = (("post", 5000, 65536, 9001), ("tag", 0, 0, None))
COLUMNS = (("post", "id", "int(10) unsigned"), ("post", "author_id", "bigint(20)"))
INDEXES = (
    ("post", "PRIMARY", 0, "BTREE", "id", None, "A"),
    ("post", "post_author", 1, "BTREE", "author_id", None, "A"),
    ("post", "post_author", 1, "BTREE", "created", None, "D"),
    ("post", "post_slug", 0, "BTREE", "slug", 20, "A"),
    ("post", "post_lower", 1, "BTREE", None, None, "A"),
    ("post", "post_text", 1, "FULLTEXT", "body", None, None),
)


def made(**told):
    return tables(
        LISTED, COLUMNS, INDEXES, (("post", "author_id", "author"),),
        **{"sizes": (("post", "PRIMARY", 16384),), "scans": (), **told},
    )  # fmt: skip


def index(name: str, **told):
    return next(index for index in made(**told)["post"].indexes if index.name == name)


def test_a_table_and_its_key():
    post = made()["post"]
    assert (post.rows, post.bytes, post.key, post.key_max) == (5000, 65536, "id", 9000)
    assert post.columns["id"] == "int(10) unsigned"
    assert post.references == {"author_id": "author"}
    assert (made()["tag"].indexes, made()["tag"].key_max) == ((), None)


def test_keys_in_their_order_with_direction_and_length():
    assert index("post_author").columns == ("author_id", "created DESC")
    assert index("post_slug").columns == ("slug(20)",)
    assert index("post_lower").columns == ("(expression)",)
    assert index("post_text").method == "fulltext"


def test_what_is_unique():
    assert (index("PRIMARY").is_primary, index("PRIMARY").bytes) == (True, 16384)
    assert index("post_slug").is_constraint
    assert not index("post_author").is_unique


def test_scans_where_they_are_counted():
    assert index("post_author").scans is None
    counted = (("post", "PRIMARY", 7), ("post", "post_author", 0))
    assert index("post_author", scans=counted).scans == 0
    assert index("PRIMARY", scans=counted).scans == 7
