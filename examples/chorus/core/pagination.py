from rest_framework.pagination import CursorPagination, PageNumberPagination


class Page(PageNumberPagination):
    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100


class Newest(CursorPagination):
    page_size = 25
    ordering = ("-created_at", "-pk")
