"""What exhibits and their authors are in both generations; each has its own tables."""

from django.db import models
from rest_framework.fields import Field
from wagtail.admin.panels import FieldPanel
from wagtail.api import APIField
from wagtail.images.api.fields import ImageRenditionField


def picture():
    """Return a field for a picture that may be missing."""
    return models.ForeignKey(
        "wagtailimages.Image",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )


class Person(models.Model):
    name = models.CharField(max_length=100)
    title = models.CharField(max_length=100, blank=True)
    image = picture()

    panels = [FieldPanel("name"), FieldPanel("title"), FieldPanel("image")]

    class Meta:
        abstract = True
        ordering = ["name"]

    def __str__(self):
        return self.name


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


def _rendition(image):
    field = ImageRenditionField("fill-200x200")
    return image and field.to_representation(image)


# What the API says of an exhibit beside its body.
API_FIELDS = (
    APIField("cover_image", serializer=ImageRenditionField("fill-1600x720")),
    APIField("cover_thumb", serializer=ImageRenditionField("fill-800x500", source="cover_image")),
    APIField("authors", serializer=Credits()),
)
