from wagtail.api.v2.views import PagesAPIViewSet

from exhibit.models import ExhibitPage


class ExhibitsAPIViewSet(PagesAPIViewSet):
    model = ExhibitPage
    listing_default_fields = [
        *PagesAPIViewSet.listing_default_fields,
        "body",
        "cover_image",
        "cover_thumb",
        "authors",
    ]
