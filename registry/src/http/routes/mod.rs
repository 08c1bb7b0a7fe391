//! The route table: the one list of what can be asked. A row says all there is to say of an operation; from the rows come the
//! enum of operations, the router, the call of each handler, the query parameters that are taken, the names in metrics and
//! log, and what authorization decides by. The API description is checked against them.
//!
//! A row is
//!
//! ```text
//! Operation: Method "/path/{parameter}", "name",
//!     Action, Class, Face, about Subject, takes [PARAMETER] => how handler::function(reader);
//! ```
//!
//! - `about` says which subject the request is about (`About`); without it, none.
//! - `takes` lists the query parameters (`http::takes`), and anything else is refused; without it, anything is taken.
//! - A `reader` for each parameter of the path, in order: a function of `http::path::Path` that reads it into what it names.
//! - `how` the handler is called: `now` for what is at hand, `read` for a question to the store, which runs where its class
//!   says, `run` for everything that waits or chooses for itself where its parts run.

mod table;

pub(in crate::http) use table::dispatch;
pub use table::{Operation, ROUTES};

use super::takes;
use authz::Action;
use service::Class;
use service::access::AuditedOperation;

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

/// For whom answers are made: decides which `Accept` is served, and what a refusal looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Face {
    /// Programs: JSON in a negotiated media type; refusals in the envelope.
    Api,
    /// Probes, scrapers and tools, which get one form whatever they accept; refusals in the envelope.
    Fixed,
    /// People, with a browser: HTML; of a refusal its sentence.
    Page,
    /// Listeners to events: an event stream, which is never compressed and has no time-out once it has begun; refusals in the
    /// envelope.
    Stream,
}

/// Which subject a request is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// None, or several.
    Nothing,
    /// The one that the first parameter of the path names, itself.
    Subject,
    /// The same, or what it is an alias of.
    Aliased,
    /// The one that the query parameter `subject` names, or what it is an alias of.
    AliasedInQuery,
    /// The one that the second parameter of the path names, or what it is an alias of where its DEKs are meant.
    AliasedForDeks,
}

impl About {
    /// Which parameter of the path names it, from 0.
    pub fn place(self) -> Option<usize> {
        match self {
            About::Nothing | About::AliasedInQuery => None,
            About::Subject | About::Aliased => Some(0),
            About::AliasedForDeks => Some(1),
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
    /// What it takes: the least action that it can be. Where parameters or the body make it more, the handler asks for that too.
    pub action: Action,
    /// What it costs, for its handler to run where that hurts nobody else. What changes something waits for the writer and costs
    /// nothing here but for the reading of its body, which has a class of its own.
    pub class: Class,
    /// For whom it is.
    pub face: Face,
    /// Which subject it is about.
    pub about: About,
    /// The query parameters of one of our own routes; `None` for a route that takes anything.
    pub takes: Option<&'static [takes::Parameter]>,
}

impl Operation {
    /// The row of an operation.
    pub fn route(self) -> &'static Route {
        // Enum and table are made from the same rows, in the same order.
        &ROUTES[self as usize]
    }

    /// The operation as the audit says it.
    pub fn audited(self) -> AuditedOperation {
        let Route { name, action, .. } = *self.route();
        AuditedOperation { name, action }
    }
}

/// The parameters of a path.
const fn parameters(path: &str) -> usize {
    let (bytes, mut at, mut count) = (path.as_bytes(), 0, 0);
    while at < bytes.len() {
        if bytes[at] == b'{' {
            count += 1;
        }
        at += 1;
    }
    count
}

/// Calls a handler with what its parameters are read into.
macro_rules! call {
    ($app:ident $ctx:ident $handler:path, ) => { $handler($app, $ctx) };
    ($app:ident $ctx:ident $handler:path, $($reader:ident)+) => {{
        let mut path = $ctx.path();
        $handler($app, $ctx, $(path.$reader()),+)
    }};
}

/// Calls a handler as its row says.
macro_rules! answer {
    (now $app:ident $ctx:ident $handler:path, $($reader:ident)*) => { call!($app $ctx $handler, $($reader)*) };
    (run $app:ident $ctx:ident $handler:path, $($reader:ident)*) => { call!($app $ctx $handler, $($reader)*).await };
    (read $app:ident $ctx:ident $handler:path, $($reader:ident)*) => {
        handlers::read($app, $ctx, |app, ctx| call!(app ctx $handler, $($reader)*)).await
    };
}

/// What an attribute of a row says, or what stands for its absence.
macro_rules! attribute {
    (about $about:ident) => { About::$about };
    (about) => { About::Nothing };
    (takes [$($parameter:ident),*]) => { Some(&[$($parameter),*]) };
    (takes) => { None };
}

macro_rules! routes {
    ($(
        $operation:ident: $method:ident $path:literal, $name:literal,
        $action:ident, $class:ident, $face:ident $(, about $about:ident)? $(, takes $takes:tt)?
        => $how:ident $module:ident::$handler:ident($($reader:ident),*);
    )+) => {
        /// What a request asks for.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each is one row of the table")]
        pub enum Operation { $($operation),+ }

        /// The table.
        pub const ROUTES: &[Route] = &[$(
            Route {
                operation: Operation::$operation,
                method: Method::$method,
                path: $path,
                name: $name,
                action: Action::$action,
                class: Class::$class,
                face: Face::$face,
                about: attribute!(about $($about)?),
                takes: attribute!(takes $($takes)?),
            },
        )+];

        $(const _: () = assert!(
            parameters($path) == <[&str]>::len(&[$(stringify!($reader)),*]),
            "a row names a reader for each parameter of its path",
        );)+

        /// Has the handler of a request answer it.
        ///
        /// # Errors
        /// The fault.
        pub(in crate::http) async fn dispatch(app: &Arc<App>, ctx: &Arc<RequestContext>) -> Result<Answer, Fault> {
            match ctx.operation {
                $(Operation::$operation => answer!($how app ctx handlers::$module::$handler, $($reader)*),)+
            }
        }
    };
}
use {answer, attribute, call, routes};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_get_changes_nothing_and_everything_else_asks_for_a_right() {
        for route in ROUTES {
            let nature = Action::nature(route.action);
            let reads = matches!(nature, authz::Nature::Reads | authz::Nature::Reveals);
            assert_eq!(reads, route.method == Method::Get, "{}", route.name);
        }
    }

    #[test]
    fn no_two_operations_have_one_name_or_one_address() {
        let names: HashSet<_> = ROUTES.iter().map(|route| route.name).collect();
        let addresses: HashSet<_> = ROUTES.iter().map(|route| (route.method.as_str(), route.path)).collect();
        assert_eq!((names.len(), addresses.len()), (ROUTES.len(), ROUTES.len()));
    }

    #[test]
    fn a_subject_in_the_path_is_what_a_request_is_about() {
        for route in ROUTES {
            let place = route.path.split(['{', '}']).skip(1).step_by(2).position(|name| name == "subject");
            assert_eq!(route.about.place(), place, "{}", route.name);
        }
    }
}
