"""A client that `openapi-python-client` makes of a registry's own `/openapi.json`, with not a line by hand, asking that registry.

    generated.py http://[user:password@]127.0.0.1:8081

Answers are the types of the description: one that the description does not have is None, or an error in a text that cannot be
read. So every check compares what came with what was sent.
"""

import base64
import importlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent))
from checks import equal, run  # noqa: E402

ASKED = urlsplit(sys.argv[1])
CREDENTIALS, _, ADDRESS = ASKED.netloc.rpartition("@")
URL = f"{ASKED.scheme}://{ADDRESS}"
ORDER = json.dumps({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]})
MORE = json.dumps({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}, {"name": "n", "type": "int"}]})


def generate(directory):
    """Makes the client and imports it; whatever of the description the generator cannot use is a failure."""
    program = Path(sys.executable).with_name("openapi-python-client")
    config = Path(directory, "config.json")
    # No formatting of what nobody reads.
    config.write_text(json.dumps({"post_hooks": []}))
    where = ["--url", f"{URL}/openapi.json", "--output-path", str(Path(directory, "generated_client"))]
    command = [program, "generate", *where, "--meta", "none", "--config", str(config), "--fail-on-warning"]
    made = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if made.returncode != 0:
        raise SystemExit(f"FAILED  the client is generated\n{made.stdout}{made.stderr}")
    sys.path.insert(0, directory)
    importlib.invalidate_caches()


DIRECTORY = tempfile.TemporaryDirectory()
generate(DIRECTORY.name)
client = importlib.import_module("generated_client")
models = importlib.import_module("generated_client.models")
types = importlib.import_module("generated_client.types")


def connection():
    if not CREDENTIALS:
        return client.Client(base_url=URL, raise_on_unexpected_status=True)
    token = base64.b64encode(CREDENTIALS.encode()).decode()
    return client.AuthenticatedClient(base_url=URL, token=token, prefix="Basic", raise_on_unexpected_status=True)


CONNECTION = connection()


def call(tag, operation, *arguments, **named):
    """Status and answer of an operation."""
    module = importlib.import_module(f"generated_client.api.{tag}.{operation}")
    answer = module.sync_detailed(*arguments, client=CONNECTION, **named)
    return int(answer.status_code), answer.parsed


def good(tag, operation, *arguments, **named):
    status, answer = call(tag, operation, *arguments, **named)
    equal((status // 100, isinstance(answer, models.Error)), (2, False))
    return answer


def refused(code, tag, operation, *arguments, **named):
    status, answer = call(tag, operation, *arguments, **named)
    if not isinstance(answer, models.Error):
        raise AssertionError(f"got {status} {answer!r}, expected a refusal with {code}")
    equal((status, answer.error_code), (int(str(code)[:3]), code))
    return answer


def register(subject, schema, **members):
    body = models.RegisterRequest(schema=schema, **members)
    return good("versions", "register_schema", subject, body=body)


def a_schema_is_registered_and_comes_back_in_every_way():
    made = register("gen/orders", ORDER)
    equal((made.version, made.schema_type, json.loads(made.schema)), (1, models.SchemaType.AVRO, json.loads(ORDER)))
    version = good("versions", "get_version", "gen/orders", "latest")
    equal((version.subject, version.id, version.guid), ("gen/orders", made.id, made.guid))
    equal(good("schemas", "get_schema_by_id", made.id).schema, made.schema)
    equal(good("schemas", "get_schema_by_guid", str(made.guid)).schema_type, models.SchemaType.AVRO)
    equal(good("versions", "list_versions", "gen/orders"), [1])
    equal("gen/orders" in good("subjects", "list_subjects"), True)
    found = good("subjects", "look_up_schema", "gen/orders", body=models.RegisterRequest(schema=ORDER))
    equal(found.id, made.id)


def an_incompatible_schema_is_refused_with_findings():
    register("gen-incompatible", ORDER)
    verdict = good("compatibility", "check_against_version", "gen-incompatible", "latest",
                   body=models.RegisterRequest(schema=MORE), verbose=True)
    equal((verdict.is_compatible, len(verdict.messages) > 0), (False, True))
    refusal = refused(40901, "versions", "register_schema", "gen-incompatible", body=models.RegisterRequest(schema=MORE))
    equal(len(refusal.findings), 1)


def references_and_metadata_are_sent_and_shown():
    register("gen-order", ORDER)
    text = json.dumps({"type": "record", "name": "Basket", "fields": [{"name": "order", "type": "Order"}]})
    reference = models.Reference(name="Order", subject="gen-order", version=1)
    metadata = models.Metadata(properties=models.MetadataProperties.from_dict({"owner": "shop"}))
    made = register("gen-basket", text, references=[reference], metadata=metadata)
    equal((made.references, made.metadata.properties.to_dict()), ([reference], {"owner": "shop"}))
    equal(good("versions", "list_referenced_by", "gen-order", "1"), [made.id])


def config_and_mode_are_set_shown_and_removed():
    change = models.ConfigChange(compatibility=models.CompatibilityLevel.FULL, normalize=True)
    equal(good("config", "put_config", "gen-config", body=change).compatibility, models.CompatibilityLevel.FULL)
    config = good("config", "get_config", "gen-config")
    equal((config.compatibility_level, config.normalize), (models.CompatibilityLevel.FULL, True))
    good("config", "delete_config", "gen-config")
    refused(40408, "config", "get_config", "gen-config")
    equal(good("mode", "put_mode", "gen-mode", body=models.ModeChange(mode="readonly")).mode, "readonly")
    equal(good("mode", "get_mode", "gen-mode").mode, models.RegistryMode.READONLY)
    refused(42205, "versions", "register_schema", "gen-mode", body=models.RegisterRequest(schema=ORDER))
    good("mode", "delete_mode", "gen-mode")


def deletions_answer_with_numbers_or_nothing():
    register("gen-deleted", ORDER)
    equal(good("versions", "delete_version", "gen-deleted", "1"), 1)
    equal(good("subjects", "delete_subject", "gen-deleted", permanent=True), [1])
    refused(40401, "versions", "list_versions", "gen-deleted")
    register(":.gen-context:s", ORDER)
    equal(".gen-context" in good("contexts", "list_contexts"), True)
    for permanent in (False, True):
        good("subjects", "delete_subject", ":.gen-context:s", permanent=permanent)
    equal(call("contexts", "delete_context", ".gen-context"), (204, None))


def keys_are_made_and_read():
    kek = models.KekRequest(name="gen-kek", kms_type="local-kms", kms_key_id="gen")
    equal(good("keys", "create_kek", body=kek).shared, False)
    dek = models.DekRequest(subject="gen-dek", encrypted_key_material="AAAA", algorithm=models.DekAlgorithm.AES256_SIV)
    equal(good("keys", "create_dek", "gen-kek", body=dek).version, 1)
    shown = good("keys", "get_dek", "gen-kek", "gen-dek", algorithm=models.DekAlgorithm.AES256_SIV)
    equal((shown.kek_name, shown.encrypted_key_material), ("gen-kek", "AAAA"))
    refused(42272, "keys", "delete_kek", "gen-kek")
    refused(40470, "keys", "get_kek", "nobody")


def topics_are_associated_with_subjects():
    register("gen-topic-value", ORDER)
    association = models.AssociationRequest(subject="gen-topic-value", lifecycle=models.Lifecycle.WEAK)
    body = models.ResourceRequest(resource_name="gen-topic", resource_namespace="gen", resource_id="gen-1", associations=[association])
    equal(good("associations", "create_associations", body=body).associations[0].association_type, models.AssociationType.VALUE)
    found = good("associations", "list_associations_by_resource_name", "-", "gen-topic")
    equal([(one.subject, one.lifecycle) for one in found], [("gen-topic-value", models.Lifecycle.WEAK)])
    equal(call("associations", "delete_associations", "gen-1"), (204, None))


def namespaces_are_made_asked_and_audited():
    body = models.NamespaceRequest(claims=["gen-owned"], contact="#gen")
    status, made = call("namespaces", "put_namespace", "gen-space", body=body)
    equal((status, made.contact, made.visibility), (201, "#gen", models.Visibility.OPEN))
    equal("gen-space" in [one.name for one in good("namespaces", "list_namespaces")], True)
    verdict = good("namespaces", "can_i", "gen-space", action="register", subject="gen-owned")
    equal(isinstance(verdict.allowed, bool), True)
    good("namespaces", "delete_claim", "gen-space", "gen-owned", confirm=True)
    equal(good("namespaces", "delete_namespace", "gen-space").name, "gen-space")
    refused(40420, "namespaces", "get_namespace", "gen-space")


def the_server_says_what_it_is():
    equal(set(good("schemas", "list_schema_types")), set(models.SchemaType))
    equal(isinstance(good("server", "get_server_version").version, str), True)
    equal(good("operation", "get_readiness").status, models.HealthStatus.READY)


run(
    a_schema_is_registered_and_comes_back_in_every_way,
    an_incompatible_schema_is_refused_with_findings,
    references_and_metadata_are_sent_and_shown,
    config_and_mode_are_set_shown_and_removed,
    deletions_answer_with_numbers_or_nothing,
    keys_are_made_and_read,
    topics_are_associated_with_subjects,
    namespaces_are_made_asked_and_audited,
    the_server_says_what_it_is,
)
