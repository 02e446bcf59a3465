"""The API that the front end asks."""

from wagtail.api.v2.router import WagtailAPIRouter
from wagtail.api.v2.views import PagesAPIViewSet
from wagtail.documents.api.v2.views import DocumentsAPIViewSet
from wagtail.images.api.v2.views import ImagesAPIViewSet


class ExhibitsAPIViewSet(PagesAPIViewSet):
    listing_default_fields = [
        *PagesAPIViewSet.listing_default_fields,
        "body",
        "cover_image",
        "cover_thumb",
        "authors",
    ]


def router(place, exhibit_page):
    """Return the API with the exhibits at *place*."""
    made = WagtailAPIRouter("wagtailapi")
    exhibits = type("ExhibitsOfTheSite", (ExhibitsAPIViewSet,), {"model": exhibit_page})
    made.register_endpoint("pages", PagesAPIViewSet)
    made.register_endpoint(place, exhibits)
    made.register_endpoint("images", ImagesAPIViewSet)
    made.register_endpoint("documents", DocumentsAPIViewSet)
    return made
