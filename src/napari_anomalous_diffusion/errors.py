"""What goes wrong when a user can put it right."""

from __future__ import annotations


class InputError(ValueError):
    """A mistake in the input that its user can mend.

    The message is one sentence for that user: the file, column or track it is about, what is
    wrong with it, and what to do. The command line prints it and exits with code 2; the viewer
    shows it as a notification. Anything else that is raised is a bug.
    """
