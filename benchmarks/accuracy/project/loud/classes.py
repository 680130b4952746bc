"""Class-based views, whose querysets are attributes or made by methods."""

from django import forms
from django.http import JsonResponse
from django.views import View
from django.views.generic import DetailView, FormView, ListView, TemplateView
from shop.models import Author, Book, Publisher


class ListPage(ListView):
    model = Book
    template_name = "list.html"
    ordering = "pk"


class ListPageWithQueryset(ListView):
    queryset = Author.objects.order_by("name")
    template_name = "authors.html"


class DetailPage(DetailView):
    queryset = Author.objects.all()
    template_name = "author.html"

    def get_object(self, queryset=None):
        return self.get_queryset().get(pk=1)


class ContextPage(TemplateView):
    template_name = "names.html"

    def get_context_data(self, **kwargs):
        books = Book.objects.all()
        names = [book.publisher.name for book in books]  # <- n-plus-one select_related publisher
        return super().get_context_data(names=names, **kwargs)


class ChoiceForm(forms.Form):
    publisher = forms.ModelChoiceField(queryset=Publisher.objects.all())


class ChoicePage(FormView):
    form_class = ChoiceForm
    template_name = "form.html"


class MethodPage(View):
    def get(self, request):
        return JsonResponse({"values": [self.line(book) for book in self.books()]})

    def books(self):
        return Book.objects.filter(pages__gt=1)

    def line(self, book):
        return book.author.email  # <- n-plus-one select_related author
