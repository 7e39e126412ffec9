from __future__ import annotations

from django.urls import path

from questionbank.pages.catalogue import catalogue
from questionbank.pages.home import home
from questionbank.pages.preferences import choose_language

urlpatterns = [
    path("", home, name="home"),
    path("problems/", catalogue, name="catalogue"),
    path("language/", choose_language, name="choose-language"),
]
