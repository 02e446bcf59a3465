"""The whole platform on one machine: a test bench and a first experience, never production."""
