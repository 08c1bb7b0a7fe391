"""What the client scripts share: a client for the registry named on the command line, and checks that print a line each.

The client has its default configuration, except that a failed request is not tried again: a 5xx or a dropped connection is
a failure here, and waiting would only hide it.
"""

import sys
import traceback

from confluent_kafka.schema_registry import SchemaRegistryClient, SchemaRegistryError


def client(user_info=None):
    """A client of its own cache, so that what it answers came from the server; as `user:password`, or as nobody."""
    credentials = {"basic.auth.user.info": user_info} if user_info else {}
    return SchemaRegistryClient({"url": sys.argv[1], "max.retries": 0, **credentials})


def equal(got, expected):
    if got != expected:
        raise AssertionError(f"got {got!r}, expected {expected!r}")


def refused(status, code, call):
    """The call must fail with this HTTP status and error code."""
    try:
        got = call()
    except SchemaRegistryError as error:
        equal((error.http_status_code, error.error_code), (status, code))
        return
    raise AssertionError(f"got {got!r}, expected a refusal with {code}")


def run(*checks):
    """Runs every check, prints one line for each, and exits with the number of those that failed."""
    failed = 0
    for check in checks:
        name = check.__name__.replace("_", " ")
        try:
            check()
            print(f"ok      {name}")
        except Exception:
            failed += 1
            print(f"FAILED  {name}")
            traceback.print_exc(file=sys.stdout)
    sys.exit(min(failed, 100))
