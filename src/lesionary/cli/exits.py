"""Exit statuses, the same for every command."""

FINDINGS = 1
"""The command did its job and found problems in the data."""

USER_ERROR = 2
"""The command could not run: a wrong option, a missing or unreadable file."""

SET_ASIDE = 3
"""The command did its job, but set some rows aside; ``errors.csv`` says which and why."""

INTERRUPTED = 130
"""Somebody pressed Ctrl-C."""
