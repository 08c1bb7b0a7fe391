//! The commands over https: whom they trust, what they say where they do not, and that nothing is sent to anybody else.

use crate::authz_support::Bank;
use crate::harness::Node;
use crate::harness::command::{Outcome, freehold, run};
use conformance::Options;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tempfile::TempDir;

/// An authority, and a directory with its certificate.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

impl Authority {
    fn new() -> Self {
        Self::named("an authority")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Authority { issuer, directory: tempfile::tempdir().unwrap() };
        std::fs::write(authority.file(), authority.issuer.pem()).unwrap();
        authority
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("authority.pem")
    }

    /// A server with a certificate for this name, in front of a registry.
    fn front(&self, name: &str, change: impl FnOnce(&mut CertificateParams), registry: &str) -> Front {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let (config, registry) = (Arc::new(config), registry.to_owned());
        Front::with(move |stream, requests| {
            let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            let mut client = BufReader::new(StreamOwned::new(connection, stream));
            let request = request(&mut client)?;
            requests.fetch_add(1, Ordering::SeqCst);
            let mut answer = Vec::new();
            let mut upstream = TcpStream::connect(&registry)?;
            upstream.write_all(&request)?;
            upstream.read_to_end(&mut answer)?;
            let client = client.get_mut();
            client.write_all(&answer)?;
            client.conn.send_close_notify();
            client.flush()
        })
    }
}

/// A request as it came, but for a header that makes the registry end the connection after its answer.
fn request(client: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let (mut request, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if client.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        request.extend(line.into_bytes());
    }
    request.extend(b"Connection: close\r\n\r\n");
    let mut body = vec![0; length];
    client.read_exact(&mut body)?;
    request.extend(body);
    Ok(request)
}

/// A server on loopback, with a count of the requests it has got. Its thread ends with the test.
struct Front {
    address: String,
    requests: Arc<AtomicUsize>,
}

impl Front {
    fn with(serve: impl Fn(TcpStream, &AtomicUsize) -> io::Result<()> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Clients that break off are what some tests are about.
                let _ = serve(stream, &counter);
            }
        });
        Front { address, requests }
    }

    fn got(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Runs `freehold namespace`, as ada, where the system trusts only the authorities of `trusted`.
fn namespace(arguments: &[&str], trusted: &Authority) -> Outcome {
    let mut command = freehold();
    command.arg("namespace").args(arguments).args(["--user", "ada"]).env("FREEHOLD_PASSWORD", "ada");
    run(command.env("SSL_CERT_FILE", trusted.file()).env_remove("SSL_CERT_DIR"))
}

#[test]
fn namespaces_are_exported_and_applied_over_https() {
    let bank = Bank::settled(&[]);
    let (ours, other) = (Authority::new(), Authority::new());
    let front = ours.front("127.0.0.1", |_| {}, &bank.node.address);
    let url = format!("https://{}", front.address);
    let by_file = ["--url", &url, "--ca-file", ours.file().to_str().unwrap()].map(str::to_owned);
    let by_file: Vec<&str> = by_file.iter().map(String::as_str).collect();
    let plain = namespace(&["export", "--url", &bank.node.url()], &other).good();
    assert!(plain.contains("name: payments"), "{plain}");
    assert_eq!(namespace(&["export", "--url", &url], &ours).good(), plain);
    assert_eq!(namespace(&[&["export"], by_file.as_slice()].concat(), &other).good(), plain);
    let file = ours.directory.path().join("all.yaml");
    std::fs::write(&file, plain.replace("#payments", "#pay")).unwrap();
    let apply = [&["apply", "-f", file.to_str().unwrap()], by_file.as_slice()].concat();
    assert!(namespace(&apply, &other).good().contains("namespaces: 1 changed, 2 as their files say"));
    assert_eq!(bank.node.get("/namespaces/payments").ok()["contact"], "#pay");
    let suggested = namespace(&["suggest", "--from", &url], &ours).good();
    assert!(suggested.contains("name: payments"), "{suggested}");
}

#[test]
fn whoever_cannot_be_trusted_is_sent_nothing_and_the_message_says_what_to_do() {
    let (ours, other) = (Authority::new(), Authority::new());
    let nowhere = "127.0.0.1:1";
    let good = ours.front("127.0.0.1", |_| {}, nowhere);
    let elsewhere = ours.front("elsewhere.example", |_| {}, nowhere);
    let expired = ours.front("127.0.0.1", |params| params.not_after = date_time_ymd(2020, 1, 1), nowhere);
    let early = ours.front("127.0.0.1", |params| params.not_before = date_time_ymd(4000, 1, 1), nowhere);
    #[track_caller]
    fn check(front: &Front, trusted: &Authority, parts: &[&str]) {
        let url = format!("https://{}", front.address);
        let said = namespace(&["export", "--url", &url], trusted).bad();
        assert!(said.contains(&url) && parts.iter().all(|part| said.contains(part)), "{said}");
        assert_eq!((said.lines().count(), front.got()), (1, 0), "{said}");
    }
    check(&good, &other, &["not trusted here", "--ca-file FILE"]);
    check(&good, &Authority::named("of another name"), &["not trusted here", "--ca-file FILE"]);
    check(&elsewhere, &ours, &["for another name", "elsewhere.example"]);
    check(&expired, &ours, &["has expired", "renewed"]);
    check(&early, &ours, &["not valid yet", "clocks"]);
    let url = format!("https://{}", good.address);
    let file = other.file();
    let said = namespace(&["export", "--url", &url, "--ca-file", file.to_str().unwrap()], &ours).bad();
    assert!(said.contains("not trusted here") && good.got() == 0, "--ca-file is instead of the system's: {said}");
}

#[test]
fn a_file_without_usable_authorities_is_refused_before_anybody_is_asked() {
    let ours = Authority::new();
    let file = ours.directory.path().join("other.pem");
    for (text, part) in [
        ("nothing", "there is no certificate (PEM) in it"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be used"),
        ("-----BEGIN CERTIFICATE-----\n", "--ca-file"),
    ] {
        std::fs::write(&file, text).unwrap();
        let said = namespace(&["export", "--url", "https://127.0.0.1:1", "--ca-file", file.to_str().unwrap()], &ours);
        let said = said.bad();
        assert!(said.contains(part) && said.contains("other.pem"), "{text:?}: {said}");
    }
    std::fs::remove_file(ours.file()).unwrap();
    let said = namespace(&["export", "--url", "https://127.0.0.1:1"], &ours).bad();
    assert!(said.contains("no certificates of authorities") && said.contains("--ca-file"), "{said}");
}

#[test]
fn the_wrong_scheme_is_named_and_a_redirect_is_not_followed() {
    let bank = Bank::with(&[]);
    let ours = Authority::new();
    let said = namespace(&["export", "--url", &format!("https://{}", bank.node.address)], &ours).bad();
    assert!(said.contains("is it an http:// URL?"), "{said}");
    let front = ours.front("127.0.0.1", |_| {}, &bank.node.address);
    let said = namespace(&["export", "--url", &format!("http://{}", front.address)], &ours).bad();
    assert!(said.contains("is it an https:// URL?") && front.got() == 0, "{said}");

    let target = Front::with(|_, requests| {
        requests.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let place = format!("http://{}/elsewhere", target.address);
    let moved = place.clone();
    let redirecting = Front::with(move |stream, _| {
        let mut client = BufReader::new(stream);
        request(&mut client)?;
        let head = format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {moved}\r\nContent-Length: 0\r\n\r\n");
        client.get_mut().write_all(head.as_bytes())
    });
    let said = namespace(&["export", "--url", &format!("http://{}", redirecting.address)], &ours).bad();
    assert!(said.contains(&format!("redirects to {place}")), "{said}");
    assert_eq!(target.got(), 0);
}

#[test]
fn the_runner_of_the_contract_asks_a_registry_over_https_and_only_one_that_it_trusts() {
    let (node, authority) = (Node::start(), Authority::new());
    let front = authority.front("localhost", |_| {}, &node.address);
    let url = format!("https://{}", front.address.replace("127.0.0.1", "localhost"));
    let run = |authorities: Option<PathBuf>| {
        let options = Options { filter: Some("http.root".into()), authorities, ..Options::default() };
        conformance::run(&url, &options).unwrap()
    };
    let report = run(Some(authority.file()));
    assert!(report.ok() && report.passed == 1, "{report}");
    let asked = front.got();
    let stranger = run(Some(Authority::new().file()));
    assert!(stranger.failed == 1 && stranger.to_string().contains("certificate"), "{stranger}");
    assert_eq!(front.got(), asked);
}
