"""Views whose querysets are made in various places."""

from django.db.models import Sum
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_list_or_404, get_object_or_404, render
from django.views.generic import ListView

from shop.forms import LateForm, LineForm, MoveForm, OrderForm
from shop.models import Country, Customer, Line, Note, Order, Receipt, Stamp


class Orders(ListView):
    model = Order
    template_name = "shop/orders.html"


class NamedOrders(Orders):
    template_name = "shop/towns.html"


class Filtered(ListView):
    template_name = "shop/orders.html"

    def get_queryset(self):
        return Order.objects.filter(is_open=True)


class OpenOnly(ListView):
    queryset = Order.open.all()
    template_name = "shop/orders.html"


class Chosen(ListView):
    template_name = "shop/orders.html"
    model = Order

    def get_queryset(self):
        queryset = super().get_queryset()
        return queryset.filter(is_open=True)


def town_of(order):
    return order.customer.city.name


def passed(request):
    return JsonResponse({"towns": [town_of(order) for order in Order.objects.all()]})


def helper_rows():
    return Order.objects.filter(is_open=True)


def helped(request):
    return JsonResponse({"towns": [town_of(order) for order in helper_rows()]})


def one(request, pk):
    customer = get_object_or_404(Customer, pk=pk)
    rows = [[line.product for line in order.lines.all()] for order in customer.orders.all()]
    return JsonResponse({"rows": rows})


def listed(request):
    orders = get_list_or_404(Order, is_open=True)
    return JsonResponse({"towns": [town_of(order) for order in orders]})


def listed_by(request, model=Order):
    orders = get_list_or_404(model, is_open=True)
    return JsonResponse({"towns": [town_of(order) for order in orders]})


def notes(request):
    notes = Note.objects.order_by("pk")
    return JsonResponse({"rows": [f"{note.about} {note.author.name}" for note in notes]})


def sent(request):
    rows = []
    for order in Order.objects.all():
        rows.append([line.product for line in order.lines.filter(is_sent=True)])
    return JsonResponse({"rows": rows})


def lines_of(request):
    rows = [line.order.customer.name for line in Line.objects.filter(product="x1")]
    return JsonResponse({"rows": rows})


def managed(request):
    return JsonResponse({"towns": [town_of(order) for order in Order.open.all()]})


def appended(request):
    orders = list(Order.objects.filter(is_open=True))
    orders += Order.objects.filter(is_open=False)
    return JsonResponse({"towns": [town_of(order) for order in orders]})


def choosing(request):
    return render(request, "shop/form.html", {"form": MoveForm()})


def choosing_late(request):
    return render(request, "shop/form.html", {"form": LateForm()})


def choosing_order(request):
    return render(request, "shop/form.html", {"form": LineForm()})


def choosing_customer(request):
    return render(request, "shop/form.html", {"form": OrderForm()})


def sliced(request):
    newest = Order.objects.order_by("-pk")[:10]
    return HttpResponse("\n".join(town_of(order) for order in newest))


def bulk(request):
    found = Order.objects.in_bulk([1, 2, 3, 4, 5])
    return JsonResponse({"towns": [town_of(order) for order in found.values()]})


def united(request):
    orders = Order.objects.filter(is_open=True) | Order.objects.filter(number="o4")
    return JsonResponse({"towns": [town_of(order) for order in orders]})


def first_of(request):
    rows = []
    for customer in Customer.objects.order_by("pk"):
        order = customer.orders.first()
        rows.append(order.number if order else None)
    return JsonResponse({"rows": rows})


def counts(request):
    rows = []
    for customer in Customer.objects.order_by("pk"):
        rows.append((customer.name, customer.orders.count()))
    return JsonResponse({"rows": rows})


def counts_open(request):
    rows = []
    for customer in Customer.objects.order_by("pk"):
        rows.append((customer.name, customer.orders.filter(is_open=True).count()))
    return JsonResponse({"rows": rows})


def looked_up(request):
    busiest = Order.objects.values("customer").annotate(total=Sum("pk")).order_by("customer")
    rows = []
    for row in busiest[:6]:
        customer = Customer.objects.get(pk=row["customer"])
        rows.append((customer.name, row["total"]))
    return JsonResponse({"rows": rows})


def looked_up_by_name(request):
    lines = Line.objects.filter(product="x2")
    rows = []
    for line in lines:
        if line.is_sent:
            rows.append(Order.objects.get(id=line.order_id).number)
    return JsonResponse({"rows": rows})


def looked_up_and_tried(request):
    rows = []
    for pk in [1, 2, 3, 400]:
        try:
            rows.append(Order.objects.get(pk=pk).number)
        except Order.DoesNotExist:
            rows.append("?")
    return JsonResponse({"rows": rows})


def given(keys):
    yield from keys


def looked_up_of_generator(request):
    rows = []
    for pk in given([1, 2, 3, 4]):
        rows.append(Order.objects.get(pk=pk).number)
    return JsonResponse({"rows": rows})


def receipts(request):
    for order in Order.objects.filter(is_open=True):
        if order.pk != 3:
            Receipt.objects.create(order=order, text=f"for {order.number}")
    texts = list(Receipt.objects.order_by("pk").values_list("text", flat=True))
    Receipt.objects.all().delete()
    return JsonResponse({"texts": texts})


def receipts_read(request):
    Receipt.objects.bulk_create([Receipt(order_id=pk, text="new") for pk in range(1, 9)])
    unread = Receipt.objects.filter(is_read=False)
    for receipt in unread:
        receipt.is_read = True
        receipt.save(update_fields=["is_read"])
    texts = list(Receipt.objects.order_by("order").values_list("order", "text", "is_read"))
    Receipt.objects.all().delete()
    return JsonResponse({"texts": texts})


def receipts_renamed(request):
    Receipt.objects.bulk_create([Receipt(order_id=pk, text="new") for pk in range(1, 9)])
    for receipt in Receipt.objects.order_by("order"):
        if receipt.order_id == 2:
            continue
        receipt.text = f"{receipt.text} {receipt.order_id}"
        receipt.save()
    texts = list(Receipt.objects.order_by("order").values_list("order", "text", "is_read"))
    Receipt.objects.all().delete()
    return JsonResponse({"texts": texts})


def stamps(request):
    for order in Order.objects.filter(is_open=True):
        Stamp.objects.create(order=order)
    number = Stamp.objects.count()
    Stamp.objects.all().delete()
    return JsonResponse({"number": number})


def asked_again(request):
    rows = []
    for order in Order.objects.order_by("pk")[:7]:
        rows.append([order.number, Line.objects.filter(product="x1").count()])
        for country in Country.objects.filter(name__startswith="n"):
            rows.append([order.number, country.name])
    return JsonResponse({"rows": rows})
