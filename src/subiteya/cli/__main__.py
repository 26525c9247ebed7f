"""`python -m subiteya.cli`: how the supervisor starts its parts."""

from subiteya.cli.app import main

main()
