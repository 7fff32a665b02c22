"""Addresses of the staff interface: each module of `web.views` owns its `urlpatterns`; they are gathered here."""

import pkgutil
from importlib import import_module

from django.urls import URLPattern

from tashika.web import views

urlpatterns: list[URLPattern] = [
    pattern
    for module in sorted(info.name for info in pkgutil.iter_modules(views.__path__) if not info.name.startswith("_"))
    for pattern in getattr(import_module(f"tashika.web.views.{module}"), "urlpatterns", [])
]
