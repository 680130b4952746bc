"""Endpoints."""

from rest_framework import generics, pagination, serializers, viewsets

from shop.models import Order


class LineSerializer(serializers.Serializer):
    product = serializers.CharField()


class OrderSerializer(serializers.ModelSerializer):
    customer = serializers.CharField(source="customer.name")
    lines = LineSerializer(many=True)

    class Meta:
        model = Order
        fields = ["number", "customer", "lines"]


class OrderView(generics.ListAPIView):
    queryset = Order.objects.filter(is_open=True)
    serializer_class = OrderSerializer


class NarrowedView(OrderView):
    def get_queryset(self):
        return super().get_queryset().filter(number__startswith="o1")


class BareViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = OrderSerializer
    queryset = Order.open.all()


class ManagerView(generics.ListAPIView):
    queryset = Order.objects
    serializer_class = OrderSerializer

    def get_queryset(self):
        return self.queryset.all()


class CountedSerializer(serializers.ModelSerializer):
    number_of_lines = serializers.SerializerMethodField()
    has_lines = serializers.SerializerMethodField()

    class Meta:
        model = Order
        fields = ["number", "number_of_lines", "has_lines"]

    def get_number_of_lines(self, order):
        return order.lines.count()

    def get_has_lines(self, order):
        return "yes" if order.lines.exists() else "no"


class Page(pagination.PageNumberPagination):
    page_size = 8


class CountedView(generics.ListAPIView):
    queryset = Order.objects.filter(is_open=True)
    serializer_class = CountedSerializer
    pagination_class = Page


class CountedOnce(generics.RetrieveAPIView):
    queryset = Order.objects.all()
    serializer_class = CountedSerializer
