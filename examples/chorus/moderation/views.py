from django.contrib.admin.views.decorators import staff_member_required
from django.db.models import Count
from django.shortcuts import render

from posts.models import Comment, Post

from .models import Report


@staff_member_required
def queue(request):
    reports = Report.objects.filter(state=Report.State.OPEN).select_related("reporter")
    flagged = Post.objects.annotate(report_total=Count("reports")).filter(report_total__gt=0)
    totals = {model._meta.verbose_name_plural: model.objects.count() for model in (Post, Comment)}
    context = {
        "reports": reports.order_by("created_at", "pk")[:50],
        "flagged": flagged.order_by("-report_total", "-pk")[:25],
        "totals": totals,
    }
    return render(request, "moderation/queue.html", context)
