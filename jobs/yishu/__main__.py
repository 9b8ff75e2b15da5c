"""`python -m yishu` is the command line."""

from yishu.cli import main

main()
