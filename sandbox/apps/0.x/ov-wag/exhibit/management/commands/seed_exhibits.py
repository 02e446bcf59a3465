from vault.exhibits import SeedExhibits

from exhibit.models import Author, ExhibitAuthor, ExhibitPage


class Command(SeedExhibits):
    author = Author
    page = ExhibitPage
    credit = ExhibitAuthor
