//! Leaves a registry as it was: what a case registered, configured or associated is deleted, for good, whatever came of the case.
//!
//! Works from the requests that succeeded, so no case has to say it. Errors do not matter here: a case may have deleted
//! its subjects itself. What cannot be undone is that ids and context names have been used.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::JSON;
use crate::http::{Client, Request, Response};

/// Where KEKs are.
const KEKS: &str = "/dek-registry/v1/keks";

/// What a DEK may be for, of which each is deleted by itself.
const ALGORITHMS: [&str; 3] = ["AES128_GCM", "AES256_GCM", "AES256_SIV"];

/// What one case has touched.
#[derive(Debug, Default)]
pub struct Touched {
    /// Subjects as written in targets, each with the prefix of a context (`/contexts/.c`) if one was before it, in order of their first
    /// use.
    subjects: Vec<(String, String)>,
    /// Ids of resources that subjects were associated with.
    resources: BTreeSet<String>,
    /// Names of KEKs.
    keks: BTreeSet<String>,
    /// The global config and mode before the case, as answered.
    global: Option<(Vec<u8>, Vec<u8>)>,
}

impl Touched {
    /// Notes the subject, or the resource, that a successful request may have left something under.
    pub fn note(&mut self, request: &Request, response: &Response) {
        if !matches!(response.status, 200 | 207) || request.method == "GET" {
            return;
        }
        if request.target.contains("/associations") {
            self.note_resources(request);
        }
        let path = request.target.split('?').next().unwrap_or_default();
        if request.method == "POST" && path.ends_with(KEKS) {
            self.keks.extend(body(request)["name"].as_str().map(str::to_owned));
        }
        let (prefix, path) = without_context(path);
        let mut segments = path.trim_start_matches('/').split('/');
        if let (Some("subjects" | "config" | "mode"), Some(subject)) = (segments.next(), segments.next())
            && !subject.is_empty()
        {
            let subject = (prefix.to_owned(), subject.to_owned());
            if !self.subjects.contains(&subject) {
                self.subjects.push(subject);
            }
        }
    }

    fn note_resources(&mut self, request: &Request) {
        let body = body(request);
        let elements = body["requests"].as_array().map_or(std::slice::from_ref(&body), Vec::as_slice);
        self.resources.extend(elements.iter().filter_map(|element| element["resourceId"].as_str()).map(str::to_owned));
        let path = request.target.split('?').next().unwrap_or_default();
        self.resources.extend(path.strip_prefix("/associations/resources/").map(str::to_owned));
    }

    /// Remembers the global settings.
    pub fn remember_global(&mut self, client: &mut Client) {
        let mut body = |target| send(client, "GET", target, None).map(|response| response.body);
        if let (Some(config), Some(mode)) = (body("/config"), body("/mode")) {
            self.global = Some((config, mode));
        }
    }

    /// Undoes it all.
    pub fn clean(self, client: &mut Client) {
        if let Some((config, mode)) = &self.global {
            // Mode first: a read-only registry refuses changes of its config.
            restore(client, "/mode", mode);
            restore(client, "/config", config);
        }
        // A subject under an association cannot be deleted.
        for resource in &self.resources {
            send(client, "DELETE", &format!("/associations/resources/{resource}?cascadeLifecycle=true"), None);
        }
        self.keks.iter().for_each(|kek| delete_kek(client, kek));
        for (prefix, subject) in &self.subjects {
            send(client, "DELETE", &format!("{prefix}/mode/{subject}"), None);
            send(client, "DELETE", &format!("{prefix}/config/{subject}"), None);
        }
        // Later subjects refer to earlier ones, as a rule; the second round is for those that do it the other way round.
        for _ in 0..2 {
            for (prefix, subject) in self.subjects.iter().rev() {
                send(client, "DELETE", &format!("{prefix}/subjects/{subject}"), None);
                send(client, "DELETE", &format!("{prefix}/subjects/{subject}?permanent=true"), None);
            }
        }
        let contexts: BTreeSet<&str> =
            self.subjects.iter().filter_map(|(prefix, subject)| context(prefix, subject)).collect();
        for context in contexts {
            send(client, "DELETE", &format!("/contexts/{context}"), None);
        }
    }
}

/// A path in two: `/contexts/.c`, if it begins so and goes on, and the rest.
fn without_context(path: &str) -> (&str, &str) {
    let end = path.strip_prefix("/contexts/").and_then(|rest| rest.find('/')).map_or(0, |end| end + "/contexts/".len());
    path.split_at(end)
}

/// The named context that a subject is in.
fn context<'a>(prefix: &'a str, subject: &'a str) -> Option<&'a str> {
    let qualified = subject.strip_prefix(":.").and_then(|rest| rest.find(':')).map(|end| &subject[1..end + 2]);
    qualified.or_else(|| prefix.strip_prefix("/contexts/")).filter(|context| !matches!(*context, "." | ".__GLOBAL"))
}

/// Deletes a KEK, and before it its DEKs.
fn delete_kek(client: &mut Client, kek: &str) {
    let kek = format!("{KEKS}/{kek}");
    let found = send(client, "GET", &format!("{kek}/deks?deleted=true"), None).filter(|found| found.status == 200);
    let subjects: Vec<String> = found.and_then(|found| serde_json::from_slice(&found.body).ok()).unwrap_or_default();
    let deks = subjects
        .iter()
        .flat_map(|subject| ALGORITHMS.map(|algorithm| format!("{kek}/deks/{subject}?algorithm={algorithm}")));
    let targets: Vec<String> = deks.chain([format!("{kek}?")]).collect();
    for target in targets {
        send(client, "DELETE", &target, None);
        send(client, "DELETE", &format!("{target}&permanent=true"), None);
    }
}

fn body(request: &Request) -> Value {
    request.body.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default()
}

fn restore(client: &mut Client, target: &str, before: &[u8]) {
    send(client, "DELETE", target, None);
    if send(client, "GET", target, None).is_some_and(|now| now.body == before) {
        return;
    }
    // The level has another name in the request than in the answer.
    let Ok(Value::Object(mut members)) = serde_json::from_slice(before) else { return };
    if let Some(level) = members.remove("compatibilityLevel") {
        members.insert("compatibility".to_owned(), level);
    }
    send(client, "PUT", target, Some(Value::Object(members).to_string().into_bytes()));
}

fn send(client: &mut Client, method: &str, target: &str, body: Option<Vec<u8>>) -> Option<Response> {
    let headers = vec![("Content-Type".to_owned(), JSON.to_owned())];
    client.send(&Request { method: method.to_owned(), target: target.to_owned(), headers, body }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_found_again_with_the_context_that_it_is_in() {
        let check = |path: &str, split: (&str, &str)| assert_eq!(without_context(path), split);
        check("/subjects/s/versions", ("", "/subjects/s/versions"));
        check("/contexts/.c/subjects/s", ("/contexts/.c", "/subjects/s"));
        check("/contexts/.c", ("", "/contexts/.c"));
        let contexts =
            [("", "s"), ("", ":.c:s"), ("/contexts/.c", "s"), ("", ":.:s"), ("", ":.__GLOBAL:"), ("", ":c:s")];
        let found = contexts.map(|(prefix, subject)| context(prefix, subject));
        assert_eq!(found, [None, Some(".c"), Some(".c"), None, None, None]);
    }
}
