//! `freehold audit verify`: is the audit whole? Entries have numbers without gaps, and each names the hash of the one before it.
//!
//! It reads the files of a sink, the rotated ones among them, or asks a running registry. Whoever keeps a hash elsewhere can name
//! it: a chain that was made anew from the beginning is whole as well, but has other hashes.

use super::namespace::{client, reaching};
use super::say;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::Value;
use service::access::Line;
use service::access::hex;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use storage::Chain;

/// The command.
pub fn command() -> Command {
    let files = Arg::new("files")
        .value_name("FILE")
        .action(ArgAction::Append)
        .value_parser(clap::value_parser!(PathBuf))
        .conflicts_with("url")
        .help("A file of the sink; those that it was rotated to (FILE.1, FILE.2, …) are read before it");
    let url = Arg::new("url").long("url").value_name("URL");
    let url = url.help("A running registry, http:// or https://, whose whole audit is read (it takes an admin)");
    let holds = Arg::new("holds").long("holds").value_name("NUMBER:HASH");
    let holds = holds.help("An entry that must be there with this hash, as it was noted earlier");
    let verify = Command::new("verify")
        .about("Check that no entry is missing, changed or added")
        .after_help("Exit code: 0 whole, 1 not whole or not to be read, 2 a mistake on the command line.")
        .arg(files)
        .arg(url)
        .arg(holds);
    Command::new("audit").about("Verify the audit").subcommand_required(true).subcommand(reaching(verify))
}

/// Runs it.
pub fn run(matches: &ArgMatches) -> Result<(), String> {
    let Some(("verify", matches)) = matches.subcommand() else { return Err("say verify".to_owned()) };
    let mut check = Check::default();
    if let Some(held) = matches.get_one::<String>("holds") {
        check.held = Some(noted(held)?);
    }
    let files: Vec<PathBuf> = matches.get_many("files").into_iter().flatten().cloned().collect();
    match matches.get_one::<String>("url") {
        Some(_) => registry(matches, &mut check)?,
        None if files.is_empty() => return Err("name a file of the sink, or a registry with --url".to_owned()),
        None => files.iter().try_for_each(|path| with_rotated(path, &mut check))?,
    }
    say(&format!("{}\n", check.end()?));
    Ok(())
}

fn noted(text: &str) -> Result<(u64, String), String> {
    let (number, hash) = text.split_once(':').ok_or("--holds takes NUMBER:HASH")?;
    Ok((number.parse().map_err(|_| "--holds takes NUMBER:HASH")?, hash.to_ascii_lowercase()))
}

/// The chain as far as it has been read, from the oldest entry to the newest.
#[derive(Default)]
struct Check {
    /// The number of the oldest entry.
    first: u64,
    /// The hashes of the entries from the oldest on.
    hashes: Vec<Chain>,
    /// An entry that must be there with this hash.
    held: Option<(u64, String)>,
    found: bool,
}

impl Check {
    /// Takes the next entry. One that was read before may come again: a sink that was killed may have written it twice.
    fn take(&mut self, line: &Line) -> Result<(), String> {
        let (number, hash) = (line.entry.number, line.entry.hash());
        if hash != line.hash {
            return Err(format!("entry {number} was changed: its hash is not that of what it says"));
        }
        if let Some((newest, chain)) = self.newest() {
            if number <= newest {
                let known = number.checked_sub(self.first).and_then(|at| self.hashes.get(usize::try_from(at).ok()?));
                return match known == Some(&hash) {
                    true => Ok(()),
                    false => Err(format!("entry {number} stands behind entry {newest}, and is another one")),
                };
            }
            if number != newest + 1 {
                return Err(match newest + 2 == number {
                    true => format!("entry {} is missing", newest + 1),
                    false => format!("entries {} to {} are missing", newest + 1, number - 1),
                });
            }
            if line.entry.previous != chain {
                return Err(format!("entry {number} does not follow from entry {newest}: one of them was replaced"));
            }
        }
        if let Some((held, expected)) = &self.held
            && *held == number
        {
            if *expected != hex(&hash) {
                return Err(format!("entry {number} has the hash {}, and not the one that was noted", hex(&hash)));
            }
            self.found = true;
        }
        if self.hashes.is_empty() {
            self.first = number;
        }
        self.hashes.push(hash);
        Ok(())
    }

    /// The number and hash of the newest entry.
    fn newest(&self) -> Option<(u64, Chain)> {
        let hash = *self.hashes.last()?;
        Some((self.first + self.hashes.len() as u64 - 1, hash))
    }

    fn end(&self) -> Result<String, String> {
        let Some((newest, hash)) = self.newest() else { return Err("there is no entry to check".to_owned()) };
        let first = self.first;
        if let Some((number, _)) = &self.held
            && !self.found
        {
            return Err(format!("entry {number} is not there: there are entries {first} to {newest}"));
        }
        let entries = match self.hashes.len() {
            1 => "1 entry is".to_owned(),
            count => format!("{count} entries are"),
        };
        Ok(format!("{entries} whole, {first} to {newest}; the newest has the hash {}", hex(&hash)))
    }
}

/// A file of the sink, and before it those that it was rotated to, the oldest first.
fn with_rotated(path: &Path, check: &mut Check) -> Result<(), String> {
    let numbered = |number: usize| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    let rotated = (1..).map(numbered).take_while(|path| path.exists()).collect::<Vec<_>>();
    for path in rotated.iter().rev().map(PathBuf::as_path).chain([path]) {
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut input = BufReader::new(File::open(path).map_err(failed)?);
        let (mut text, mut at) = (Vec::new(), 0);
        while input.read_until(b'\n', &mut text).map_err(failed)? > 0 {
            at += 1;
            let read = serde_json::from_slice::<Value>(&text).map_err(|error| format!("it is no JSON: {error}"));
            let line = read.and_then(|value| Line::read(&value)).and_then(|line| check.take(&line));
            line.map_err(|why| format!("{}, line {at}: {why}", path.display()))?;
            text.clear();
        }
    }
    Ok(())
}

/// The whole audit of a registry, which shows the newest page first.
fn registry(matches: &ArgMatches, check: &mut Check) -> Result<(), String> {
    let client = client(matches, "url")?;
    let mut lines = Vec::new();
    let mut before = String::new();
    loop {
        let reply = client.ask("GET", &format!("/namespaces/-/audit?limit=1000{before}"), None, None)?;
        if reply.status != 200 {
            return Err(reply.message());
        }
        let page: Value = serde_json::from_str(&reply.body).map_err(|error| error.to_string())?;
        for entry in page["entries"].as_array().into_iter().flatten() {
            let name = entry["number"].to_string();
            let line = Line::read(entry).map_err(|why| format!("entry {name}: {why}"))?;
            lines.push(line);
        }
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => break,
        }
    }
    lines.sort_by_key(|line| line.entry.number);
    lines.iter().try_for_each(|line| check.take(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use service::access::shown;
    use storage::AuditEntry;
    use storage::contract::records::audited;

    fn chain(count: u64) -> Vec<Line> {
        let mut previous = [0; 32];
        let line = |number| {
            let entry = AuditEntry { number, at: 5, previous, record: audited(&number.to_string(), None) };
            previous = entry.hash();
            Line { hash: previous, entry }
        };
        (1..=count).map(line).collect()
    }

    fn checked(lines: &[Line], held: Option<(u64, String)>) -> String {
        let mut check = Check { held, ..Check::default() };
        let taken = lines.iter().try_for_each(|line| check.take(line));
        taken.and_then(|()| check.end()).unwrap_or_else(|why| why)
    }

    #[test]
    fn a_chain_is_whole_or_it_is_said_where_it_is_not() {
        #[track_caller]
        fn check(change: impl FnOnce(&mut Vec<Line>), expected: &str) {
            let mut lines = chain(6);
            change(&mut lines);
            let said = checked(&lines, None);
            assert!(said.starts_with(expected), "{said}");
        }
        check(|_| {}, "6 entries are whole, 1 to 6; the newest has the hash ");
        check(|lines| drop(lines.drain(..5)), "1 entry is whole, 6 to 6");
        check(|lines| drop(lines.drain(..2)), "4 entries are whole, 3 to 6");
        check(|lines| lines.clear(), "there is no entry to check");
        check(|lines| drop(lines.remove(2)), "entry 3 is missing");
        check(|lines| drop(lines.drain(1..4)), "entries 2 to 4 are missing");
        check(|lines| lines[3].entry.record.name = "else".into(), "entry 4 was changed");
        let replaced = |lines: &mut Vec<Line>| {
            lines[3].entry.record.name = "else".into();
            lines[3].hash = lines[3].entry.hash();
        };
        check(replaced, "entry 5 does not follow from entry 4");
        check(|lines| lines.swap(1, 2), "entry 2 is missing");
        // A sink that was killed may write a line again, but no other in its place.
        check(|lines| lines.insert(6, lines[5].clone()), "6 entries are whole");
        let other = |lines: &mut Vec<Line>| {
            let mut last = lines[5].clone();
            last.entry.record.name = "else".into();
            last.hash = last.entry.hash();
            lines.push(last);
        };
        check(other, "entry 6 stands behind entry 6, and is another one");
    }

    #[test]
    fn a_hash_that_was_noted_must_be_there() {
        let lines = chain(4);
        let hash = |at: usize| hex(&lines[at].hash);
        assert!(checked(&lines, Some((2, hash(1)))).starts_with("4 entries are whole"));
        assert!(checked(&lines, Some((2, hash(2)))).starts_with("entry 2 has the hash "));
        assert!(checked(&lines, Some((9, hash(1)))).starts_with("entry 9 is not there: there are entries 1 to 4"));
        assert_eq!(noted(&format!("2:{}", hash(1).to_uppercase())), Ok((2, hash(1))));
        assert!(noted("2").is_err() && noted("x:ab").is_err());
    }

    #[test]
    fn rotated_files_are_read_before_the_newest() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.log");
        let write = |name: &str, lines: &[Line]| {
            let text: String = lines.iter().map(|line| format!("{}\n", shown(&line.entry))).collect();
            std::fs::write(dir.path().join(name), text).unwrap();
        };
        let lines = chain(6);
        write("audit.log.2", &lines[..2]);
        write("audit.log.1", &lines[2..4]);
        write("audit.log", &lines[4..]);
        let mut check = Check::default();
        with_rotated(&path, &mut check).unwrap();
        assert!(check.end().unwrap().starts_with("6 entries are whole, 1 to 6"));
        std::fs::write(dir.path().join("audit.log.1"), "{}\n").unwrap();
        let refused = with_rotated(&path, &mut Check::default()).unwrap_err();
        assert!(refused.ends_with("audit.log.1, line 1: it has no number"), "{refused}");
    }
}
