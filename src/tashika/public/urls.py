"""Addresses that recipients reach."""

from django.urls import path

from tashika.public import hooks, views

urlpatterns = [
    path("u/reachable/<slug:nonce>", views.reached, name="reached"),
    path("u/<str:token>", views.opt_out, name="opt_out"),
    path("o/<str:token>.gif", views.opened, name="opened"),
    path("c/<str:token>/<int:index>", views.clicked, name="clicked"),
    path("hooks/mail/<str:provider>", hooks.mail, name="mail_hook"),
]
