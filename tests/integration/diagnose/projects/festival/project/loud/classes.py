"""Views of classes, whose stack may hold no line of the project at all."""

from django.views.generic import ListView
from festival.models import Gig, Member, Remark
from listings.views import RowsView


# ! n-plus-one select_related band | * | gig_list.html:2
class GigList(ListView):
    model = Gig
    template_name = "gig_list.html"


# ! n-plus-one select_related profile | *
class MemberPhotos(RowsView):
    model = Member
    relation = "profile"


# ! n-plus-one select_related band | * | gig_list.html:2
class OwnRows(ListView):
    template_name = "gig_list.html"
    queryset = Gig.objects.filter(is_cancelled=False)

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        context["cities"] = [
            # ! n-plus-one select_related venue | gig.venue
            gig.venue.city
            for gig in context["object_list"]
        ]
        return context


# ! n-plus-one prefetch_related subject | *
class RemarkRows(RowsView):
    model = Remark
    relation = "subject"
