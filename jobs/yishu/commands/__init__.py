"""The commands of `yishu`, one module per theme; `cli.py` names them."""
