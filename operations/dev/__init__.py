"""`ov dev`: the whole stack on this machine, by the files that `make compose` writes."""
