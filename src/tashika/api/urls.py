"""Addresses of the API."""

from django.urls import path

from tashika.api.app import api
from tashika.api.routers import contacts, contents, delivery, imports

api.add_router("", contacts.router)
api.add_router("", imports.router)
api.add_router("", delivery.router)
api.add_router("", contents.router)  # last: its /{kind} would take every other name for a kind

urlpatterns = [path("", api.urls)]
