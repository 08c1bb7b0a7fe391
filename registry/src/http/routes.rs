//! The route table: the one list of what can be asked. The router is folded from it, the API description is checked against
//! it, metrics and log name operations by it, and authorization decides by it.

use crate::access::AuditedOperation;
use crate::service::Class;
use authz::Action;

/// What a request asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is one row of the table below")]
pub enum Operation {
    GetRoot,
    PostRoot,
    GetClusterId,
    GetServerVersion,
    GetDeployment,
    ListSchemas,
    ListSchemaTypes,
    GetSchemaById,
    GetSchemaTextById,
    ListSubjectsById,
    ListVersionsById,
    GetSchemaByGuid,
    ListIdsByGuid,
    ListSubjects,
    LookUpSchema,
    DeleteSubject,
    GetLatestWithMetadata,
    ListVersions,
    RegisterSchema,
    GetVersion,
    DeleteVersion,
    GetVersionText,
    ListReferencedBy,
    ValidateSample,
    CheckAgainstHistory,
    CheckAgainstVersion,
    GetGlobalConfig,
    PutGlobalConfig,
    DeleteGlobalConfig,
    GetConfig,
    PutConfig,
    DeleteConfig,
    GetGlobalMode,
    PutGlobalMode,
    DeleteGlobalMode,
    GetMode,
    PutMode,
    DeleteMode,
    ListContexts,
    DeleteContext,
    CreateAssociations,
    ListAssociationsBySubject,
    ListAssociationsByResourceId,
    PutAssociations,
    DeleteAssociations,
    ListAssociationsByResourceName,
    BatchGetAssociations,
    BatchMutateAssociations,
    ListNamespaces,
    ListOrphans,
    GetWholeAudit,
    GetNamespace,
    PutNamespace,
    DeleteNamespace,
    ListNamespaceSubjects,
    CanI,
    GetAudit,
    ListMembers,
    PutMember,
    DeleteMember,
    ListClaims,
    PutClaim,
    DeleteClaim,
    PutOffer,
    DeleteOffer,
    PutContact,
    PutLabels,
    GetLiveness,
    GetReadiness,
    GetMetrics,
    GetApiDescription,
}

/// The methods of the table; HEAD is GET, OPTIONS is answered from the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "plain")]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }
}

/// One row.
pub struct Route {
    /// What it asks for.
    pub operation: Operation,
    /// The method.
    pub method: Method,
    /// The path, its parameters in braces.
    pub path: &'static str,
    /// What it takes: the least action that it can be. Where parameters or the body make it more, the handler asks for that too.
    pub action: Action,
    /// The name in metrics and log: that of the reference's own metrics where it has one.
    pub name: &'static str,
}

macro_rules! routes {
    ($($method:ident $path:literal => $operation:ident, $action:ident, $name:literal;)+) => {
        /// The table.
        pub const ROUTES: &[Route] = &[$(
            Route {
                operation: Operation::$operation,
                method: Method::$method,
                path: $path,
                action: Action::$action,
                name: $name,
            },
        )+];
    };
}

routes! {
    Get    "/"                                               => GetRoot, Read, "root.get";
    Post   "/"                                               => PostRoot, Lookup, "root.post";
    Get    "/v1/metadata/id"                                 => GetClusterId, Read, "metadata.id";
    Get    "/v1/metadata/version"                            => GetServerVersion, Read, "metadata.version";
    Get    "/v1/metadata/deployment"                         => GetDeployment, Read, "metadata.deployment";
    Get    "/schemas"                                        => ListSchemas, Read, "schemas.get-schemas";
    Get    "/schemas/types"                                  => ListSchemaTypes, Read, "schemas.get-types";
    Get    "/schemas/ids/{id}"                               => GetSchemaById, Read, "schemas.ids.get-schema";
    Get    "/schemas/ids/{id}/schema"                        => GetSchemaTextById, Read, "schemas.ids.get-schema.only";
    Get    "/schemas/ids/{id}/subjects"                      => ListSubjectsById, Read, "schemas.get-subjects";
    Get    "/schemas/ids/{id}/versions"                      => ListVersionsById, Read, "schemas.get-versions";
    Get    "/schemas/guids/{guid}"                           => GetSchemaByGuid, Read, "schemas.guids.get-schema";
    Get    "/schemas/guids/{guid}/ids"                       => ListIdsByGuid, Read, "schemas.guids.get-ids";
    Get    "/subjects"                                       => ListSubjects, Read, "subjects.list";
    Post   "/subjects/{subject}"                             => LookUpSchema, Lookup, "subjects.get-schema";
    Delete "/subjects/{subject}"                             => DeleteSubject, Delete, "subjects.delete-subject";
    Get    "/subjects/{subject}/metadata"                    => GetLatestWithMetadata, Read, "subjects.get-latest-with-metadata";
    Get    "/subjects/{subject}/versions"                    => ListVersions, Read, "subjects.versions.list";
    Post   "/subjects/{subject}/versions"                    => RegisterSchema, Register, "subjects.versions.register";
    Get    "/subjects/{subject}/versions/{version}"          => GetVersion, Read, "subjects.versions.get-schema";
    Delete "/subjects/{subject}/versions/{version}"          => DeleteVersion, Delete, "subjects.versions.deleteSchemaVersion-schema";
    Get    "/subjects/{subject}/versions/{version}/schema"   => GetVersionText, Read, "subjects.versions.get-schema.only";
    Get    "/subjects/{subject}/versions/{version}/referencedby" => ListReferencedBy, Read, "subjects.versions.list-schema-refs";
    Post   "/subjects/{subject}/versions/{version}/validate" => ValidateSample, Lookup, "subjects.versions.validate";
    Post   "/compatibility/subjects/{subject}/versions"      => CheckAgainstHistory, Lookup, "compatibility.subjects.versions.verify-all";
    Post   "/compatibility/subjects/{subject}/versions/{version}" => CheckAgainstVersion, Lookup, "compatibility.subjects.versions.verify";
    Get    "/config"                                         => GetGlobalConfig, Read, "config.get-global";
    Put    "/config"                                         => PutGlobalConfig, Config, "config.update-global";
    Delete "/config"                                         => DeleteGlobalConfig, Config, "config.delete-global";
    Get    "/config/{subject}"                               => GetConfig, Read, "config.get-subject";
    Put    "/config/{subject}"                               => PutConfig, Config, "config.update-subject";
    Delete "/config/{subject}"                               => DeleteConfig, Config, "config.delete-subject";
    Get    "/mode"                                           => GetGlobalMode, Read, "mode.get-global";
    Put    "/mode"                                           => PutGlobalMode, Mode, "mode.update-global";
    Delete "/mode"                                           => DeleteGlobalMode, Mode, "mode.delete-global";
    Get    "/mode/{subject}"                                 => GetMode, Read, "mode.get-subject";
    Put    "/mode/{subject}"                                 => PutMode, Mode, "mode.update-subject";
    Delete "/mode/{subject}"                                 => DeleteMode, Mode, "mode.delete-subject";
    Get    "/contexts"                                       => ListContexts, Read, "contexts.list";
    Delete "/contexts/{context}"                             => DeleteContext, DeleteContext, "contexts.delete";
    Post   "/associations"                                   => CreateAssociations, Associate, "association.create";
    Get    "/associations/subjects/{subject}"                => ListAssociationsBySubject, Read, "associations.by-subject";
    Get    "/associations/resources/{resource}"              => ListAssociationsByResourceId, Read, "associations.by-resource-id";
    Put    "/associations/resources/{resource}"              => PutAssociations, Associate, "association.upsert";
    Delete "/associations/resources/{resource}"              => DeleteAssociations, Associate, "associations.delete";
    Get    "/associations/resources/{namespace}/{resource}"  => ListAssociationsByResourceName, Read, "associations.by-resource-name";
    Post   "/associations:batchGet"                          => BatchGetAssociations, Lookup, "associations.batch-get";
    Post   "/associations:batchMutate"                       => BatchMutateAssociations, Associate, "associations.batch-mutate";
    Get    "/namespaces"                                     => ListNamespaces, Read, "namespaces.list";
    Get    "/namespaces/-/orphans"                           => ListOrphans, Read, "namespaces.orphans";
    Get    "/namespaces/-/audit"                             => GetWholeAudit, Secret, "namespaces.audit-all";
    Get    "/namespaces/{namespace}"                         => GetNamespace, Read, "namespaces.get";
    Put    "/namespaces/{namespace}"                         => PutNamespace, Govern, "namespaces.put";
    Delete "/namespaces/{namespace}"                         => DeleteNamespace, Administer, "namespaces.delete";
    Get    "/namespaces/{namespace}/subjects"                => ListNamespaceSubjects, Read, "namespaces.subjects";
    Get    "/namespaces/{namespace}/can-i"                   => CanI, Read, "namespaces.can-i";
    Get    "/namespaces/{namespace}/audit"                   => GetAudit, Secret, "namespaces.audit";
    Get    "/namespaces/{namespace}/members"                 => ListMembers, Read, "namespaces.members.list";
    Put    "/namespaces/{namespace}/members/{principal}"     => PutMember, Govern, "namespaces.members.put";
    Delete "/namespaces/{namespace}/members/{principal}"     => DeleteMember, Govern, "namespaces.members.delete";
    Get    "/namespaces/{namespace}/claims"                  => ListClaims, Read, "namespaces.claims.list";
    Put    "/namespaces/{namespace}/claims/{claim}"          => PutClaim, Govern, "namespaces.claims.put";
    Delete "/namespaces/{namespace}/claims/{claim}"          => DeleteClaim, Govern, "namespaces.claims.delete";
    Put    "/namespaces/{namespace}/offers/{claim}"          => PutOffer, Govern, "namespaces.offers.put";
    Delete "/namespaces/{namespace}/offers/{claim}"          => DeleteOffer, Govern, "namespaces.offers.delete";
    Put    "/namespaces/{namespace}/contact"                 => PutContact, Govern, "namespaces.contact.put";
    Put    "/namespaces/{namespace}/labels"                  => PutLabels, Govern, "namespaces.labels.put";
    Get    "/health/live"                                    => GetLiveness, Read, "health.live";
    Get    "/health/ready"                                   => GetReadiness, Read, "health.ready";
    Get    "/metrics"                                        => GetMetrics, Read, "metrics";
    Get    "/openapi.json"                                   => GetApiDescription, Read, "openapi";
}

impl Operation {
    /// The row of an operation.
    pub fn route(self) -> &'static Route {
        // One row per operation and in its order: checked by a test.
        &ROUTES[self as usize]
    }

    /// The operation as the audit says it.
    pub fn audited(self) -> AuditedOperation {
        let Route { name, action, .. } = *self.route();
        AuditedOperation { name, action }
    }

    /// What it costs, for its handler to run where that hurts nobody else. What changes something waits for the writer and costs
    /// nothing here but for the reading of its body, which has a class of its own.
    pub fn class(self) -> Class {
        use Operation::*;
        match self {
            LookUpSchema
            | RegisterSchema
            | ValidateSample
            | CheckAgainstHistory
            | CheckAgainstVersion
            | CreateAssociations
            | PutAssociations
            | BatchMutateAssociations => Class::Parse,
            ListSchemas
            | ListSubjectsById
            | ListVersionsById
            | ListIdsByGuid
            | ListSubjects
            | GetLatestWithMetadata
            | ListVersions
            | ListReferencedBy
            | ListContexts
            | ListAssociationsBySubject
            | ListAssociationsByResourceId
            | ListAssociationsByResourceName
            | BatchGetAssociations
            | ListNamespaces
            | ListOrphans
            | GetNamespace
            | ListMembers
            | ListClaims
            | ListNamespaceSubjects
            | GetAudit
            | GetWholeAudit => Class::List,
            GetRoot | PostRoot | GetClusterId | GetServerVersion | GetDeployment | ListSchemaTypes | GetSchemaById
            | GetSchemaTextById | GetSchemaByGuid | DeleteSubject | GetVersion | DeleteVersion | GetVersionText
            | GetGlobalConfig | PutGlobalConfig | DeleteGlobalConfig | GetConfig | PutConfig | DeleteConfig
            | GetGlobalMode | PutGlobalMode | DeleteGlobalMode | GetMode | PutMode | DeleteMode | DeleteContext
            | DeleteAssociations | PutNamespace | DeleteNamespace | CanI | PutMember | DeleteMember | PutClaim
            | DeleteClaim | PutOffer | DeleteOffer | PutContact | PutLabels | GetLiveness | GetReadiness
            | GetMetrics | GetApiDescription => Class::Ready,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_get_changes_nothing_and_everything_else_asks_for_a_right() {
        for route in ROUTES {
            let nature = authz::Action::nature(route.action);
            let reads = matches!(nature, authz::Nature::Reads | authz::Nature::Reveals);
            assert_eq!(reads, route.method == Method::Get, "{}", route.name);
        }
    }

    #[test]
    fn every_operation_has_one_row_in_its_place() {
        for (at, route) in ROUTES.iter().enumerate() {
            assert_eq!(route.operation as usize, at, "{:?}", route.operation);
        }
        assert_eq!(ROUTES.len(), Operation::GetApiDescription as usize + 1);
        let names: HashSet<_> = ROUTES.iter().map(|route| route.name).collect();
        assert_eq!(names.len(), ROUTES.len());
    }
}
