"""Every view but one goes without the transaction that the ledger opens."""

from django.db.transaction import non_atomic_requests
from django.urls import path
from shop import views

urlpatterns = [
    path(f"{view.__name__}/", non_atomic_requests("ledger")(view))
    for view in (
        views.plain, views.rates, views.pay, views.pay_later, views.thanks, views.saved,
        views.tenant, views.careful, views.exported,
    )
]  # fmt: skip
urlpatterns.append(path("audited/", views.audited))
