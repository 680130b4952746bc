"""Deep: which relation of which queryset's instances a query came from."""

from __future__ import annotations

import pytest

# Function of shelf/cases.py → chain of the query it repeats, kind of the relation, shape.
LOOPS = {
    "fk": ("shelf.Book -author-> shelf.Author", "fk", "all"),
    "fk_below_a_join": (
        "shelf.Book -author=> shelf.Author -agent-> shelf.Author", "fk", "all"),
    "fk_below_two_joins": (
        "shelf.Review -book=> shelf.Book -author=> shelf.Author -agent-> shelf.Author",
        "fk", "all"),
    "fk_below_a_prefetch": (
        "shelf.Author -books~> shelf.Book -blurbed-> shelf.Blurb", "reverse_o2o", "all"),
    "fk_below_a_prefetch_of_its_own": (
        "shelf.Author -books~> shelf.Book -blurbed-> shelf.Blurb", "reverse_o2o", "all"),
    "fk_below_a_prefetch_to_attr": (
        "shelf.Author -books~> shelf.Book -blurbed-> shelf.Blurb", "reverse_o2o", "all"),
    "prefetch_of_a_single_relation": (
        "shelf.Book -author~> shelf.Author -agent-> shelf.Author", "fk", "all"),
    "joined_in_a_prefetch": (
        "shelf.Author -books~> shelf.Book -author=> shelf.Author -agent-> shelf.Author",
        "fk", "all"),
    "reverse_fk": ("shelf.Author -books-> shelf.Book", "reverse_fk", "all"),
    "reverse_fk_unnamed": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "all"),
    "reverse_fk_directly": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "all"),
    "reverse_fk_filtered": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "filtered"),
    "reverse_fk_filtered_though_prefetched": (
        "shelf.Book -review_set-> shelf.Review", "reverse_fk", "filtered"),
    "reverse_fk_ordered": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "ordered"),
    "reverse_fk_of_ordered_model": ("shelf.Book -chapters-> shelf.Chapter", "reverse_fk", "all"),
    "reverse_fk_sliced": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "sliced"),
    "reverse_fk_first": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "sliced"),
    "reverse_fk_counted": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "count"),
    "reverse_fk_exists": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "exists"),
    "reverse_fk_got": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "get"),
    "reverse_fk_latest": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "get"),
    "reverse_fk_values": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "values"),
    "reverse_fk_aggregated": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "aggregate"),
    "reverse_fk_annotated": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "other"),
    "reverse_fk_joined": ("shelf.Book -review_set-> shelf.Review", "reverse_fk", "other"),
    "reverse_fk_of_custom_manager": ("shelf.Author -books-> shelf.Book", "reverse_fk", "all"),
    "reverse_o2o": ("shelf.Book -blurbed-> shelf.Blurb", "reverse_o2o", "all"),
    "forward_o2o": ("shelf.Blurb -book-> shelf.Book", "o2o", "all"),
    "m2m": ("shelf.Book -tags-> shelf.Tag", "m2m", "all"),
    "m2m_filtered": ("shelf.Book -tags-> shelf.Tag", "m2m", "filtered"),
    "m2m_hidden_backwards": ("shelf.Shop -sells-> shelf.Book", "m2m", "all"),
    "inherited_fk": ("shelf.Shop -owner-> shelf.Author", "fk", "all"),
    "parent_link": ("shelf.Shop -place_ptr-> shelf.Place", "o2o", "all"),
    "child_of_parent": ("shelf.Place -shop-> shelf.Shop", "reverse_o2o", "all"),
    "gfk_prefetched": (
        "shelf.Mark -target~> shelf.Book -author-> shelf.Author", "fk", "all"),
    "generic_relation": ("shelf.Book -marks-> shelf.Mark", "generic_relation", "all"),
    "generic_relation_filtered": (
        "shelf.Book -marks-> shelf.Mark", "generic_relation", "filtered"),
    "deferred": ("shelf.Book -summary-> shelf.Book", "deferred", "all"),
    "raw": ("shelf.Book -author-> shelf.Author", "fk", "all"),
    "iterated": ("shelf.Book -author-> shelf.Author", "fk", "all"),
    "bulk": ("shelf.Book -author-> shelf.Author", "fk", "all"),
    "united": ("shelf.Book -author-> shelf.Author", "fk", "all"),
    "combined": ("shelf.Book -author-> shelf.Author", "fk", "all"),
    "filtered_relation": ("shelf.Book -one=> shelf.Author -agent-> shelf.Author", "fk", "all"),
    "o2o_joined_backwards": ("shelf.Book -author-> shelf.Author", "fk", "all"),
    "managed": ("shelf.Book -author-> shelf.Author", "fk", "all"),
    "managed_without_super": ("shelf.Book -author-> shelf.Author", "fk", "all"),
    "pickled": ("? -author-> shelf.Author", "fk", "all"),
    "copied_deeply": ("shelf.Book -author-> shelf.Author", "fk", "all"),
    "template": ("shelf.Book -author-> shelf.Author", "fk", "all"),
}  # fmt: skip


@pytest.mark.parametrize("case", LOOPS)
def test_a_repeated_query_is_traced_to_the_queryset_its_instances_came_from(cases, case):
    chain, kind, shape = LOOPS[case]
    group = cases.loop(case)
    assert cases.chain(group.load) == chain
    assert group.load.relation.kind == kind
    assert group.shape == shape
    assert group.per_execution_max == group.calls == 5
    # The authors have one agent: the same row is asked for again and again.
    assert group.distinct_max == (1 if chain.endswith("-agent-> shelf.Author") else 5)


@pytest.mark.parametrize(
    ("case", "created_at"),
    [
        ("fk", "Book.objects.all()"),
        ("fk_below_a_join", 'Book.objects.select_related("author")'),
        ("iterated", "Book.objects.iterator()"),
        ("raw", 'Book.objects.raw("SELECT * FROM shelf_book")'),
        ("bulk", "Book.objects.in_bulk([1, 2, 3, 4, 5])"),
        ("united", "Book.objects.filter(pk=1)"),
        ("managed", "Book.objects.published()"),
        ("managed_without_super", "Book.visible.all()"),
        ("copied_deeply", "Book.objects.filter(is_hidden=False)"),
        ("nested", "Book.objects.all()"),
        ("anonymous", "Book.objects.all()"),
    ],
)
def test_the_root_of_a_chain_is_the_expression_that_created_the_queryset(cases, case, created_at):
    load = cases.loop(case).load
    while load.parent is not None:
        load = load.parent
    assert cases.text(load.created_at) == created_at


def test_both_steps_of_a_lazy_chain_are_seen(cases):
    chains = {cases.chain(group.load) for group in cases.groups("fk_of_fk") if group.loops}
    assert chains == {
        "shelf.Book -author-> shelf.Author",
        "shelf.Book -author-> shelf.Author -agent-> shelf.Author",
    }


@pytest.mark.parametrize(
    ("case", "model"), [("polymorphic_fk", "shelf.Place"), ("polymorphic_m2m", "shelf.Shop")]
)
def test_a_relation_is_the_querysets_own_unless_only_its_subclass_has_it(cases, case, model):
    load = cases.loop(case).load
    assert load.relation.model == model
    assert load.parent.model == "shelf.Place"


def test_generic_foreign_keys_are_followed_to_each_model(cases):
    chains = {cases.chain(group.load) for group in cases.groups("gfk") if group.loops}
    assert chains == {"shelf.Mark -target-> shelf.Book", "shelf.Mark -target-> shelf.Author"}


def test_a_deferred_foreign_key_costs_two_queries_of_different_kinds(cases):
    kinds = {g.load.relation.kind for g in cases.groups("deferred_fk") if g.loops}
    assert kinds == {"deferred", "fk"}


@pytest.mark.parametrize(("case", "shape"), [("m2m_counted", "count"), ("m2m_exists", "exists")])
def test_counting_through_the_link_table_is_still_the_relation(cases, case, shape):
    group = cases.loop(case)
    assert group.load.relation.field == "tags"
    assert group.load.relation.kind == "m2m"
    assert group.shape == shape


def test_instances_fetched_through_a_related_manager_hang_on_their_parents(cases):
    [author] = [g for g in cases.groups("known_by_its_parent") if "author" in g.statement.sql][:1]
    chains = {cases.chain(group.load) for group in cases.groups("known_by_its_parent")}
    assert author is not None
    assert "shelf.Author -books-> shelf.Book" in chains


def test_a_tree_is_one_loop_however_deep_it_is(cases):
    group = next(g for g in cases.groups("tree") if g.loops and g.shape == "all")
    assert group.calls == 10
    assert cases.chain(group.load).count("-agent->") == 2


def test_the_query_of_a_prefetch_knows_the_relation_and_no_creator_of_its_own(cases):
    group = cases.about("prefetch_of_a_single_relation", "shelf.Book")
    assert group.load.how == "query"
    prefetch = [
        g
        for g in cases.groups("prefetch_of_a_single_relation")
        if g.load and g.load.how == "prefetched"
    ]
    assert [cases.chain(g.load) for g in prefetch] == ["shelf.Book -author~> shelf.Author"]
    assert prefetch[0].created_at is None


def test_a_prefetch_with_a_queryset_of_its_own_was_created_where_that_was(cases):
    group = next(
        g
        for g in cases.groups("fk_below_a_prefetch_of_its_own")
        if g.load and g.load.how == "prefetched"
    )
    assert cases.text(group.created_at) == 'Book.objects.exclude(title="")'


def test_a_clock_among_the_parameters_makes_no_other_question(cases):
    assert cases.loop("now_and_again").distinct_max == 1


def test_one_row_with_other_values_is_the_same_row(cases):
    updates = {
        name: next(g for g in cases.groups(name) if g.statement.verb == "UPDATE")
        for name in ("saved_again", "saved_each")
    }
    again, each = updates["saved_again"], updates["saved_each"]
    assert (again.per_execution_max, again.distinct_max) == (3, 1)
    assert each.per_execution_max == each.distinct_max > 1


def test_what_goes_on_from_a_prefetched_relation_was_created_where_it_does(cases):
    group = cases.loop("reverse_fk_filtered_though_prefetched")
    assert cases.text(group.load.created_at) == "book.review_set.filter(stars=3)"
    assert group.load.created_at == group.created_at


def test_the_load_of_a_query_is_the_load_its_instances_carry(cases):
    lazy = cases.loop("fk").load
    assert cases.about("fk", "shelf.Book").load == lazy.parent


def test_an_instance_made_by_hand_has_no_parent(cases):
    [group] = cases.groups("made_here")
    assert cases.chain(group.load) == "? -author-> shelf.Author"


@pytest.mark.parametrize("case", ["saved", "created", "updated", "created_in_batches"])
def test_writes_load_nothing(cases, case):
    writes = [g for g in cases.groups(case) if g.shape == "write"]
    assert writes
    assert all(group.load is None for group in writes)


@pytest.mark.parametrize(
    ("case", "shape"),
    [
        ("got", "get"), ("got_or_404", "get"), ("filtered_in_a_loop", "sliced"),
        ("by_hand", "raw"), ("counted", "count"), ("values", "values"),
        ("values_of_a_related_field", "values"), ("length", "filtered"), ("refreshed", "get"),
        ("by_hand_many", "write"), ("pooled", "count"), ("nested_asynchronously", "get"),
    ],
)  # fmt: skip
def test_shapes_of_queries_without_a_relation(cases, case, shape):
    assert shape in {g.shape for g in cases.groups(case) if g.load is None or not g.load.relation}


def test_light_has_the_same_queries_and_origins_and_no_lineage(cases, light_cases):
    for case in ("fk", "reverse_fk", "by_hand", "tree"):
        assert light_cases.scope(case).queries == cases.scope(case).queries
    assert light_cases.text(light_cases.loop("fk").location) == "book.author"
    assert all(
        group.load is None or group.load.relation is None for group in light_cases.recording.groups
    )
    assert light_cases.recording.mode == "light"
