"""What schemathesis.toml cannot say."""

import itertools

import schemathesis

_COUNT = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Has each request come from an address of its own: shares are by address."""
    number = next(_COUNT)
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    case.headers["cf-connecting-ip"] = address
