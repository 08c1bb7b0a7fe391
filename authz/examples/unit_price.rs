//! What the layer and a permit cost per request, with 10 000 namespaces and 1 000 members in them.
//!
//! `cargo run --release -p authz --example unit_price`. Prints microseconds per request and fails where one costs more than
//! 10 µs, or where anything seen before is hashed again. casbin cannot be asked at all: only loading a policy does that.

use authz::basic::{Basic, Pool, Users, hash_password};
use authz::{
    Action, Authentication, Authenticator, AuthorizeLayer, Authorizer, BrowserPolicy, Caller, Gate, Land, Operation,
    Peer,
};
use authz::{Permit, Policy, Proxies, Refuse, RefusedRequest, RequestId, Settings};
use http::{Request, Response};
use model::{Claim, MemberRole, Namespace, Principal, Subject};
use std::convert::Infallible;
use std::error::Error;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::io::Write;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tower::{Layer, Service};

const NAMESPACES: usize = 10_000;
const MEMBERS: usize = 1_000;
const REQUESTS: usize = 200_000;
const LIMIT: Duration = Duration::from_micros(10);

#[derive(Clone)]
struct Route {
    action: Action,
    subject: Subject,
}

impl Operation for Route {
    fn action(&self) -> Action {
        self.action
    }
}

#[derive(Clone)]
struct Fail;

impl Refuse<bool> for Fail {
    type Operation = Route;

    fn refuse(&self, _: RefusedRequest<Route>) -> Response<bool> {
        Response::new(false)
    }
}

/// What an extractor does: asks for the permit.
#[derive(Clone)]
struct Handler(Authorizer);

impl Service<Request<()>> for Handler {
    type Response = Response<bool>;
    type Error = Infallible;
    type Future = Ready<Result<Response<bool>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let permit =
            request.extensions().get::<Caller>().zip(request.extensions().get::<Route>()).map(|(caller, route)| {
                let permit: Result<Permit<Subject>, _> = self.0.permit(caller, route.action, route.subject.clone());
                permit
            });
        ready(Ok(Response::new(black_box(permit).is_some_and(|permit| permit.is_ok()))))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let hash = hash_password(b"secret")?;
    let users: String = (0..MEMBERS).map(|n| format!("user{n}:{hash}\n")).collect();
    let pool: Pool = Arc::new(|job| job());
    let basic = Basic::new(users.parse::<Users>()?, pool)?;
    let authorizer = Authorizer::new(Settings::default(), Policy::embedded());
    let namespaces = (0..NAMESPACES).map(namespace).collect::<Result<Vec<_>, _>>()?;
    let start = Instant::now();
    authorizer.set_land(Land::new(namespaces)?);
    let indexed = start.elapsed();
    let gate = Gate {
        authorizer: authorizer.clone(),
        authentication: Authentication::new(vec![Arc::new(basic.clone()) as Arc<dyn Authenticator>]),
        proxies: Proxies::default(),
        browsers: BrowserPolicy::default(),
    };
    let mut service = AuthorizeLayer::new(Arc::new(gate), Fail).layer(Handler(authorizer));

    let mut out = std::io::stdout().lock();
    writeln!(out, "index of all claims, once per change of a namespace: {:.1} ms", indexed.as_secs_f64() * 1e3)?;
    let cases = [
        ("anonymous GET", Action::Read, "GET", false),
        ("Basic GET", Action::Read, "GET", true),
        ("Basic POST", Action::Register, "POST", true),
    ];
    for (what, action, method, named) in cases {
        let mut requests: Vec<Request<()>> =
            (0..64).map(|n| request(action, method, named.then_some(n))).collect::<Result<_, _>>()?;
        for request in &requests {
            run(&mut service, request.clone())?;
        }
        let hashed = basic.checked();
        let mut spent = Duration::ZERO;
        for n in 0..REQUESTS {
            let request = requests[n % 64].clone();
            let start = Instant::now();
            run(&mut service, request)?;
            spent += start.elapsed();
        }
        requests.clear();
        let each = spent / u32::try_from(REQUESTS)?;
        writeln!(out, "{what:<14} {:>6.2} µs", each.as_secs_f64() * 1e6)?;
        if basic.checked() != hashed {
            return Err(format!("{what}: {} passwords were hashed again", basic.checked() - hashed).into());
        }
        if each > LIMIT {
            return Err(format!("{what} costs more than {LIMIT:?}").into());
        }
    }
    Ok(())
}

fn namespace(n: usize) -> Result<Namespace, Box<dyn Error>> {
    let mut namespace = Namespace::new(format!("team{n}").parse()?);
    for claim in
        [format!("com.acme.team{n}"), format!("team{n}"), format!("=shared.team{n}-value"), format!(":.team{n}:")]
    {
        namespace.claims.insert(claim.parse::<Claim>()?);
    }
    let member: Principal = format!("user:basic/user{}", n % MEMBERS).parse()?;
    namespace.members.insert(member, MemberRole::Writer);
    Ok(namespace)
}

fn request(action: Action, method: &str, user: Option<usize>) -> Result<Request<()>, Box<dyn Error>> {
    let n = user.unwrap_or(7);
    let subject = Subject::parse(&format!("com.acme.team{n}.orders.v2.OrderPlaced-value"));
    let mut request = Request::builder().method(method).uri("/").header("host", "localhost:8081");
    if user.is_some() {
        request = request.header("authorization", format!("Basic {}", base64(&format!("user{n}:secret"))));
    }
    let request = request.extension(Route { action, subject }).extension(RequestId("r1".into()));
    Ok(request.extension(Peer("127.0.0.1:4711".parse()?)).body(())?)
}

fn run<S>(service: &mut S, request: Request<()>) -> Result<(), Box<dyn Error>>
where
    S: Service<Request<()>, Response = Response<bool>, Error = Infallible>,
{
    match pin!(service.call(request)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(response)) if *response.body() => Ok(()),
        Poll::Ready(Ok(_)) => Err("a request was refused".into()),
        Poll::Ready(Err(never)) => match never {},
        Poll::Pending => Err("a request had to wait".into()),
    }
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(text)
}
