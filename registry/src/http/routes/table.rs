//! The rows. What stands in one is told in the module above.

use super::{About, Face, Method, Route, answer, attribute, call, parameters, routes};
use crate::app::App;
use crate::http::answer::Answer;
use crate::http::handlers::{self, RequestContext};
use crate::http::takes::{
    ACTION, BEFORE, CONFIRM, CONTEXT, DRY_RUN, ENCODING, FROM, LIMIT, LIMIT_1000, NORMALIZE, OFFSET, SUBJECT, TO, TOPIC,
};
use authz::Action;
use rules::fault::Fault;
use service::Class;
use std::sync::Arc;

routes! {
    GetRoot: Get "/", "root.get",
        Read, Ready, Api => now metadata::root();
    PostRoot: Post "/", "root.post",
        Lookup, Ready, Api => run metadata::post_root();

    GetClusterId: Get "/v1/metadata/id", "metadata.id",
        Read, Ready, Api => now metadata::cluster_id();
    GetServerVersion: Get "/v1/metadata/version", "metadata.version",
        Read, Ready, Api => now metadata::version();
    GetDeployment: Get "/v1/metadata/deployment", "metadata.deployment",
        Read, Ready, Api => now metadata::deployment();

    ListSchemas: Get "/schemas", "schemas.get-schemas",
        Read, List, Api => run schemas::list();
    ListSchemaTypes: Get "/schemas/types", "schemas.get-types",
        Read, Ready, Api => now schemas::types();
    GetSchemaById: Get "/schemas/ids/{id}", "schemas.ids.get-schema",
        Read, Ready, Api, about AliasedInQuery => read schemas::by_id(id);
    GetSchemaTextById: Get "/schemas/ids/{id}/schema", "schemas.ids.get-schema.only",
        Read, Ready, Api, about AliasedInQuery => read schemas::text_by_id(id);
    ListSubjectsById: Get "/schemas/ids/{id}/subjects", "schemas.get-subjects",
        Read, List, Api, about AliasedInQuery => run schemas::subjects_by_id(id);
    ListVersionsById: Get "/schemas/ids/{id}/versions", "schemas.get-versions",
        Read, List, Api, about AliasedInQuery => run schemas::versions_by_id(id);
    GetSchemaByGuid: Get "/schemas/guids/{guid}", "schemas.guids.get-schema",
        Read, Ready, Api => read schemas::by_guid(text);
    ListIdsByGuid: Get "/schemas/guids/{guid}/ids", "schemas.guids.get-ids",
        Read, List, Api => read schemas::ids_by_guid(text);

    ListSubjects: Get "/subjects", "subjects.list",
        Read, List, Api => run subjects::list();
    LookUpSchema: Post "/subjects/{subject}", "subjects.get-schema",
        Lookup, Parse, Api, about Aliased => run subjects::look_up(subject);
    DeleteSubject: Delete "/subjects/{subject}", "subjects.delete-subject",
        Delete, Ready, Api, about Aliased => run subjects::delete(subject);
    GetLatestWithMetadata: Get "/subjects/{subject}/metadata", "subjects.get-latest-with-metadata",
        Read, List, Api, about Aliased => read subjects::latest_with_metadata(subject);
    ListVersions: Get "/subjects/{subject}/versions", "subjects.versions.list",
        Read, List, Api, about Aliased => run versions::list(subject);
    RegisterSchema: Post "/subjects/{subject}/versions", "subjects.versions.register",
        Register, Parse, Api, about Aliased => run versions::register(subject);
    GetVersion: Get "/subjects/{subject}/versions/{version}", "subjects.versions.get-schema",
        Read, Ready, Api, about Aliased => read versions::get(subject, version);
    DeleteVersion: Delete "/subjects/{subject}/versions/{version}", "subjects.versions.deleteSchemaVersion-schema",
        Delete, Ready, Api, about Aliased => run versions::delete(subject, version);
    GetVersionText: Get "/subjects/{subject}/versions/{version}/schema", "subjects.versions.get-schema.only",
        Read, Ready, Api, about Aliased => read versions::text(subject, version);
    ListReferencedBy: Get "/subjects/{subject}/versions/{version}/referencedby", "subjects.versions.list-schema-refs",
        Read, List, Api, about Aliased => run versions::referenced_by(subject, version);
    ModifyTags: Post "/subjects/{subject}/versions/{version}/tags", "subjects.versions.modify.tags",
        Register, Parse, Api, about Aliased => run versions::modify_tags(subject, version);
    ValidateSample: Post "/subjects/{subject}/versions/{version}/validate", "subjects.versions.validate",
        Lookup, Parse, Api, about Aliased, takes [ENCODING] => run versions::validate(subject, version);

    CheckAgainstHistory: Post "/compatibility/subjects/{subject}/versions", "compatibility.subjects.versions.verify-all",
        Lookup, Parse, Api, about Aliased => run compatibility::check_history(subject);
    CheckAgainstVersion: Post "/compatibility/subjects/{subject}/versions/{version}", "compatibility.subjects.versions.verify",
        Lookup, Parse, Api, about Aliased => run compatibility::check_version(subject, version);
    CheckMatrix: Post "/compatibility/subjects/{subject}/matrix", "compatibility.subjects.matrix",
        Lookup, Parse, Api, about Aliased, takes [NORMALIZE] => run compatibility::matrix(subject);

    GetGlobalConfig: Get "/config", "config.get-global",
        Read, Ready, Api => read config::get_global();
    PutGlobalConfig: Put "/config", "config.update-global",
        Config, Ready, Api => run config::put_global();
    DeleteGlobalConfig: Delete "/config", "config.delete-global",
        Config, Ready, Api => run config::delete_global();
    GetConfig: Get "/config/{subject}", "config.get-subject",
        Read, Ready, Api, about Subject => read config::get(subject);
    PutConfig: Put "/config/{subject}", "config.update-subject",
        Config, Ready, Api, about Subject => run config::put(subject);
    DeleteConfig: Delete "/config/{subject}", "config.delete-subject",
        Config, Ready, Api, about Subject => run config::delete(subject);

    GetGlobalMode: Get "/mode", "mode.get-global",
        Read, Ready, Api => read mode::get_global();
    PutGlobalMode: Put "/mode", "mode.update-global",
        Mode, Ready, Api => run mode::put_global();
    DeleteGlobalMode: Delete "/mode", "mode.delete-global",
        Mode, Ready, Api => run mode::delete_global();
    GetMode: Get "/mode/{subject}", "mode.get-subject",
        Read, Ready, Api, about Subject => read mode::get(subject);
    PutMode: Put "/mode/{subject}", "mode.update-subject",
        Mode, Ready, Api, about Subject => run mode::put(subject);
    DeleteMode: Delete "/mode/{subject}", "mode.delete-subject",
        Mode, Ready, Api, about Subject => run mode::delete(subject);

    ListContexts: Get "/contexts", "contexts.list",
        Read, List, Api => run metadata::contexts();
    DeleteContext: Delete "/contexts/{context}", "contexts.delete",
        DeleteContext, Ready, Api => run metadata::delete_context(context);

    CreateAssociations: Post "/associations", "association.create",
        Associate, Parse, Api => run associations::create();
    ListAssociationsBySubject: Get "/associations/subjects/{subject}", "associations.by-subject",
        Read, List, Api, about Aliased => run associations::by_subject(subject);
    ListAssociationsByResourceId: Get "/associations/resources/{resource}", "associations.by-resource-id",
        Read, List, Api => run associations::by_resource_id(text);
    PutAssociations: Put "/associations/resources/{resource}", "association.upsert",
        Associate, Parse, Api => run associations::upsert(text);
    DeleteAssociations: Delete "/associations/resources/{resource}", "associations.delete",
        Associate, Ready, Api => run associations::delete(text);
    ListAssociationsByResourceName: Get "/associations/resources/{namespace}/{resource}", "associations.by-resource-name",
        Read, List, Api => run associations::by_resource_name(text, text);
    BatchGetAssociations: Post "/associations:batchGet", "associations.batch-get",
        Lookup, List, Api => run association_batches::get();
    BatchMutateAssociations: Post "/associations:batchMutate", "associations.batch-mutate",
        Associate, Parse, Api => run association_batches::mutate();

    ListKeks: Get "/dek-registry/v1/keks", "keks.list",
        Read, List, Api => run keks::list();
    CreateKek: Post "/dek-registry/v1/keks", "keks.create",
        Register, Ready, Api => run keks::create();
    GetKek: Get "/dek-registry/v1/keks/{kek}", "keks.get",
        Read, Ready, Api => read keks::get(text);
    PutKek: Put "/dek-registry/v1/keks/{kek}", "keks.put",
        Config, Ready, Api => run keks::put(text);
    DeleteKek: Delete "/dek-registry/v1/keks/{kek}", "keks.delete",
        Delete, Ready, Api => run keks::delete(text);
    TestKek: Post "/dek-registry/v1/keks/{kek}/test", "keks.test",
        Register, Ready, Api => run keks::test(text);
    UndeleteKek: Post "/dek-registry/v1/keks/{kek}/undelete", "keks.undelete",
        Delete, Ready, Api => run keks::undelete(text);
    GetKekReaders: Get "/dek-registry/v1/keks/{kek}/readers", "keks.readers.get",
        Read, Ready, Api, takes [] => read keks::readers(text);
    PutKekReaders: Put "/dek-registry/v1/keks/{kek}/readers", "keks.readers.put",
        Govern, Ready, Api, takes [] => run keks::put_readers(text);
    ListDekSubjects: Get "/dek-registry/v1/keks/{kek}/deks", "deks.list-subjects",
        Read, List, Api => run deks::subjects(text);
    CreateDek: Post "/dek-registry/v1/keks/{kek}/deks", "deks.create",
        Register, Ready, Api => run deks::create(text);
    GetDek: Get "/dek-registry/v1/keks/{kek}/deks/{subject}", "deks.get",
        Read, Ready, Api, about AliasedForDeks => run deks::get(text, text);
    CreateDekOfSubject: Post "/dek-registry/v1/keks/{kek}/deks/{subject}", "deks.create-with-subject",
        Register, Ready, Api, about AliasedForDeks => run deks::create_of_subject(text, text);
    DeleteDek: Delete "/dek-registry/v1/keks/{kek}/deks/{subject}", "deks.delete",
        Delete, Ready, Api, about AliasedForDeks => run deks::delete(text, text);
    UndeleteDek: Post "/dek-registry/v1/keks/{kek}/deks/{subject}/undelete", "deks.undelete",
        Delete, Ready, Api, about AliasedForDeks => run deks::undelete(text, text);
    ListDekVersions: Get "/dek-registry/v1/keks/{kek}/deks/{subject}/versions", "deks.versions.list",
        Read, List, Api, about AliasedForDeks => run deks::versions(text, text);
    GetDekVersion: Get "/dek-registry/v1/keks/{kek}/deks/{subject}/versions/{version}", "deks.versions.get",
        Read, Ready, Api, about AliasedForDeks => run deks::get_version(text, text, version);
    DeleteDekVersion: Delete "/dek-registry/v1/keks/{kek}/deks/{subject}/versions/{version}", "deks.versions.delete",
        Delete, Ready, Api, about AliasedForDeks => run deks::delete_version(text, text, version);
    UndeleteDekVersion: Post "/dek-registry/v1/keks/{kek}/deks/{subject}/versions/{version}/undelete",
        "deks.versions.undelete",
        Delete, Ready, Api, about AliasedForDeks => run deks::undelete_version(text, text, version);

    ListNamespaces: Get "/namespaces", "namespaces.list",
        Read, List, Api, takes [OFFSET, LIMIT_1000] => run namespaces::list();
    ListOrphans: Get "/namespaces/-/orphans", "namespaces.orphans",
        Read, List, Api, takes [OFFSET, LIMIT_1000] => run namespaces::orphans();
    GetWholeAudit: Get "/namespaces/-/audit", "namespaces.audit-all",
        Secret, List, Api, takes [LIMIT_1000, FROM, TO, BEFORE] => run audit::whole();
    GetNamespace: Get "/namespaces/{namespace}", "namespaces.get",
        Read, List, Api, takes [] => read namespaces::get(text);
    PutNamespace: Put "/namespaces/{namespace}", "namespaces.put",
        Govern, Ready, Api, takes [CONFIRM, DRY_RUN] => run namespaces::put(namespace);
    DeleteNamespace: Delete "/namespaces/{namespace}", "namespaces.delete",
        Administer, Ready, Api, takes [DRY_RUN] => run namespaces::delete(namespace);
    ListNamespaceSubjects: Get "/namespaces/{namespace}/subjects", "namespaces.subjects",
        Read, List, Api, takes [OFFSET, LIMIT] => run namespaces::subjects(text);
    CanI: Get "/namespaces/{namespace}/can-i", "namespaces.can-i",
        Read, Ready, Api, takes [ACTION, SUBJECT, TOPIC, CONTEXT] => read namespaces::can_i(namespace);
    GetAudit: Get "/namespaces/{namespace}/audit", "namespaces.audit",
        Secret, List, Api, takes [LIMIT_1000, FROM, TO, BEFORE] => run audit::get(namespace);
    ListMembers: Get "/namespaces/{namespace}/members", "namespaces.members.list",
        Read, List, Api, takes [OFFSET, LIMIT_1000] => read namespaces::members(text);
    PutMember: Put "/namespaces/{namespace}/members/{principal}", "namespaces.members.put",
        Govern, Ready, Api, takes [DRY_RUN] => run namespaces::put_member(namespace, principal);
    DeleteMember: Delete "/namespaces/{namespace}/members/{principal}", "namespaces.members.delete",
        Govern, Ready, Api, takes [DRY_RUN] => run namespaces::delete_member(namespace, principal);
    ListClaims: Get "/namespaces/{namespace}/claims", "namespaces.claims.list",
        Read, List, Api, takes [OFFSET, LIMIT_1000] => read namespaces::claims(text);
    PutClaim: Put "/namespaces/{namespace}/claims/{claim}", "namespaces.claims.put",
        Govern, Ready, Api, takes [CONFIRM, DRY_RUN] => run namespaces::put_claim(namespace, claim);
    DeleteClaim: Delete "/namespaces/{namespace}/claims/{claim}", "namespaces.claims.delete",
        Govern, Ready, Api, takes [CONFIRM, DRY_RUN] => run namespaces::delete_claim(namespace, claim);
    PutOffer: Put "/namespaces/{namespace}/offers/{claim}", "namespaces.offers.put",
        Govern, Ready, Api, takes [DRY_RUN] => run namespaces::put_offer(namespace, claim);
    DeleteOffer: Delete "/namespaces/{namespace}/offers/{claim}", "namespaces.offers.delete",
        Govern, Ready, Api, takes [DRY_RUN] => run namespaces::delete_offer(namespace, claim);
    PutContact: Put "/namespaces/{namespace}/contact", "namespaces.contact.put",
        Govern, Ready, Api, takes [DRY_RUN] => run namespaces::put_contact(namespace);
    PutLabels: Put "/namespaces/{namespace}/labels", "namespaces.labels.put",
        Govern, Ready, Api, takes [DRY_RUN] => run namespaces::put_labels(namespace);

    GetLiveness: Get "/health/live", "health.live",
        Read, Ready, Fixed => now health::live();
    GetReadiness: Get "/health/ready", "health.ready",
        Read, Ready, Fixed => now health::ready();
    GetMetrics: Get "/metrics", "metrics",
        Read, Ready, Fixed => now health::metrics();
    GetApiDescription: Get "/openapi.json", "openapi",
        Read, Ready, Fixed, takes [] => now health::api_description();
}
