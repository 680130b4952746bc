from django import template

register = template.Library()


@register.inclusion_tag("_card.html")
def card(book):
    return {"name": book.author.name}  # <- @template_tag n-plus-one select_related author
