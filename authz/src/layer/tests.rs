//! The layer around a service that answers with who asked.

use super::*;
use crate::basic::tests::ARGON2;
use crate::basic::{Basic, Pool};
use crate::{AuthorizationSettings, Enforcement, Hosts, Ownership, Policy, PostReads};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tower::{ServiceExt, service_fn};

fn gate(settings: AuthorizationSettings, authentication: Authentication) -> Gate {
    let authorizer = Authorizer::new(settings, Policy::embedded());
    authorizer.set_ownership(Ownership::default());
    Gate { authorizer, authentication, proxies: Proxies::default(), browsers: BrowserPolicy::default() }
}

fn basic() -> Authentication {
    let pool: Pool = Arc::new(|job| job());
    let basic = Basic::new(format!("alice:{ARGON2}").parse().unwrap(), pool).unwrap();
    Authentication::new(vec![Arc::new(basic)])
}

async fn send(gate: &Gate, action: Option<Action>, mut request: Request<()>) -> String {
    let inner = service_fn(async |request: Request<()>| {
        let caller = request.extensions().get::<Caller>().unwrap();
        let address = caller.address.map(|address| address.to_string()).unwrap_or_default();
        Ok::<_, RefusedRequest>(format!("{caller} {} {address}", caller.request_id))
    });
    request.extensions_mut().insert(Peer("192.0.2.1:4711".parse().unwrap()));
    request.extensions_mut().insert(RequestId("r1".into()));
    if let Some(action) = action {
        request.extensions_mut().insert(action);
    }
    let layer = AuthorizeLayer::new(Arc::new(gate.clone()));
    let outcome = layer.layer(inner).oneshot(request).await;
    outcome.unwrap_or_else(|RefusedRequest { refusal, caller, .. }| format!("{refusal} [{caller}]"))
}

fn request(headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method("POST").uri("/subjects/x/versions");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

fn credentials(text: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(text))
}

#[tokio::test]
async fn it_is_known_who_asks_before_a_handler_runs() {
    let gate = gate(AuthorizationSettings::default(), basic());
    let check = async |headers: &[(&str, &str)], action: Action, expected: &str| {
        assert_eq!(send(&gate, Some(action), request(headers)).await, expected, "{headers:?} {action}");
    };
    let (right, wrong) = (credentials("alice:secret"), credentials("alice:guess"));
    let alice = "user:basic/alice r1 192.0.2.1";
    check(&[], Action::Read, "anonymous r1 192.0.2.1").await;
    check(&[], Action::Register, "Authentication is required [anonymous]").await;
    let lookup = "Authentication is required; this request changes nothing and authorization.post_reads=operation would \
                  allow it [anonymous]";
    check(&[], Action::Lookup, lookup).await;
    check(&[], Action::Secret, "Authentication is required [anonymous]").await;
    check(&[("authorization", &right)], Action::Register, alice).await;
    check(&[("authorization", &right)], Action::Read, alice).await;
    check(&[("authorization", &right.replace("Basic", "bAsIc "))], Action::Read, alice).await;
    // What is presented and wrong is never taken for nothing.
    let refused = |why: &str| format!("{why} [anonymous]");
    check(&[("authorization", &wrong)], Action::Read, &refused("The user or the password is wrong")).await;
    check(&[("authorization", "")], Action::Read, &refused("The authentication scheme is not supported")).await;
    check(&[("authorization", "Bearer x")], Action::Read, &refused("The authentication scheme is not supported")).await;
    check(&[("authorization", "Basic")], Action::Read, &refused("The credential is malformed")).await;
    check(&[("authorization", "Basic ???")], Action::Read, &refused("The credential is malformed")).await;
    let twice = [("authorization", right.as_str()), ("authorization", right.as_str())];
    check(&twice, Action::Read, &refused("The credential is malformed")).await;
}

#[tokio::test]
async fn a_route_without_an_action_is_refused() {
    let gate = gate(
        AuthorizationSettings { mode: Enforcement::Off, ..AuthorizationSettings::default() },
        Authentication::default(),
    );
    let answer = send(&gate, None, request(&[])).await;
    assert_eq!(answer, "No rule is known for this request [anonymous]");
}

#[tokio::test]
async fn an_open_registry_asks_nobody_and_checks_no_header() {
    let gate = gate(
        AuthorizationSettings { mode: Enforcement::Off, ..AuthorizationSettings::default() },
        Authentication::default(),
    );
    let right = credentials("alice:secret");
    let answer = send(&gate, Some(Action::Delete), request(&[("authorization", &right)])).await;
    assert_eq!(answer, "anonymous r1 192.0.2.1");
}

#[tokio::test]
async fn observing_lets_nobody_through_to_be_counted_but_no_wrong_password() {
    let gate = gate(AuthorizationSettings { mode: Enforcement::Observe, ..AuthorizationSettings::default() }, basic());
    assert_eq!(send(&gate, Some(Action::Delete), request(&[])).await, "anonymous r1 192.0.2.1");
    let wrong = credentials("alice:guess");
    let answer = send(&gate, Some(Action::Delete), request(&[("authorization", &wrong)])).await;
    assert_eq!(answer, "The user or the password is wrong [anonymous]");
}

#[tokio::test]
async fn nobody_may_try_a_registration_where_its_effect_decides() {
    let gate =
        gate(AuthorizationSettings { post_reads: PostReads::Effect, ..AuthorizationSettings::default() }, basic());
    assert_eq!(send(&gate, Some(Action::Register), request(&[])).await, "anonymous r1 192.0.2.1");
    assert!(send(&gate, Some(Action::Delete), request(&[])).await.starts_with("Authentication is required"));
}

#[tokio::test]
async fn pages_of_other_sites_are_refused_before_their_credentials_are_looked_at() {
    let gate = gate(AuthorizationSettings::default(), basic());
    let right = credentials("alice:secret");
    let headers = [("authorization", right.as_str()), ("host", "sr.bank"), ("origin", "http://evil.example")];
    let answer = send(&gate, Some(Action::Register), request(&headers)).await;
    assert_eq!(
        answer,
        "The registry takes no changes from pages of other sites: Origin: http://evil.example [anonymous]"
    );
    let mut loopback = gate;
    loopback.browsers.hosts = Hosts::Loopback(Default::default());
    let answer = send(&loopback, Some(Action::Read), request(&[("host", "evil.example")])).await;
    assert!(answer.starts_with("The registry does not answer requests for host \"evil.example\";"), "{answer}");
}

#[tokio::test]
async fn the_source_is_what_a_configured_proxy_says() {
    let mut gate = gate(AuthorizationSettings::default(), basic());
    let headers = [("x-forwarded-for", "198.51.100.7")];
    assert_eq!(send(&gate, Some(Action::Read), request(&headers)).await, "anonymous r1 192.0.2.1");
    gate.proxies = Proxies::new(["192.0.2.0/24".parse().unwrap()]);
    assert_eq!(send(&gate, Some(Action::Read), request(&headers)).await, "anonymous r1 198.51.100.7");
}
