from django.db import models
from modelcluster.fields import ParentalKey
from rest_framework.fields import CharField, Field
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.api import APIField
from wagtail.fields import RichTextField
from wagtail.images.api.fields import ImageRenditionField
from wagtail.models import Orderable, Page
from wagtail.rich_text import expand_db_html
from wagtail.search import index
from wagtail.snippets.models import register_snippet


class RichText(CharField):
    def to_representation(self, value):
        return expand_db_html(value)


class Credits(Field):
    def to_representation(self, value):
        return [
            {
                "id": credit.author.id,
                "name": credit.author.name,
                "title": credit.author.title,
                "image": _rendition(credit.author.image),
            }
            for credit in value.select_related("author__image")
        ]


def _rendition(picture):
    field = ImageRenditionField("fill-200x200")
    return picture and field.to_representation(picture)


@register_snippet
class Author(models.Model):
    name = models.CharField(max_length=100)
    title = models.CharField(max_length=100, blank=True)
    image = models.ForeignKey(
        "wagtailimages.Image",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    panels = [FieldPanel("name"), FieldPanel("title"), FieldPanel("image")]

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class ExhibitPage(Page):
    cover_image = models.ForeignKey(
        "wagtailimages.Image",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    body = RichTextField(blank=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("cover_image"),
        FieldPanel("body"),
        InlinePanel("authors", label="Author"),
    ]
    search_fields = [*Page.search_fields, index.SearchField("body")]
    api_fields = [
        APIField("body", serializer=RichText()),
        APIField("cover_image", serializer=ImageRenditionField("fill-1600x720")),
        APIField(
            "cover_thumb", serializer=ImageRenditionField("fill-800x500", source="cover_image")
        ),
        APIField("authors", serializer=Credits()),
    ]


class ExhibitAuthor(Orderable):
    page = ParentalKey(ExhibitPage, on_delete=models.CASCADE, related_name="authors")
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="+")

    panels = [FieldPanel("author")]
