"""The site from outside, after an update: as a client and as a browser see it."""
