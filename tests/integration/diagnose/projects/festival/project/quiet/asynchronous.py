"""The same, waited for."""

from django.http import HttpResponse, StreamingHttpResponse
from festival.models import Entry, Gig


async def joined_while_iterating(request):
    return HttpResponse([gig.band.name async for gig in Gig.objects.select_related("band")])


async def streamed_asynchronously(request):
    async def lines():
        async for gig in Gig.objects.select_related("band").aiterator():
            yield gig.band.name

    return StreamingHttpResponse(lines())


async def created_in_bulk_asynchronously(request):
    await Entry.objects.abulk_create([Entry(text=str(n)) for n in range(6)], batch_size=2)
    return HttpResponse("")
