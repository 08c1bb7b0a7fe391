//! Values of keys from their four places, before anything is made of them: defaults, file, environment, flags, the later of
//! these winning. A key that is not in the table is an error here; a value that cannot be used is one when it is read.

use super::keys::{KEYS, Key};
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

/// Where a value came from.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "plain")]
pub enum Source {
    Default,
    File(PathBuf),
    Variable(String),
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::File(path) => write!(f, "file {}", path.display()),
            Source::Variable(name) => write!(f, "environment variable {name}"),
            Source::Flag(name) => write!(f, "flag --{name}"),
        }
    }
}

/// An unusable configuration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[allow(missing_docs, reason = "the texts say it")]
pub enum Error {
    #[error("cannot read the configuration file {path}: {reason}")]
    Unreadable { path: PathBuf, reason: String },
    #[error("{source}: unknown key '{key}'{hint}", source = .place)]
    UnknownKey { place: Source, key: String, hint: String },
    #[error("{source}: the value '{value}' of '{key}' {reason}", source = .place)]
    BadValue { place: Source, key: String, value: String, reason: String },
}

/// The raw values with their sources.
#[derive(Clone, Debug)]
pub struct Gathered(BTreeMap<&'static str, (String, Source)>);

/// Gathers values: defaults, then the file, then the environment, then the flags.
///
/// # Errors
/// `Unreadable`, `UnknownKey`, and `BadValue` for a value in the file that is no text, number or boolean.
pub fn gather(
    file: Option<&Path>,
    variables: impl Iterator<Item = (String, String)>,
    flags: &[(String, String)],
) -> Result<Gathered, Error> {
    let mut values: BTreeMap<&'static str, (String, Source)> =
        KEYS.iter().map(|key| (key.name, (key.default.to_owned(), Source::Default))).collect();
    if let Some(path) = file {
        let unreadable = |reason: String| Error::Unreadable { path: path.to_owned(), reason };
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| unreadable(error.to_string()))?;
        flatten(&table, "", &Source::File(path.to_owned()), &mut values)?;
    }
    for (name, value) in variables {
        // These three are not of the table: the file itself, the build, and the password of `freehold user` and `namespace`.
        let other = ["FREEHOLD_CONFIG", "FREEHOLD_COMMIT", "FREEHOLD_PASSWORD"].contains(&name.as_str());
        if !name.starts_with("FREEHOLD_") || other {
            continue;
        }
        let place = Source::Variable(name.clone());
        let key = KEYS.iter().find(|key| key.variable() == name);
        let key =
            key.ok_or_else(|| unknown(place.clone(), &name, &KEYS.iter().map(Key::variable).collect::<Vec<_>>()))?;
        values.insert(key.name, (value, place));
    }
    for (flag, value) in flags {
        let place = Source::Flag(flag.clone());
        let key = KEYS.iter().find(|key| key.flag() == *flag);
        let key = key.ok_or_else(|| unknown(place.clone(), flag, &KEYS.iter().map(Key::flag).collect::<Vec<_>>()))?;
        values.insert(key.name, (value.clone(), place));
    }
    Ok(Gathered(values))
}

fn flatten(
    table: &toml::Table,
    prefix: &str,
    place: &Source,
    values: &mut BTreeMap<&'static str, (String, Source)>,
) -> Result<(), Error> {
    for (name, value) in table {
        let name = format!("{prefix}{name}");
        if let toml::Value::Table(inner) = value
            && KEYS.iter().any(|key| key.name.starts_with(&format!("{name}.")))
        {
            flatten(inner, &format!("{name}."), place, values)?;
            continue;
        }
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            return Err(unknown(place.clone(), &name, &KEYS.iter().map(|key| key.name.to_owned()).collect::<Vec<_>>()));
        };
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            other => {
                return Err(Error::BadValue {
                    place: place.clone(),
                    key: name,
                    value: other.type_str().to_owned(),
                    reason: "must be a text, a whole number or a boolean".into(),
                });
            }
        };
        values.insert(key.name, (text, place.clone()));
    }
    Ok(())
}

fn unknown(place: Source, key: &str, known: &[String]) -> Error {
    let near = known.iter().map(|name| (strsim::jaro_winkler(name, key), name)).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint =
        near.filter(|(score, _)| *score > 0.85).map_or(String::new(), |(_, name)| format!("; did you mean '{name}'?"));
    Error::UnknownKey { place, key: key.to_owned(), hint }
}

impl Gathered {
    pub(crate) fn read<T>(&self, key: &str, reason: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
        let (value, place) = &self.0[key];
        read(value).ok_or_else(|| Error::BadValue {
            place: place.clone(),
            key: key.to_owned(),
            value: value.clone(),
            reason: reason.to_owned(),
        })
    }

    pub(crate) fn text(&self, key: &str) -> String {
        self.0[key].0.clone()
    }

    pub(crate) fn number(&self, key: &str, least: usize) -> Result<usize, Error> {
        let reason = format!("must be a whole number from {least} up to {}", u32::MAX);
        let in_range = |number: &usize| *number >= least && *number <= u32::MAX as usize;
        self.read(key, &reason, |text| text.parse().ok().filter(in_range))
    }

    /// The effective configuration as TOML, each line with its source, secrets hidden.
    pub fn printed(&self) -> String {
        let mut out = String::new();
        let (top, tables): (Vec<&Key>, Vec<&Key>) = KEYS.iter().partition(|key| !key.name.contains('.'));
        let mut table = "";
        for key in top.into_iter().chain(tables) {
            let (value, place) = &self.0[key.name];
            let (inside, name) = key.name.split_once('.').unwrap_or(("", key.name));
            if inside != table {
                let _ = writeln!(out, "\n[{inside}]");
                table = inside;
            }
            let value = if key.secret { "(hidden)" } else { value };
            let shown = if value.parse::<u64>().is_ok() { value.to_owned() } else { format!("{value:?}") };
            let _ = writeln!(out, "{:<48} # {place}", format!("{name} = {shown}"));
        }
        out
    }
}
