from django.db import models
from modelcluster.fields import ParentalKey
from rest_framework.fields import CharField
from vault.models import API_FIELDS, Person, picture
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.api import APIField
from wagtail.fields import RichTextField
from wagtail.models import Orderable, Page
from wagtail.rich_text import expand_db_html
from wagtail.search import index
from wagtail.snippets.models import register_snippet


class RichText(CharField):
    def to_representation(self, value):
        return expand_db_html(value)


@register_snippet
class Author(Person):
    pass


class ExhibitPage(Page):
    cover_image = picture()
    body = RichTextField(blank=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("cover_image"),
        FieldPanel("body"),
        InlinePanel("authors", label="Author"),
    ]
    search_fields = [*Page.search_fields, index.SearchField("body")]
    api_fields = [APIField("body", serializer=RichText()), *API_FIELDS]


class ExhibitAuthor(Orderable):
    page = ParentalKey(ExhibitPage, on_delete=models.CASCADE, related_name="authors")
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="+")

    panels = [FieldPanel("author")]
