from vault.exhibits import SeedExhibits

from exhibits.models import Author, ExhibitAuthor, ExhibitPage


class Command(SeedExhibits):
    author = Author
    page = ExhibitPage
    credit = ExhibitAuthor

    def body(self, text):
        return [("text", text)]
