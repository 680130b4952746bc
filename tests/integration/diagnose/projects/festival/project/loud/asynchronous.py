"""The same, waited for."""

import asyncio

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from festival.models import Band, Entry, Gig, Ticket


async def got_while_iterating(request):
    names = []
    async for gig in Gig.objects.all():
        # ! n-plus-one in_bulk - | await Band.objects.aget(pk=gig.band_id)
        band = await Band.objects.aget(pk=gig.band_id)
        names.append(band.name)
    return HttpResponse(str(names))


async def in_a_thread(request):
    def names():
        # ! n-plus-one select_related gig | ticket.gig
        return [ticket.gig.title for ticket in Ticket.objects.all()]

    return HttpResponse(str(await sync_to_async(names)()))


async def counted_while_iterating(request):
    async for gig in Gig.objects.all():
        # ! n-plus-one annotate ticket_set | await gig.ticket_set.acount()
        await gig.ticket_set.acount()
    return HttpResponse("")


async def _found(band):
    # ! n-plus-one none - | await Band.objects.filter(name=band.name).afirst()
    return await Band.objects.filter(name=band.name).afirst()


async def gathered(request):
    bands = [band async for band in Band.objects.all()]
    await asyncio.gather(*(_found(band) for band in bands))
    return HttpResponse("")


async def streamed_asynchronously(request):
    async def lines():
        async for gig in Gig.objects.all():
            # ! n-plus-one select_related venue | gig.venue
            venue = await sync_to_async(lambda gig=gig: gig.venue)()
            yield venue.name

    return StreamingHttpResponse(lines())


async def created_asynchronously(request):
    for number in range(5):
        # ! row-by-row-write bulk_create | await Entry.objects.acreate(text=str(number))
        await Entry.objects.acreate(text=str(number))
    return HttpResponse("")
