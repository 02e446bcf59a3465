from django.http import JsonResponse
from django.urls import include, path
from exhibits.models import ExhibitPage
from vault.api import router
from vault.urls import addresses

urlpatterns = addresses(
    router("exhibits", ExhibitPage),
    # Asks nothing of the database: it says that this process answers, and no more.
    path("api/v2/health/", lambda _: JsonResponse({"status": "ok"})),
    path("accounts/", include("allauth.urls")),
)
