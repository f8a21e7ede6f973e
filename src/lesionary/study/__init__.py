"""Compose: several rooms at work together, from the demo to (later) whole studies."""

from lesionary.study.demo import Demo, run_demo

__all__ = ["Demo", "run_demo"]
