//! What became of an export, for people and for programs.

use super::report::{joined, listed, several};
use serde_json::{Value, json};

/// The report of an export.
#[derive(Debug, Default)]
pub struct Exported {
    /// The registry.
    pub source: String,
    /// The directory.
    pub directory: String,
    /// How many subjects, versions and soft-deleted versions it holds.
    pub subjects: usize,
    /// The versions.
    pub versions: usize,
    /// The soft-deleted ones of them.
    pub deleted: usize,
    /// The scopes that have a config or mode of their own.
    pub scopes: usize,
    /// Versions that the registry has and does not show.
    pub unreadable: Vec<String>,
    /// What the registry does not serve.
    pub notes: Vec<String>,
    /// Is all of it in the directory?
    pub is_written: bool,
    /// Did somebody stop it?
    pub stopped: bool,
    /// Why it could not go on.
    pub failure: Option<String>,
}

impl Exported {
    /// For people.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        listed(&mut lines, "note", self.notes.iter().cloned());
        listed(&mut lines, "not exported", self.unreadable.iter().cloned());
        let deleted = if self.deleted > 0 { format!(" ({} soft-deleted)", self.deleted) } else { String::new() };
        let (subjects, versions) = (several(self.subjects, "subject"), several(self.versions, "version"));
        let scopes = several(self.scopes, "scope");
        if self.is_written {
            lines.push(format!("{}: {subjects}, {versions}{deleted}, settings of {scopes}", self.directory));
        } else if self.stopped {
            lines.push(format!("{}: stopped before the end; run it again", self.directory));
        }
        joined(&lines)
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "complete": self.is_written && self.unreadable.is_empty(),
            "source": self.source,
            "directory": self.directory,
            "subjects": self.subjects,
            "versions": self.versions,
            "softDeleted": self.deleted,
            "settings": self.scopes,
            "unreadable": self.unreadable,
            "notes": self.notes,
            "stopped": self.stopped,
            "failure": self.failure,
        })
    }
}
