//! Requests as ordinary clients send them.

use conformance::http::{BaseUrl, Client, Error, Request};
use serde_json::Value;
use std::time::Duration;

/// Any answer comes sooner; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client with one kept connection.
pub struct Caller {
    client: Client,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()
    }

    /// The error code of a failure, whose envelope is checked.
    #[track_caller]
    pub fn error_code(&self) -> u64 {
        let body = self.json();
        let code = body["error_code"].as_u64().unwrap_or_else(|| panic!("no error code: {self:?}"));
        // An incompatible schema is told of one finding at a time besides.
        let findings = usize::from(code == 40901 && body["findings"].is_array());
        let members = body.as_object().unwrap().len() - findings;
        assert!(members == 2 && body["message"].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        let status = if code >= 10_000 { code / 100 } else { code };
        assert_eq!(status, u64::from(self.status), "{self:?}");
        code
    }

    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Caller {
    pub fn new(url: &str) -> Self {
        Caller { client: Client::new(BaseUrl::parse(url).unwrap(), PATIENCE, None).unwrap() }
    }

    /// Sends a request; an error where the connection was refused or broke.
    pub fn try_send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, Error> {
        let request = Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.map(<[u8]>::to_vec),
        };
        let response = self.client.send(&request)?;
        let text = response.text();
        Ok(Answer { status: response.status, headers: response.headers, text })
    }

    #[track_caller]
    pub fn send(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
        self.try_send(method, target, headers, body).unwrap_or_else(|error| panic!("{method} {target}: {error}"))
    }

    #[track_caller]
    pub fn get(&mut self, target: &str) -> Answer {
        self.send("GET", target, &[], None)
    }

    #[track_caller]
    pub fn post(&mut self, target: &str, body: &Value) -> Answer {
        self.send("POST", target, &[("Content-Type", conformance::JSON)], Some(body.to_string().as_bytes()))
    }

    #[track_caller]
    pub fn put(&mut self, target: &str, body: &Value) -> Answer {
        self.send("PUT", target, &[("Content-Type", conformance::JSON)], Some(body.to_string().as_bytes()))
    }

    #[track_caller]
    pub fn delete(&mut self, target: &str) -> Answer {
        self.send("DELETE", target, &[], None)
    }
}
