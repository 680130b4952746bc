from django.contrib import admin, messages

from .models import Report


@admin.register(Report)
class ReportAdmin(admin.ModelAdmin):
    list_display = ("reason", "reported_by", "state", "created_at")
    list_filter = ("state",)
    raw_id_fields = ("reporter",)
    actions = ["uphold"]
    ordering = ("-created_at", "-pk")

    def reported_by(self, report):
        return report.reporter.get_full_name() or report.reporter.username

    @admin.action(description="Uphold the selected reports")
    def uphold(self, request, queryset):
        done = queryset.update(state=Report.State.UPHELD)
        self.message_user(request, f"{done} reports upheld.", messages.SUCCESS)
