"""`skip("why")` inside a unit test: the case is reported as skipped, with the reason."""


class Skipped(Exception):
    pass


def skip(reason):
    """End the case that calls it. A reason in words is demanded: ValueError without one."""
    if not isinstance(reason, str) or len(reason.strip()) < 5:
        raise ValueError("skip() wants the reason in words")
    raise Skipped(reason)
