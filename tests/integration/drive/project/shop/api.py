from people.models import Member
from rest_framework import permissions, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from shop.models import Order, Product


class ProductSerializer(serializers.ModelSerializer):
    tags = serializers.SlugRelatedField("name", many=True, read_only=True)

    class Meta:
        model = Product
        fields = ["id", "title", "slug", "price", "tags"]


class OrderSerializer(serializers.ModelSerializer):
    class Meta:
        model = Order
        fields = ["id", "status", "placed"]


class MemberSerializer(serializers.ModelSerializer):
    class Meta:
        model = Member
        fields = ["email", "token"]


class ProductViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Product.objects.order_by("pk")
    serializer_class = ProductSerializer
    lookup_field = "slug"

    @action(detail=True)
    def similar(self, request, slug, format=None):
        found = Product.objects.filter(category=self.get_object().category)
        return Response(ProductSerializer(found, many=True).data)

    @action(detail=True, methods=["post"])
    def buy(self, request, slug, format=None):
        return Response({})


class OrderViewSet(viewsets.ModelViewSet):
    serializer_class = OrderSerializer
    permission_classes = [permissions.IsAuthenticated]

    def get_queryset(self):
        return Order.objects.filter(customer=self.request.user).order_by("pk")


class ClerkViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = MemberSerializer
    permission_classes = [permissions.IsAdminUser]
    queryset = Member.objects.order_by("pk")
    lookup_url_kwarg = "member_token"
    lookup_field = "token"
