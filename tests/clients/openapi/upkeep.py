"""Keeps a registry as the examples of the description have it while `schemathesis` sends whatever it likes.

A run deletes `orders-value`, makes the registry read-only and moves what it finds. Without upkeep most of what comes after
would be refused, and only refusals would be compared with the description. So what a request may have taken away is put back
before the next one.

Where the environment names a file in ANSWERED, it gets a line for each operation and status that a run has seen.
"""

import atexit
import json
import os

import requests
import schemathesis

JSON = {"Content-Type": "application/json"}
FIELDS = [{"name": "id", "type": "string"}]
ORDER = {"schemaType": "AVRO", "schema": json.dumps({"type": "record", "name": "Order", "fields": FIELDS})}
TOPIC = {"resourceName": "orders", "resourceNamespace": "lkc-1", "resourceId": "id-1"}
PAYMENTS = {"claims": ["payments"], "members": {"user:basic/alice": "owner"}, "contact": "#payments"}
KEKS = "/dek-registry/v1/keks"
DEK = f"{KEKS}/orders/deks/orders-value"
SUBJECTS = ("kept", "orders-value", "orders-v2", ":.eu:orders-v2")
UNASSOCIATED = ("DELETE", "/associations/resources/id-1", None)

# What the operations with a tag may have taken away, put back. What is refused because it is there does no harm.
UPKEEP = {
    "mode": [("DELETE", f"/mode{of}", None) for of in ("", "/:.__GLOBAL:", "/orders-value")],
    "config": [
        ("DELETE", "/config", None),
        ("DELETE", "/config/:.__GLOBAL:", None),
        ("PUT", "/config/orders-value", {"compatibility": "FULL"}),
    ],
    # Under another name id and GUID are there whatever becomes of the first.
    "versions": [("POST", f"/subjects/{name}/versions", ORDER) for name in SUBJECTS],
    "associations": [
        ("POST", "/associations", {**TOPIC, "associations": [{"subject": "orders-value", "associationType": "value"}]}),
    ],
    "keys": [
        ("POST", KEKS, {"name": "orders", "kmsType": "local-kms", "kmsKeyId": "orders", "shared": True}),
        ("POST", f"{KEKS}/orders/undelete", None),
        ("POST", DEK, {}),
        ("POST", f"{DEK}/undelete", None),
    ],
    "namespaces": [
        ("PUT", "/namespaces/payments?confirm=true", PAYMENTS),
        ("PUT", "/namespaces/cards", {}),
        ("PUT", "/namespaces/payments/offers/payments", {"to": "cards"}),
    ],
}
# Deleted subjects take config and mode along; an association may bring a schema, or end a subject.
WITH = {"subjects": ["config", "versions", "associations"], "associations": ["versions", "associations"]}

# What is in the way of an operation.
BEFORE = {
    "CreateAssociations": [UNASSOCIATED],
    "DeleteKek": [("DELETE", DEK, None)],
    "DeleteNamespace": [("DELETE", "/namespaces/payments/claims/payments?confirm=true", None)],
    "DeleteSubject": [UNASSOCIATED],
    "DeleteVersion": [UNASSOCIATED],
    "PutAssociations": [UNASSOCIATED],
}

touched = list(UPKEEP)
answered = set()


def operation_of(case):
    return case.operation.definition.raw["operationId"]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts back what has been touched."""
    upkeep = [request for tag in UPKEEP if tag in touched for request in UPKEEP[tag]]
    touched.clear()
    before = BEFORE.get(operation_of(case), [])
    if before:
        touched.extend(["versions", "associations", "keys", "namespaces"])
    headers = {**JSON, **{name: value for name, value in case.headers.items() if name == "Authorization"}}
    with requests.Session() as session:
        for method, target, body in upkeep + before:
            data = None if body is None else json.dumps(body)
            url = case.operation.base_url.rstrip("/") + target
            session.request(method, url, data=data, headers=headers, timeout=30)


@schemathesis.hook
def after_call(context, case, response):
    """Remembers what may have been touched."""
    answered.add(f"{operation_of(case)} {response.status_code}")
    if case.method.upper() != "GET" and response.status_code < 300:
        for tag in case.operation.tags:
            touched.extend(WITH.get(tag, [tag]))


@atexit.register
def tell():
    if "ANSWERED" in os.environ:
        with open(os.environ["ANSWERED"], "w", encoding="utf-8") as file:
            file.write("\n".join(sorted(answered)))
