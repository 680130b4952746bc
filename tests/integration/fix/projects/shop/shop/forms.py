"""Forms that offer rows to choose from."""

from django import forms

from shop.models import City, Line, Order


class MoveForm(forms.Form):
    city = forms.ModelChoiceField(queryset=City.objects.all())


class LateForm(forms.Form):
    city = forms.ModelChoiceField(queryset=City.objects.none())

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["city"].queryset = City.objects.filter(pk__gt=1)


class LineForm(forms.ModelForm):
    class Meta:
        model = Line
        fields = ["order"]


class OrderForm(forms.ModelForm):
    class Meta:
        model = Order
        fields = ["customer"]
