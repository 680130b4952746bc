"""The route of a request is told without a fault, whatever the settings say."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import RequestFactory, override_settings

from nuages.record import faults, routes


@pytest.fixture
def request_():
    return RequestFactory().get("/nowhere/")


@pytest.fixture(autouse=True)
def counting():
    faults.clear()
    yield
    faults.clear()


def test_a_test_that_deletes_the_setting_has_no_route_and_no_fault(request_):
    with override_settings(ROOT_URLCONF="gone"):
        del settings.ROOT_URLCONF
        assert routes.of_request(request_, is_unmatched=False) == routes.NO_ROUTE
    assert faults.count == 0


def test_a_url_configuration_of_the_request_s_own_needs_no_setting(request_):
    request_.urlconf = __name__
    with override_settings(ROOT_URLCONF="gone"):
        del settings.ROOT_URLCONF
        assert routes.of_request(request_, is_unmatched=False).pattern == "nowhere/"
    assert faults.count == 0


def _nowhere(request):
    raise AssertionError("only looked up")


def _urlpatterns():
    from django.urls import path

    return [path("nowhere/", _nowhere)]


urlpatterns = _urlpatterns()
