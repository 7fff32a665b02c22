"""All addresses: the staff interface, the API, and what recipients reach."""

from django.urls import include, path

handler500 = "tashika.web.requests.broken"
urlpatterns = [
    path("", include("tashika.public.urls")),
    path("api/v1/", include("tashika.api.urls")),
    path("", include("tashika.web.urls")),
]
