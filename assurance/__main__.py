"""`python -m assurance` is the command line."""

from assurance.cli import main

main()
