"""What is wrong with the settings."""

from woosync import errors


class BadSettingsError(errors.PermanentError):
    """A settings file or a variable cannot be used as it is; the sentence says which and why."""

    exit_code = 78
