"""Class-based views that bring along what their templates show."""

from django import forms
from django.http import JsonResponse
from django.views import View
from django.views.generic import DetailView, FormView, ListView
from shop.models import Author, Book, Tag


class QuietList(ListView):
    queryset = Book.objects.select_related("publisher").order_by("pk")
    template_name = "list.html"


class QuietPages(ListView):
    queryset = Author.objects.select_related("profile").order_by("pk")
    template_name = "authors.html"
    paginate_by = 3


class QuietDetail(DetailView):
    queryset = Author.objects.prefetch_related("written__book")
    template_name = "author.html"

    def get_object(self, queryset=None):
        return self.get_queryset().get(pk=1)


class TagForm(forms.Form):
    publisher = forms.ModelChoiceField(queryset=Tag.objects.all())


class QuietForm(FormView):
    form_class = TagForm
    template_name = "form.html"


class QuietMethod(View):
    def get(self, request):
        return JsonResponse({"values": [self.line(book) for book in self.books()]})

    def books(self):
        return Book.objects.select_related("author")

    def line(self, book):
        return f"{book.title} {book.author.email}"
