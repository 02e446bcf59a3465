from django.db import models
from modelcluster.fields import ParentalKey
from vault.models import API_FIELDS, Person, picture
from wagtail import blocks
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.api import APIField
from wagtail.fields import StreamField
from wagtail.models import Orderable, Page
from wagtail.rich_text import expand_db_html
from wagtail.search import index
from wagtail.snippets.models import register_snippet
from wagtail_headless_preview.models import HeadlessMixin


class TextBlock(blocks.RichTextBlock):
    def get_api_representation(self, value, context=None):  # noqa: ARG002, Wagtail's signature
        return expand_db_html(value.source)


@register_snippet
class Author(Person):
    pass


class ExhibitPage(HeadlessMixin, Page):
    cover_image = picture()
    body = StreamField([("text", TextBlock()), ("heading", blocks.CharBlock())], blank=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("cover_image"),
        FieldPanel("body"),
        InlinePanel("authors", label="Author"),
    ]
    search_fields = [*Page.search_fields, index.SearchField("body")]
    api_fields = [APIField("body"), *API_FIELDS]


class ExhibitAuthor(Orderable):
    page = ParentalKey(ExhibitPage, on_delete=models.CASCADE, related_name="authors")
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="+")

    panels = [FieldPanel("author")]
