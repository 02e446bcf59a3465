"""`python -m operations`, which `./ov` calls."""

from operations.cli import main

main()
