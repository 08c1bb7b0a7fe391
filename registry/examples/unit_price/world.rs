//! Two registries with the same schemas: one with owners (10 000 namespaces, 1 000 users), one that is open to everybody. Both
//! are the real thing from the dispatcher inwards; only sockets are missing.

use axum::body::Body;
use base64::Engine;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use model::{Claim, InternalRecord, MemberRole, Namespace, Principal, Record};
use registry::http::dispatcher::{Arrival, Dispatcher};
use registry::node::{Assembled, assemble, open_store};
use registry::settings::{Settings, gather};
use std::error::Error;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use tempfile::TempDir;

/// Something that failed.
pub type Failure = Box<dyn Error>;

/// How much there is.
pub struct Size {
    /// Namespaces, with four claims each.
    pub namespaces: usize,
    /// Users; each is a writer in its share of the namespaces.
    pub users: usize,
    /// Subjects, of as many users and namespaces.
    pub subjects: usize,
}

/// Both registries.
pub struct World {
    /// The one with owners.
    pub owned: Registry,
    /// The one without.
    pub open: Registry,
    _directory: TempDir,
}

/// A registry without sockets.
pub struct Registry {
    dispatcher: Dispatcher,
    whole: Assembled,
}

impl Drop for Registry {
    fn drop(&mut self) {
        // The directory goes with it.
        let _ = self.whole.store.close();
    }
}

impl World {
    /// Makes both and registers a schema for each subject.
    ///
    /// # Errors
    /// What failed.
    pub async fn new(size: &Size) -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let users = directory.path().join("users");
        std::fs::write(&users, users_file(size.users)?)?;
        let users = users.to_str().ok_or("the directory for temporary files is not UTF-8")?;
        let owned = Registry::new(&directory.path().join("owned"), &[("authentication-users", users)], size).await?;
        let open = Registry::new(&directory.path().join("open"), &[("insecure-open", "true")], size).await?;
        Ok(World { owned, open, _directory: directory })
    }
}

impl Registry {
    async fn new(data: &Path, flags: &[(&str, &str)], size: &Size) -> Result<Self, Failure> {
        let data = data.to_str().ok_or("the directory for temporary files is not UTF-8")?;
        let mut flags: Vec<(String, String)> = flags.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        flags.push(("data".into(), data.into()));
        let settings = gather(None, std::iter::empty(), &flags)?.settings()?;
        give_claims(&settings, size).await?;
        let whole = assemble(&settings, SocketAddr::from(([127, 0, 0, 1], 8081)))?;
        let dispatcher = Dispatcher::new(whole.app.clone()).at(SocketAddr::from(([127, 0, 0, 1], 4711)));
        let registry = Registry { dispatcher, whole };
        for number in 0..size.subjects {
            registry.ask(register(number)?).await?;
        }
        Ok(registry)
    }

    /// Asks, and expects a success; the body.
    ///
    /// # Errors
    /// Another answer.
    pub async fn ask(&self, request: Request<Body>) -> Result<Bytes, Failure> {
        let answer = self.dispatcher.answer(request, Arrival::default()).await;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status == StatusCode::OK { Ok(body) } else { Err(String::from_utf8_lossy(&body).into()) }
    }

    /// A value of `/metrics`.
    ///
    /// # Errors
    /// There is no such metric.
    pub async fn metric(&self, name: &str) -> Result<f64, Failure> {
        let page = self.ask(Request::get("/metrics").header("host", "localhost:8081").body(Body::empty())?).await?;
        let page = String::from_utf8_lossy(&page).into_owned();
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).ok_or("no such metric")?;
        Ok(value.parse()?)
    }
}

/// Puts the namespaces where a registry finds them when it starts. One by one through the API, each would be indexed anew.
async fn give_claims(settings: &Settings, size: &Size) -> Result<(), Failure> {
    let store = open_store(settings, None)?;
    for some in (0..size.namespaces).collect::<Vec<_>>().chunks(500) {
        let records = some.iter().map(|number| namespace(*number, size.users)).collect::<Result<Vec<_>, _>>()?;
        storage::commit(&*store, move |_| Ok((records, ()))).await?;
    }
    Ok(store.close()?)
}

fn namespace(number: usize, users: usize) -> Result<Record, Failure> {
    let mut namespace = Namespace::new(format!("team{number}").parse()?);
    for claim in ["com.acme.team{}", "team{}", "=shared.team{}-value", ":.team{}:"] {
        namespace.claims.insert(claim.replace("{}", &number.to_string()).parse::<Claim>()?);
    }
    let member: Principal = format!("user:basic/user{}", number % users).parse()?;
    namespace.members.insert(member, MemberRole::Writer);
    Ok(Record::Internal(InternalRecord::Namespace(Box::new(namespace))))
}

/// All have one password, and so need only one hash.
fn users_file(users: usize) -> Result<String, Failure> {
    let hash = authz::basic::hash_password("secret")?;
    let mut text = String::new();
    for number in 0..users {
        writeln!(text, "user{number}:{hash}")?;
    }
    Ok(text)
}

/// Reads the schema of a subject by its id, as nobody.
///
/// # Errors
/// Never, for a number.
pub fn read(number: usize) -> Result<Request<Body>, http::Error> {
    let request = Request::get(format!("/schemas/ids/{}", number + 1));
    request.header("host", "localhost:8081").body(Body::empty())
}

/// Reads the same as the user of the subject.
///
/// # Errors
/// Never, for a number.
pub fn read_named(number: usize) -> Result<Request<Body>, http::Error> {
    let request = Request::get(format!("/schemas/ids/{}", number + 1));
    request.header("host", "localhost:8081").header("authorization", basic(number)).body(Body::empty())
}

/// Registers the schema of a subject, as its user.
///
/// # Errors
/// Never, for a number.
pub fn register(number: usize) -> Result<Request<Body>, http::Error> {
    let schema = format!(r#"{{\"type\":\"record\",\"name\":\"Order{number}\",\"fields\":[]}}"#);
    post(number, "/versions", format!(r#"{{"schema":"{schema}"}}"#))
}

/// Looks the schema of a subject up, as its user.
///
/// # Errors
/// Never, for a number.
pub fn look_up(number: usize) -> Result<Request<Body>, http::Error> {
    let schema = format!(r#"{{\"type\":\"record\",\"name\":\"Order{number}\",\"fields\":[]}}"#);
    post(number, "", format!(r#"{{"schema":"{schema}"}}"#))
}

fn post(number: usize, rest: &str, body: String) -> Result<Request<Body>, http::Error> {
    Request::post(format!("/subjects/com.acme.team{number}.orders.v2.OrderPlaced-value{rest}"))
        .header("host", "localhost:8081")
        .header("content-type", "application/vnd.schemaregistry.v1+json")
        .header("authorization", basic(number))
        .body(Body::from(body))
}

fn basic(number: usize) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("user{number}:secret")))
}
