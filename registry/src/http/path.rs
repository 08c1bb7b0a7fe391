//! The parameters of a path, each read once, into what it names.
//!
//! A row of the route table names a reader for each of them, in the order of the path, and its handler gets what they return.
//! Where a text can be wrong that is a `Result` with the fault of such a text: the handler asks for permission first and looks
//! into it then, since nobody hears what else is wrong with a request that they may not make.

use super::prefix;
use super::wire::namespace::parsed;
use model::{Claim, Context, NamespaceName, Principal, SchemaId, Subject};
use rules::delete::Selector;
use rules::fault::Fault;
use std::slice::Iter;

/// The parameters that have not been read yet.
pub struct Path<'a> {
    subject: Option<&'a Subject>,
    sent: Iter<'a, String>,
}

impl<'a> Path<'a> {
    /// All parameters as they were sent, decoded; `subject` is what the first of them stands for, where it names a subject.
    pub fn new(subject: Option<&'a Subject>, sent: &'a [String]) -> Self {
        Path { subject, sent: sent.iter() }
    }

    /// A text that may be anything, or that its answer repeats as it was sent.
    pub fn text(&mut self) -> &'a str {
        self.sent.next().map_or("", String::as_str)
    }

    /// The subject that the request is about; its alias has been followed where the row says so.
    pub fn subject(&mut self) -> Subject {
        let sent = self.text();
        self.subject.cloned().unwrap_or_else(|| Subject::parse(sent))
    }

    /// `latest` in any letter case, or -1; else a number from 1. What is neither is `InvalidVersion`.
    pub fn version(&mut self) -> Result<Selector, Fault> {
        let text = self.text();
        match text.trim() {
            trimmed if trimmed.eq_ignore_ascii_case("latest") || trimmed == "-1" => Ok(Selector::Latest),
            trimmed => match decimal(trimmed) {
                Some(number) if number >= 1 => Ok(Selector::Number(number)),
                _ => Err(Fault::InvalidVersion(text.to_owned())),
            },
        }
    }

    /// The id of a schema. What is no 32-bit integer is `NoSuchResource`.
    pub fn id(&mut self) -> Result<SchemaId, Fault> {
        self.text().parse().map_err(|_| Fault::NoSuchResource)
    }

    /// A context, in any of its spellings. What has a colon inside is `NoSuchResource`.
    pub fn context(&mut self) -> Result<Context, Fault> {
        prefix::context(self.text()).map_err(|_| Fault::NoSuchResource)
    }

    /// The name of a namespace, which need not exist. What cannot be one is `InvalidNamespace`.
    pub fn namespace(&mut self) -> Result<NamespaceName, Fault> {
        parsed(self.text())
    }

    /// A principal. What names none is `InvalidNamespace`.
    pub fn principal(&mut self) -> Result<Principal, Fault> {
        parsed(self.text())
    }

    /// A claim. What is none is `InvalidNamespace`.
    pub fn claim(&mut self) -> Result<Claim, Fault> {
        parsed(self.text())
    }
}

/// Reads a number as Java does: digits of any script count.
fn decimal(text: &str) -> Option<i32> {
    let ascii: String = text.chars().map(|c| digit(c).map_or(c, |d| char::from(b'0' + d))).collect();
    ascii.parse().ok()
}

/// The value of a decimal digit of any script; their blocks of ten begin at these code points.
fn digit(c: char) -> Option<u8> {
    const ZEROS: [u32; 22] = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20,
        0x1040, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1b50, 0xff10,
    ];
    ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&(c as u32))).map(|zero| (c as u32 - zero) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_latest_or_a_number_from_1() {
        let rows = [
            ("latest", Some(Selector::Latest)),
            ("LaTeSt", Some(Selector::Latest)),
            (" -1 ", Some(Selector::Latest)),
            ("1", Some(Selector::Number(1))),
            ("+2", Some(Selector::Number(2))),
            ("٣", Some(Selector::Number(3))),
            ("2147483647", Some(Selector::Number(i32::MAX))),
            ("2147483648", None),
            ("0", None),
            ("-2", None),
            ("1.0", None),
            ("", None),
        ];
        for (text, expected) in rows {
            match (Path::new(None, &[text.to_owned()]).version(), expected) {
                (Ok(found), Some(expected)) => assert_eq!(found, expected, "{text:?}"),
                (Err(Fault::InvalidVersion(told)), None) => assert_eq!(told, text),
                (other, _) => panic!("{text:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_a_text_cannot_be_is_the_fault_of_its_parameter() {
        let sent = ["7", "7x", ":.a:", ":.a:b:", "A b", "alice", "a."].map(str::to_owned);
        let path = &mut Path::new(None, &sent);
        assert!(matches!(path.id(), Ok(7)));
        assert!(matches!(path.id(), Err(Fault::NoSuchResource)));
        assert!(matches!(path.context(), Ok(context) if context.as_str() == ".a"));
        assert!(matches!(path.context(), Err(Fault::NoSuchResource)));
        assert!(matches!(path.namespace(), Err(Fault::InvalidNamespace(_))));
        assert!(matches!(path.principal(), Err(Fault::InvalidNamespace(_))));
        assert!(matches!(path.claim(), Err(Fault::InvalidNamespace(_))));
    }

    #[test]
    fn parameters_are_read_in_the_order_of_the_path() {
        let sent = ["alias".to_owned(), "3".to_owned()];
        let subject = Subject::parse("orders");
        let mut path = Path::new(Some(&subject), &sent);
        assert_eq!(path.subject(), subject);
        assert!(matches!(path.version(), Ok(Selector::Number(3))));
        assert_eq!(path.text(), "");
    }
}
