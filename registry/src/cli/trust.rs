//! Whose certificates a registry over https may show, and what to do when it shows another.
//!
//! What is deliberately not here: a way to go without verification. `--ca-file` serves every registry of one's own.

use clap::{Arg, ArgMatches};
use rustls::{CertificateError, RootCertStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// The authorities whose certificates are trusted.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Those that the system trusts.
    System,
    /// Those in this PEM file, and no others.
    File(PathBuf),
}

impl Trust {
    /// The argument that names the authorities.
    pub fn argument() -> Arg {
        Self::argument_named("ca-file")
    }

    /// The same under another name, where a command asks two registries.
    pub fn argument_named(name: &'static str) -> Arg {
        Arg::new(name)
            .long(name)
            .value_name("PEM")
            .value_parser(clap::value_parser!(PathBuf))
            .help("Certificates of the authorities to trust with https://, instead of those that the system trusts")
    }

    /// What a command with that argument was told.
    pub fn of(matches: &ArgMatches) -> Self {
        Self::of_named(matches, "ca-file")
    }

    /// The same of an argument under another name.
    pub fn of_named(matches: &ArgMatches, name: &str) -> Self {
        matches.get_one::<PathBuf>(name).map_or(Trust::System, |path| Trust::File(path.clone()))
    }

    /// How to speak TLS with this trust.
    ///
    /// # Errors
    /// The authorities cannot be read, or there are none.
    pub fn config(&self) -> Result<TlsConfig, String> {
        let authorities = match self {
            Trust::System => system()?,
            Trust::File(path) => in_file(path).map_err(|error| format!("--ca-file {}: {error}", path.display()))?,
        };
        let ring = rustls::crypto::ring::default_provider();
        let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(Arc::new(ring));
        Ok(tls.root_certs(RootCerts::new_with_certs(&authorities)).build())
    }
}

/// Single files of the system's that cannot be read are no reason to trust none of the others.
fn system() -> Result<Vec<Certificate<'static>>, String> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = found.errors.first().map_or(String::new(), |error| format!(" ({error})"));
        return Err(format!(
            "this machine has no certificates of authorities{why}; install its package ca-certificates, or name the \
             authority's certificate with --ca-file"
        ));
    }
    Ok(found.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect())
}

fn in_file(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| error.to_string())? {
            // One that cannot be used would otherwise only show as a registry that is not trusted.
            let der = certificate.der().to_vec().into();
            RootCertStore::empty().add(der).map_err(|error| format!("a certificate in it cannot be used: {error}"))?;
            found.push(certificate);
        }
    }
    if found.is_empty() { Err("there is no certificate (PEM) in it".to_owned()) } else { Ok(found) }
}

/// What went wrong, and what to do about it, where it is a matter of TLS.
pub fn explained(error: &ureq::Error) -> Option<String> {
    let error = match error {
        ureq::Error::Rustls(error) => error,
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref()?,
        _ => return None,
    };
    Some(match error {
        rustls::Error::InvalidCertificate(problem) => match problem {
            // Two authorities of one name differ in their signature alone.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "its certificate is of an authority that is not trusted here; name that authority's certificate with \
                 --ca-file FILE"
                    .to_owned()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("its certificate has expired ({problem}); it has to be renewed there")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                format!("its certificate is not valid yet ({problem}); look at the clocks of both machines")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("its certificate is for another name ({problem}); say the URL with a name that it is for")
            }
            problem => format!("its certificate cannot be accepted: {problem}"),
        },
        rustls::Error::InvalidMessage(_) => "it does not speak TLS there; is it an http:// URL?".to_owned(),
        other => format!("no TLS with it: {other}"),
    })
}
