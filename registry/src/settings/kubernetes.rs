//! The variables that Kubernetes puts into every container for each Service of the namespace: for one called `freehold`, or
//! `freehold-xyz`, they begin as ours do.
//!
//! Source: <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>, and the Docker links
//! that these imitate.

/// Is it one of them, by its name and its value? A `FREEHOLD_PORT=8081` is somebody's mistake.
pub fn is_of_a_service(name: &str, value: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_url = |text: &str| ["tcp://", "udp://", "sctp://"].iter().any(|scheme| text.starts_with(scheme));
    if name.ends_with("_SERVICE_HOST") || (name.ends_with("_PORT") && is_url(value)) {
        return true;
    }
    if name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
        return is_number(value);
    }
    // FREEHOLD_PORT_8081_TCP, and that with _PROTO, _PORT or _ADDR.
    let port = ["_PROTO", "_PORT", "_ADDR"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
    let mut words = port.rsplit('_');
    matches!(words.next(), Some("TCP" | "UDP" | "SCTP"))
        && words.next().is_some_and(is_number)
        && words.next() == Some("PORT")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::KEYS;

    #[test]
    fn variables_of_services_are_told_from_mistakes() {
        let theirs = [
            ("FREEHOLD_SERVICE_HOST", "10.0.0.1"),
            ("FREEHOLD_SERVICE_PORT", "8081"),
            ("FREEHOLD_SERVICE_PORT_HTTP", "8081"),
            ("FREEHOLD_SERVICE_PORT_HTTP_METRICS", "8081"),
            ("FREEHOLD_PORT", "tcp://10.0.0.1:8081"),
            ("FREEHOLD_PORT_8081_TCP", "tcp://10.0.0.1:8081"),
            ("FREEHOLD_PORT_8081_TCP_PROTO", "tcp"),
            ("FREEHOLD_PORT_8081_TCP_PORT", "8081"),
            ("FREEHOLD_PORT_8081_TCP_ADDR", "10.0.0.1"),
            ("FREEHOLD_HEADLESS_SERVICE_HOST", "fd00::1"),
            ("FREEHOLD_HEADLESS_PORT", "udp://[fd00::1]:53"),
            ("FREEHOLD_HEADLESS_PORT_53_UDP_ADDR", "fd00::1"),
        ];
        for (name, value) in theirs {
            assert!(is_of_a_service(name, value), "{name}={value}");
        }
        let mistakes = [
            ("FREEHOLD_PORT", "8081"),
            ("FREEHOLD_LISTEN_PORT", "8081"),
            ("FREEHOLD_SERVICE_PORT", "http"),
            ("FREEHOLD_PORT_RANGE", "1"),
            ("FREEHOLD_HOST", "10.0.0.1"),
            ("FREEHOLD_LISTN", "x"),
        ];
        for (name, value) in mistakes {
            assert!(!is_of_a_service(name, value), "{name}={value}");
        }
    }

    #[test]
    fn no_key_of_ours_is_called_as_theirs_are() {
        for key in KEYS {
            let name = key.variable();
            for value in ["8081", "tcp://10.0.0.1:8081", "tcp", "10.0.0.1"] {
                assert!(!is_of_a_service(&name, value), "{name}");
            }
            assert!(!name.ends_with("_HOST") && !name.ends_with("_PORT") && !name.contains("_PORT_"), "{name}");
        }
    }
}
