"""`python -m omote`."""

from omote.doors.cli.main import main

main()
