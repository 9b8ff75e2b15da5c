"""The stub of yishu.flow.receive: all that the steps ask of it."""

from yishu.flow.pipeline import datasets_with_new_files

__all__ = ["datasets_with_new_files"]
