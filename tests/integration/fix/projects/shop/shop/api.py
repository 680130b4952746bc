"""Endpoints."""

from rest_framework import generics, serializers, viewsets

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
