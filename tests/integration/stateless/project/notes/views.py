"""What depends on where a request is answered, and what does not."""

from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET

from notes.models import Note

_seen = []

FORM = '<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="%s">%s</form>'
LINKS = "".join(
    f'<p><a href="{path}">{path}</a></p>'
    for path in ("/note/new/", "/me/", "/cart/", "/seen/", "/draft/", "/hits/", "/photo/")
)


def page(request, body, field=""):
    form = FORM % (get_token(request), field) if field else ""
    return HttpResponse(f"<html><body><h1>Notes</h1>{LINKS}<div>{body}</div>{form}</body></html>")


@require_GET
def home(request):
    return page(request, f"<p>{Note.objects.count()}</p>")


def new(request):
    if request.method == "POST":
        return redirect(f"/note/{Note.objects.create(text=request.POST['text']).pk}/")
    return page(request, "<p>a new one</p>", '<input name="text" maxlength="9">')


@require_GET
def note(request, pk):
    return page(request, f"<p>{get_object_or_404(Note, pk=pk).text}</p>")


@require_GET
def me(request):
    return page(request, f"<p>{request.user.is_authenticated}</p>")


def cart(request):
    items = request.session.get("items", [])
    if request.method == "POST":
        request.session["items"] = items = [*items, request.POST["item"]]
    return page(request, f"<p>{', '.join(items)}</p>", '<input name="item">')


@require_GET
def seen(request):
    _seen.append(1)
    return JsonResponse({"seen": len(_seen)})


def draft(request):
    file = settings.BASE_DIR / "drafts.txt"
    if request.method == "POST":
        file.write_text(request.POST["draft"])
    text = file.read_text() if file.exists() else "nothing"
    return page(request, f"<p>{text}</p>", '<input name="draft">')


@require_GET
def hits(request):
    cache.add("hits", 0)
    return JsonResponse({"hits": cache.incr("hits")})


def photo(request):
    if request.method == "POST":
        default_storage.save("photo.txt", ContentFile(request.FILES["photo"].read()))
    there = default_storage.exists("photo.txt")
    return page(request, f"<p>{there}</p>", '<input type="file" name="photo">')
