from django.conf import settings
from django.conf.urls.static import static
from exhibit.models import ExhibitPage
from vault.api import router
from vault.urls import addresses

urlpatterns = addresses(
    router("exhibit", ExhibitPage),
    # For developers only: Django returns no pattern unless DEBUG is on.
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
)
