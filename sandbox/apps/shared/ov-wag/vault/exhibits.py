"""A few exhibits, and the command that publishes them with either generation's models."""

from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand
from django.db import transaction
from wagtail.images import get_image_model
from wagtail.models import Site

from vault import pictures

AUTHORS = (
    ("Miriam Calloway", "Curator of moving images"),
    ("Desmond Achterberg", "Historian of broadcasting"),
    ("Lucía Ferrante", "Audio archivist"),
)

EXHIBITS = (
    {
        "slug": "the-harbor-on-film",
        "title": "The Harbor on Film",
        "picture": pictures.harbor,
        "authors": (0, 1),
        "body": """
<p>Long before it was a place to stroll, the waterfront was a place of work. Camera crews went
down to the piers from the first years of the station, and what they brought back is a record of
a harbor that no longer exists: lumpers and fish auctions, ferries in fog, a skyline without a
single tower of glass.</p>
<h2>Tides and trades</h2>
<p>The oldest reels are silent. Their makers wrote what they had heard on cards that travelled with
the cans, and those cards are shown here beside the pictures for the first time.</p>
<blockquote>You could tell the day of the week by the smell of the pier.</blockquote>
<p>Forty minutes of film, eleven interviews and a map of every place the cameras stood.</p>
""",
    },
    {
        "slug": "please-stand-by",
        "title": "Please Stand By: Mornings Before the First Programme",
        "picture": pictures.signal,
        "authors": (1,),
        "body": """
<p>A station did not begin with a programme. It began with a tone, a card and a clock, and with an
engineer who had been awake since four. This exhibit collects what was broadcast when nothing was
on: test cards, tuning signals, apologies and anthems.</p>
<h2>An engineer's art</h2>
<p>A good test card tells a trained eye everything about a transmitter. It also had to be looked at
for hours by families who were waiting for the news, so somebody took the trouble to make it
beautiful.</p>
<p>The recordings were made off air by viewers, since no station thought of keeping its own
silence.</p>
""",
    },
    {
        "slug": "neighbors-on-the-line",
        "title": "Neighbors on the Line",
        "picture": pictures.voices,
        "authors": (2, 0),
        "body": """
<p>For eleven years a call-in hour gave its microphone to whoever dialled first. People spoke of
rent and of school buses, of elections and lost dogs, and again and again they spoke to one
another. Nothing else in the collection comes closer to hearing a city think aloud.</p>
<h2>What the tapes keep</h2>
<p>Of some three thousand hours, nine hundred survive. Each was transcribed by volunteers, and each
caller who could be found was asked for leave before a word of it was published here.</p>
<blockquote>I never called a radio before. I only want to say the bus is late again.</blockquote>
""",
    },
    {
        "slug": "science-in-the-kitchen",
        "title": "Science in the Kitchen",
        "picture": pictures.reel,
        "authors": (0, 2),
        "body": """
<p>Before there were laboratories on television there was a kitchen table, an egg and a bottle.
The first science lessons made for home were filmed in a borrowed flat, in one take, because there
was film for one take.</p>
<h2>One take</h2>
<p>When an experiment failed, it stayed in. Teachers wrote to say that it was the failures that
their classes asked to see again.</p>
<p>Twenty-six lessons are complete, restored from the only prints known to exist.</p>
""",
    },
)


class SeedExhibits(BaseCommand):
    help = (
        "Put a few exhibits with text, pictures and authors on an empty site; change nothing twice."
    )

    # A generation's own.
    author = None
    page = None
    credit = None

    def body(self, text):
        """Return the text of an exhibit as the page's body takes it."""
        return text

    def handle(self, *_args, **_options):
        home = Site.objects.get(is_default_site=True).root_page
        made = [exhibit["title"] for exhibit in EXHIBITS if self._exhibit(home, exhibit)]
        for title in made:
            self.stdout.write(f"published: {title}")
        self.stdout.write(f"{len(made)} made, {len(EXHIBITS) - len(made)} were there")

    @transaction.atomic
    def _exhibit(self, home, exhibit):
        if self.page.objects.filter(slug=exhibit["slug"]).exists():
            return False
        page = self.page(
            slug=exhibit["slug"],
            title=exhibit["title"],
            body=self.body(exhibit["body"].strip()),
            cover_image=_picture(exhibit["title"], exhibit["slug"], exhibit["picture"]),
        )
        page.authors = [
            self.credit(sort_order=place, author=self._author(number))
            for place, number in enumerate(exhibit["authors"])
        ]
        home.add_child(instance=page)
        page.save_revision().publish()
        return True

    def _author(self, number):
        name, title = AUTHORS[number]
        known = self.author.objects.filter(name=name).first()
        return known or self.author.objects.create(
            name=name,
            title=title,
            image=_picture(name, f"portrait-{number}", lambda: pictures.portrait(number)),
        )


def _picture(title, stem, draw):
    image_model = get_image_model()
    content = ContentFile(pictures.jpeg(draw()), name=f"{stem}.jpg")
    return image_model.objects.create(title=title, file=content)
