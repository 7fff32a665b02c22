"""Addresses that recipients reach."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
