//! What hyper answers by itself to what it cannot read as a request: a status without a body, which no service is asked about.
//! It is given the envelope of every other failure on its way to the socket.

use crate::http::catalogue::ErrorResponse;

/// The whole answer in place of the head that hyper writes; `None` where the head is not of its own making. Every answer of the
/// service names its request.
pub(super) fn enveloped(head: &[u8]) -> Option<Vec<u8>> {
    let head = std::str::from_utf8(head).ok()?;
    let (line, fields) = head.split_once("\r\n")?;
    let status: u16 = line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let own = (400..500).contains(&status) && fields.ends_with("\r\n") && !fields.contains("x-request-id:");
    let message = match status {
        _ if !own => return None,
        414 => "URI Too Long",
        431 => "The head of the request is too large",
        _ => "Bad Request: this is no request of HTTP/1.1",
    };
    let body = ErrorResponse::plain(status, message).body();
    let date = fields.lines().find(|field| field.starts_with("date:"));
    let date = date.map_or(String::new(), |date| format!("{date}\r\n"));
    let head = format!(
        "{line}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n{date}\r\n",
        body.len()
    );
    Some([head.into_bytes(), body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_hyper_get_the_envelope_and_others_are_left_alone() {
        let own = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        let text = String::from_utf8(enveloped(own).unwrap()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n") && head.ends_with("date: x"),
            "{head}"
        );
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
        assert_eq!(body, "{\"error_code\":431,\"message\":\"The head of the request is too large\"}");
        for other in
            ["HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 4", "{}"]
        {
            assert_eq!(enveloped(other.as_bytes()), None, "{other}");
        }
    }
}
