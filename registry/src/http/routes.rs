//! The route table: the one list of what can be asked. The router is folded from it, the API description is checked against
//! it, metrics and log name operations by it, and authorization decides by it.

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
    ListAssociationsBySubject,
    ListAssociationsByResourceId,
    ListAssociationsByResourceName,
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
    /// The name in metrics and log: that of the reference's own metrics where it has one.
    pub name: &'static str,
}

macro_rules! routes {
    ($($method:ident $path:literal => $operation:ident, $name:literal;)+) => {
        /// The table.
        pub const ROUTES: &[Route] = &[$(
            Route { operation: Operation::$operation, method: Method::$method, path: $path, name: $name },
        )+];
    };
}

routes! {
    Get    "/"                                               => GetRoot, "root.get";
    Post   "/"                                               => PostRoot, "root.post";
    Get    "/v1/metadata/id"                                 => GetClusterId, "metadata.id";
    Get    "/v1/metadata/version"                            => GetServerVersion, "metadata.version";
    Get    "/v1/metadata/deployment"                         => GetDeployment, "metadata.deployment";
    Get    "/schemas"                                        => ListSchemas, "schemas.get-schemas";
    Get    "/schemas/types"                                  => ListSchemaTypes, "schemas.get-types";
    Get    "/schemas/ids/{id}"                               => GetSchemaById, "schemas.ids.get-schema";
    Get    "/schemas/ids/{id}/schema"                        => GetSchemaTextById, "schemas.ids.get-schema.only";
    Get    "/schemas/ids/{id}/subjects"                      => ListSubjectsById, "schemas.get-subjects";
    Get    "/schemas/ids/{id}/versions"                      => ListVersionsById, "schemas.get-versions";
    Get    "/schemas/guids/{guid}"                           => GetSchemaByGuid, "schemas.guids.get-schema";
    Get    "/schemas/guids/{guid}/ids"                       => ListIdsByGuid, "schemas.guids.get-ids";
    Get    "/subjects"                                       => ListSubjects, "subjects.list";
    Post   "/subjects/{subject}"                             => LookUpSchema, "subjects.get-schema";
    Delete "/subjects/{subject}"                             => DeleteSubject, "subjects.delete-subject";
    Get    "/subjects/{subject}/metadata"                    => GetLatestWithMetadata, "subjects.get-latest-with-metadata";
    Get    "/subjects/{subject}/versions"                    => ListVersions, "subjects.versions.list";
    Post   "/subjects/{subject}/versions"                    => RegisterSchema, "subjects.versions.register";
    Get    "/subjects/{subject}/versions/{version}"          => GetVersion, "subjects.versions.get-schema";
    Delete "/subjects/{subject}/versions/{version}"          => DeleteVersion, "subjects.versions.deleteSchemaVersion-schema";
    Get    "/subjects/{subject}/versions/{version}/schema"   => GetVersionText, "subjects.versions.get-schema.only";
    Get    "/subjects/{subject}/versions/{version}/referencedby" => ListReferencedBy, "subjects.versions.list-schema-refs";
    Post   "/subjects/{subject}/versions/{version}/validate" => ValidateSample, "subjects.versions.validate";
    Post   "/compatibility/subjects/{subject}/versions"      => CheckAgainstHistory, "compatibility.subjects.versions.verify-all";
    Post   "/compatibility/subjects/{subject}/versions/{version}" => CheckAgainstVersion, "compatibility.subjects.versions.verify";
    Get    "/config"                                         => GetGlobalConfig, "config.get-global";
    Put    "/config"                                         => PutGlobalConfig, "config.update-global";
    Delete "/config"                                         => DeleteGlobalConfig, "config.delete-global";
    Get    "/config/{subject}"                               => GetConfig, "config.get-subject";
    Put    "/config/{subject}"                               => PutConfig, "config.update-subject";
    Delete "/config/{subject}"                               => DeleteConfig, "config.delete-subject";
    Get    "/mode"                                           => GetGlobalMode, "mode.get-global";
    Put    "/mode"                                           => PutGlobalMode, "mode.update-global";
    Delete "/mode"                                           => DeleteGlobalMode, "mode.delete-global";
    Get    "/mode/{subject}"                                 => GetMode, "mode.get-subject";
    Put    "/mode/{subject}"                                 => PutMode, "mode.update-subject";
    Delete "/mode/{subject}"                                 => DeleteMode, "mode.delete-subject";
    Get    "/contexts"                                       => ListContexts, "contexts.list";
    Get    "/associations/subjects/{subject}"                => ListAssociationsBySubject, "associations.by-subject";
    Get    "/associations/resources/{resource}"              => ListAssociationsByResourceId, "associations.by-resource-id";
    Get    "/associations/resources/{namespace}/{resource}"  => ListAssociationsByResourceName, "associations.by-resource-name";
    Get    "/health/live"                                    => GetLiveness, "health.live";
    Get    "/health/ready"                                   => GetReadiness, "health.ready";
    Get    "/metrics"                                        => GetMetrics, "metrics";
    Get    "/openapi.json"                                   => GetApiDescription, "openapi";
}

impl Operation {
    /// The row of an operation.
    pub fn route(self) -> &'static Route {
        // One row per operation and in its order: checked by a test.
        &ROUTES[self as usize]
    }

    /// Could the operation change something?
    pub fn is_write(self) -> bool {
        self == Operation::RegisterSchema || matches!(self.route().method, Method::Put | Method::Delete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

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
