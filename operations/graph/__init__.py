"""The deployed stack as a picture: who is there, how they are, and who may ask whom."""
