class HexConverter:
    regex = "[0-9a-f]+"

    def to_python(self, value):
        return int(value, 16)

    def to_url(self, value):
        return f"{value:x}"


class OrgConverter:
    """Takes and gives instances."""

    regex = "[-a-z0-9]+"

    def to_python(self, value):
        from shop.models import Org

        try:
            return Org.objects.get(slug=value)
        except Org.DoesNotExist as error:
            raise ValueError from error

    def to_url(self, value):
        return value.slug
