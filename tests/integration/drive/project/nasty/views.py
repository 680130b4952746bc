import asyncio
import functools
import time

from archive.models import Entry
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import connection, transaction
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST
from django.views.generic import DetailView
from people.models import Member
from shop.models import Comment, Event, Order, Org, Product, Ticket


def traced(view):
    @functools.wraps(view)
    def inner(request, *args, **kwargs):
        return view(request, *args, **kwargs)

    return inner


def home(request):
    print("views print too")
    links = "".join(f'<a href="{p.get_absolute_url()}">{p}</a>' for p in Product.objects.all()[:5])
    away = '<a href="https://example.com/">away</a><a href="/logout/">out</a>'
    return HttpResponse(f'<html>{links}{away}<a href="mine/?tab=1#x">mine</a></html>')


@traced
def org(request, org):
    found = get_object_or_404(Org, slug=org)
    return JsonResponse({"events": [e.title for e in found.events.all()]})


@traced
def event(request, org, event):
    found = get_object_or_404(Event, org__slug=org, slug=event)
    return JsonResponse({"tickets": [t.pk for t in found.tickets.all()]})


def ticket(request, org, event, ticket):
    owner = get_object_or_404(Org, slug=org)
    happening = get_object_or_404(owner.events, slug=event)
    found = get_object_or_404(happening.tickets, pk=ticket)
    return JsonResponse({"ticket": found.pk})


def legacy(request, year, month):
    found = Order.objects.filter(placed__year=year, placed__month=month)
    return JsonResponse({"orders": found.count()})


def unnamed(request, number):
    return JsonResponse({"order": get_object_or_404(Order, pk=number).pk})


def listing(request, mode):
    return JsonResponse({"mode": mode, "n": [p.pk for p in Product.objects.all()[:10]]})


def maybe(request, page=1):
    return JsonResponse({"page": page})


def by_hex(request, pk):
    return JsonResponse({"order": get_object_or_404(Order, pk=pk).pk})


def by_org(request, org):
    return JsonResponse({"org": org.slug})


class MemberView(DetailView):
    model = Member
    slug_field = "token"
    slug_url_kwarg = "token"

    def render_to_response(self, context, **kwargs):
        return JsonResponse({"email": context["object"].email})


def profile(request, username):
    member = get_object_or_404(Member, email=username)
    return JsonResponse({"comments": [c.pk for c in member.comments.all()]})


def card(request, **kwargs):
    return _card(kwargs)


def _card(lookups):
    return HttpResponse(get_object_or_404(Member, **lookups).email)


@login_required(login_url="/admin/login/")
def mine(request):
    return JsonResponse({"orders": [o.pk for o in Order.objects.filter(customer=request.user)]})


@login_required(login_url="/admin/login/")
def resign(request):
    Member.objects.filter(pk=request.user.pk).update(is_staff=False, is_superuser=False)
    return redirect("/")


def token(request):
    return JsonResponse({"token": request.headers.get("Authorization")})


@transaction.non_atomic_requests
async def asynchronous(request):
    await asyncio.sleep(0)
    return JsonResponse({"n": [p.pk async for p in Product.objects.all()[:3]]})


def streaming(request):
    return StreamingHttpResponse(f"{p.pk}\n" for p in Product.objects.iterator())


@transaction.non_atomic_requests
async def async_streaming(request):
    async def lines():
        async for product in Product.objects.all()[:5]:
            yield f"{product.pk}\n"

    return StreamingHttpResponse(lines())


def slow(request):
    if "really" in request.GET:
        time.sleep(30)
    if "deaf" in request.GET:
        Deaf()  # and gone at once
        time.sleep(30)
    return HttpResponse("not slow")


class Deaf:
    """What is raised in its end is printed and forgotten."""

    def __del__(self):
        time.sleep(1)


def broken(request):
    raise RuntimeError("broken on purpose")


def broken_transaction(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")
    return HttpResponse("never")


@require_POST
def post_only(request):
    with transaction.atomic():
        return HttpResponse("posted")


class ProductDetail(DetailView):
    queryset = Product.objects.filter(published=True)

    def render_to_response(self, context, **kwargs):
        product = context["object"]
        tags = [tag.name for tag in product.tags.all()]
        return JsonResponse({"tags": tags, "more": ["/async/", "http://testserver/stream/"]})


def archived(request, pk):
    return JsonResponse({"entry": get_object_or_404(Entry, pk=pk).title})


def log_out(request):
    logout(request)
    return redirect("/")


def unknowable(request, riddle):
    return HttpResponse(riddle)


def page(request, pk):
    return JsonResponse({"comment": get_object_or_404(Comment, pk=pk).text})


def talks(request):
    return JsonResponse({"tickets": Ticket.objects.count()})
