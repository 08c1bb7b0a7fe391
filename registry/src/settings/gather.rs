//! Values of keys from their four places, before anything is made of them: defaults, file, environment, flags, the later of
//! these winning. A key that is not in the table is an error here, but for the environment, where others put variables too: there
//! it is a warning. A value that cannot be used is an error when it is read.

use super::keys::{KEYS, Key, Kind};
use super::{kubernetes, secrets, units};
use crate::printable::printable;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
pub struct Gathered {
    values: BTreeMap<&'static str, (String, Source)>,
    warnings: Vec<String>,
}

/// What the names of all variables begin with.
const PREFIX: &str = "FREEHOLD_";

/// Variables that are not of the table: the file itself, the build, and the password of `freehold user` and `namespace`.
const OTHER_VARIABLES: [&str; 3] = ["FREEHOLD_CONFIG", "FREEHOLD_COMMIT", "FREEHOLD_PASSWORD"];

/// The longest time that can be set: a hundred years.
const LONGEST: Duration = Duration::from_secs(36_500 * 24 * 60 * 60);

/// Gathers values: defaults, then the file, then the environment, then the flags.
///
/// # Errors
/// `Unreadable`, `UnknownKey` in the file or the flags, and `BadValue` for what is no value of its key.
pub fn gather(
    file: Option<&Path>,
    variables: impl Iterator<Item = (OsString, OsString)>,
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
    let mut warnings = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
        let place = Source::Variable(name.to_owned());
        if let Some(key) = KEYS.iter().find(|key| key.variable() == name) {
            let shown = value.to_string_lossy().into_owned();
            let reason = "is not UTF-8".to_owned();
            let bad = |_| Error::BadValue { place: place.clone(), key: key.name.to_owned(), value: shown, reason };
            values.insert(key.name, (value.into_string().map_err(bad)?, place.clone()));
        } else if !OTHER_VARIABLES.contains(&name)
            && !name.starts_with(secrets::VARIABLE)
            && !kubernetes::is_of_a_service(name, &value.to_string_lossy())
        {
            let hint = did_you_mean(name, &KEYS.iter().map(Key::variable).collect::<Vec<_>>());
            warnings.push(format!("the environment variable {name} is no setting and changes nothing{hint}"));
        }
    }
    for (flag, value) in flags {
        let place = Source::Flag(flag.clone());
        let key = KEYS.iter().find(|key| key.flag() == *flag);
        let key = key.ok_or_else(|| unknown(place.clone(), flag, &KEYS.iter().map(Key::flag).collect::<Vec<_>>()))?;
        values.insert(key.name, (value.clone(), place));
    }
    Ok(Gathered { values, warnings })
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
        let bad = |value: &toml::Value, reason: &str| Error::BadValue {
            place: place.clone(),
            key: name.clone(),
            value: value.as_str().unwrap_or(value.type_str()).to_owned(),
            reason: reason.to_owned(),
        };
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            toml::Value::Array(items) if key.kind == Kind::List => {
                let text = |item: &toml::Value| item.as_str().filter(|text| !text.contains(',')).map(str::to_owned);
                let texts: Option<Vec<String>> = items.iter().map(text).collect();
                texts.ok_or_else(|| bad(value, "must be a list of texts without commas"))?.join(",")
            }
            other if key.kind == Kind::List => return Err(bad(other, "must be a text or a list of texts")),
            other => return Err(bad(other, "must be a text, a whole number or a boolean")),
        };
        values.insert(key.name, (text, place.clone()));
    }
    Ok(())
}

fn unknown(place: Source, key: &str, known: &[String]) -> Error {
    Error::UnknownKey { place, key: key.to_owned(), hint: did_you_mean(key, known) }
}

/// The nearest of what is known, if one is near. What all variables begin with brings none nearer.
fn did_you_mean(name: &str, known: &[String]) -> String {
    let own = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    let nearness = |other: &str| strsim::jaro_winkler(&own(other), &own(name));
    let near = known.iter().map(|other| (nearness(other), other)).max_by(|a, b| a.0.total_cmp(&b.0));
    near.filter(|(score, _)| *score > 0.85).map_or(String::new(), |(_, other)| format!("; did you mean '{other}'?"))
}

impl Gathered {
    /// What should be looked at although it is no error, as sentences.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(crate) fn read<T>(&self, key: &str, reason: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
        let (value, place) = &self.values[key];
        read(value).ok_or_else(|| Error::BadValue {
            place: place.clone(),
            key: key.to_owned(),
            value: value.clone(),
            reason: reason.to_owned(),
        })
    }

    pub(crate) fn text(&self, key: &str) -> String {
        self.values[key].0.clone()
    }

    pub(crate) fn number(&self, key: &str, least: usize) -> Result<usize, Error> {
        let reason = format!("must be a whole number from {least} up to {}", u32::MAX);
        let in_range = |number: &usize| *number >= least && *number <= u32::MAX as usize;
        self.read(key, &reason, |text| text.parse().ok().filter(in_range))
    }

    /// A number of bytes.
    pub(crate) fn size(&self, key: &str, bounds: Range<u64>) -> Result<usize, Error> {
        let (least, end) = (units::shown_size(bounds.start), units::shown_size(bounds.end));
        let reason = format!("must be a size from {least} and below {end}: a number of bytes, or such as 64MiB");
        let bytes = self.read(key, &reason, |text| units::size(text).filter(|bytes| bounds.contains(bytes)))?;
        Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
    }

    pub(crate) fn time(&self, key: &str, least: Duration) -> Result<Duration, Error> {
        let reason = format!(
            "must be a time of at least {} and at most {}: a number of seconds, or such as 250ms, 10s, 5m, 12h, 90d",
            units::shown_time(least),
            units::shown_time(LONGEST)
        );
        self.read(key, &reason, |text| units::time(text).filter(|time| (least..=LONGEST).contains(time)))
    }

    /// The effective configuration as TOML, each line with its source, secrets hidden.
    pub fn printed(&self) -> String {
        let mut out = String::new();
        let (top, tables): (Vec<&Key>, Vec<&Key>) = KEYS.iter().partition(|key| !key.name.contains('.'));
        let mut table = "";
        for key in top.into_iter().chain(tables) {
            let (value, place) = &self.values[key.name];
            let (inside, name) = key.name.split_once('.').unwrap_or(("", key.name));
            if inside != table {
                let _ = writeln!(out, "\n[{inside}]");
                table = inside;
            }
            let _ =
                writeln!(out, "{:<48} # {}", format!("{name} = {}", shown(key, value)), printable(&place.to_string()));
        }
        out
    }
}

/// A value as TOML, and as it reads best.
fn shown(key: &Key, value: &str) -> String {
    // TOML, JSON and YAML escape alike.
    let text = |text: &str| format!("\"{}\"", printable(&text.replace('\\', "\\\\").replace('"', "\\\"")));
    let plain = |value: &str| if value.parse::<u64>().is_ok() { value.to_owned() } else { text(value) };
    match key.kind {
        _ if key.secret => text("(hidden)"),
        Kind::Plain if matches!(value, "true" | "false") => value.to_owned(),
        Kind::Plain => plain(value),
        Kind::Size => units::size(value).map_or_else(|| text(value), |bytes| plain(&units::shown_size(bytes))),
        Kind::Time => units::time(value).map_or_else(|| text(value), |time| text(&units::shown_time(time))),
        Kind::List => {
            let items = value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(text);
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
    }
}
