"""Which state at the top of modules is wrong with several processes, and which is right."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.recordings import FEED, HOME, TEST, called, with_calls
from tests.unit.rules.sources import code as project
from tests.unit.rules.sources import text_at

from nuages.cases import Case
from nuages.code import Code
from nuages.model import Finding, Recording
from nuages.rules import module_state


def found(code: Code | None = None, recording: Recording | None = None) -> list[Finding]:
    return list(module_state.find(Case(recording or Recording(), code=code or Code())))


def changed(name: str, operation: str = "grown", requests: int = 8, scope=FEED):
    return called("module-state", name, operation, executions=requests, scope=scope, location=None)


COUNTED = """
    from collections import Counter

    _views = Counter()

    def article(request, pk):
        _views[pk] += 1
        return render(request, "article.html")
"""


class TestFinds:
    def test_a_counter_that_a_view_counts_up(self, tmp_path):
        code = project(tmp_path, blog__views=COUNTED)
        [finding] = found(code)
        assert finding.message == (
            "_views is counted up by what a process serves, and by nothing else"
        )
        assert text_at(code, finding.location) == "_views = Counter()"
        assert "blog/views.py:7, in article" in finding.hint
        assert finding.concern == "hazard"
        assert finding.evidence.wall_ms == 0

    def test_what_requests_were_seen_to_change_is_one_finding_with_what_the_code_shows(
        self, tmp_path
    ):
        code = project(tmp_path, blog__views=COUNTED)
        [finding] = found(code, with_calls(changed("blog.views._views")))
        assert finding.message.endswith(": 8 requests changed it")
        assert finding.routes == (FEED.name,)
        assert finding.evidence.requests == 8
        assert finding.confidence > found(code)[0].confidence

    @pytest.mark.parametrize(
        ("definition", "statement"),
        [
            ("seen = []", "seen.append(request.user.pk)"),
            ("seen = set()", "seen.add(request.user.pk)"),
            ("seen: dict[str, int] = {}", "seen[request.path] = 1"),
            ("seen = {}", "seen[request.path] = seen.get(request.path, 0) + 1"),
            ("seen = {}", "seen.setdefault(request.path, []).append(1)"),
            ("seen = collections.defaultdict(list)", "seen[request.path].append(1)"),
            ("seen = collections.deque(maxlen=9)", "seen.appendleft(request.path)"),
            ("seen = {}", "del seen[request.path]"),
            ("seen = {}", "seen.update(last=request.path)"),
            ("seen = 0", "global seen; seen += 1"),
            ("seen = 0", "global seen; seen = seen + 1"),
            ("seen = None", "global seen; seen = request.path"),
        ],
    )
    def test_each_way_to_change_it(self, tmp_path, definition, statement):
        code = project(
            tmp_path,
            views=f"import collections\n{definition}\ndef home(request):\n    {statement}\n",
        )
        [finding] = found(code)
        assert finding.message.startswith("seen ")

    def test_what_another_module_does_on_behalf_of_a_view(self, tmp_path):
        code = project(
            tmp_path,
            search__popular="""
                terms = {}

                def remember(term):
                    terms[term] = terms.get(term, 0) + 1
            """,
            search__api="""
                from .popular import remember

                class SearchView(APIView):
                    def get(self, request):
                        self.note(request.GET["q"])

                    def note(self, term):
                        remember(term)
            """,
        )
        [finding] = found(code)
        assert text_at(code, finding.location) == "terms = {}"

    def test_a_name_that_only_functions_define(self, tmp_path):
        text = "def home(request):\n    global last\n    last = request.path\n"
        [finding] = found(project(tmp_path, views=text))
        assert finding.location.line == 3

    @pytest.mark.parametrize(
        "decorator", ["@shared_task", "@app.task(bind=True)", "@receiver(post_save)", "@api_view()"]
    )
    def test_in_tasks_and_receivers(self, tmp_path, decorator):
        code = project(
            tmp_path, jobs=f"done = []\n\n{decorator}\ndef work(one):\n    done.append(one)\n"
        )
        assert found(code)

    def test_rows_that_are_cached_as_long_as_the_process_lives(self, tmp_path):
        code = project(
            tmp_path,
            shop__rates="""
                from functools import lru_cache

                @lru_cache(maxsize=None)
                def rate(currency):
                    return Rate.objects.get(currency=currency).value
            """,
        )
        [finding] = found(code)
        assert finding.remedy.kind == "cache"
        assert "lru_cache" in finding.hint

    def test_rows_that_are_kept_in_a_dictionary_once_they_were_read(self, tmp_path):
        code = project(
            tmp_path,
            views="""
                _flags = {}

                def home(request):
                    if "new" not in _flags:
                        _flags["new"] = Flag.objects.get(name="new").on
                    return _flags["new"]
            """,
        )
        assert "other processes may have changed" in found(code)[0].message

    def test_what_requests_change_again_and_again_without_any_code_at_hand(self):
        [finding] = found(recording=with_calls(changed("shop.stock.reserved", "changed", 9)))
        assert finding.message == (
            "shop.stock.reserved is changed by what a process serves: 9 requests changed it"
        )
        assert finding.location is None
        assert finding.confidence <= 0.5

    def test_an_object_at_the_top_of_a_module(self, tmp_path):
        code = project(
            tmp_path, shop__stock="class Stock:\n    pass\n\nstock = Stock()\nstock.held = {}\n"
        )
        recording = with_calls(
            changed("shop.stock.stock.held"), changed("shop.stock.stock.held", scope=HOME)
        )
        [finding] = found(code, recording)
        assert text_at(code, finding.location) == "stock = Stock()"
        assert finding.routes == ("GET /", "GET /api/feed/")


SILENT = {
    "a registry that a decorator fills": """
        handlers = []

        def handles(function):
            handlers.append(function)
            return function
    """,
    "a cache of what is the same everywhere": """
        _patterns = {}

        def search(request):
            if request.path not in _patterns:
                _patterns[request.path] = re.compile(request.path)
            return _patterns[request.path]
    """,
    "a cache that is asked first": """
        _templates = {}

        def page(request):
            found = _templates.get(request.path)
            if found is None:
                _templates[request.path] = found = get_template(request.path)
            return found
    """,
    "a cache filled on a miss": """
        _parsed = {}

        def page(request):
            try:
                return _parsed[request.path]
            except KeyError:
                _parsed[request.path] = parse(request.path)
    """,
    "a client made when it is first needed": """
        _client = None

        def client(request):
            global _client
            if _client is None:
                _client = Client()
            return _client
    """,
    "a cache that others see to": """
        _apps = {}

        def _fill():
            for each in registry:
                _apps[each.name] = each

        def page(request):
            if not _apps:
                _fill()
    """,
    "a cache of what was asked without more": """
        _types = None

        def types(request, event=None):
            global _types
            if event is None and _types:
                return _types
            _types = collect(event)
    """,
    "two names, one of which is asked for": """
        _text = None
        _hash = None

        def load(request):
            global _text, _hash
            if _text is None:
                _text = read()
                _hash = md5(_text)
    """,
    "a constant that is read": """
        KINDS = {"a": 1}

        def page(request):
            return KINDS.get("a")
    """,
    "a local name of the same spelling": """
        rows = []

        def page(request):
            rows = []
            rows.append(1)
            return rows
    """,
    "an argument of the same spelling": """
        rows = []

        def page(request, rows):
            rows.append(1)
    """,
    "pure answers": """
        from functools import lru_cache

        @lru_cache
        def spelled(number):
            return f"{number:,}"
    """,
    "content types, which never change": """
        from functools import lru_cache

        @lru_cache
        def kind(name):
            return ContentType.objects.get(model=name)
    """,
    "what nobody serves": """
        totals = {}

        def add(one):
            totals[one] = 1
    """,
    "a thread's own": """
        import threading
        current = threading.local()

        def page(request):
            current.user = request.user
    """,
    "a logger": """
        import logging
        logger = logging.getLogger(__name__)

        def page(request):
            logger.info("seen")
    """,
}


class TestStaysSilent:
    @pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
    def test_on_code_that_is_right(self, tmp_path, text):
        assert not found(project(tmp_path, shop__views=text))

    @pytest.mark.parametrize(
        "name",
        ["shop__tests__test_views", "shop__test_views", "shop__migrations__0002_more",
         "config__settings__base", "shop__management__commands__fill", "conftest"],
    )  # fmt: skip
    def test_on_what_no_site_runs(self, tmp_path, name):
        assert not found(project(tmp_path, **{name: COUNTED}))

    def test_on_what_was_only_filled_by_the_first_requests(self):
        assert not found(recording=with_calls(changed("shop.tags.known", requests=2)))

    def test_on_what_few_of_the_requests_change(self):
        recording = with_calls(changed("shop.tags.known", requests=4))
        many = replace(recording.scopes[0], executions=400)
        assert not found(recording=replace(recording, scopes=(many,)))

    def test_on_a_cache_that_grows_with_what_is_asked(self, tmp_path):
        code = project(tmp_path, shop__views=SILENT["a cache of what is the same everywhere"])
        assert not found(code, with_calls(changed("shop.views._patterns")))

    def test_on_a_cache_of_an_object(self, tmp_path):
        text = """
            class Registry:
                def find(self, name):
                    if name not in self.known:
                        self.known[name] = import_string(name)
                    return self.known[name]

            registry = Registry()
        """
        code = project(tmp_path, shop__views=text)
        assert not found(code, with_calls(changed("shop.views.registry.known")))

    def test_on_pure_answers_that_requests_add(self, tmp_path):
        code = project(tmp_path, shop__views=SILENT["pure answers"])
        assert not found(code, with_calls(changed("shop.views.spelled", "lru_cache grown")))

    def test_on_what_tests_change(self):
        assert not found(recording=with_calls(changed("shop.views.seen", scope=TEST)))


class TestRefuses:
    def test_without_code_and_without_a_recording(self):
        assert not found()

    def test_a_file_that_cannot_be_parsed(self, tmp_path):
        assert not found(
            project(tmp_path, shop__views="seen = []\ndef home(request:\n    seen.append(1)\n")
        )
