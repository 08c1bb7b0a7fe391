//! `freehold backup` and `freehold restore`. A backup of a serving registry is asked of it through the control socket in its
//! data directory; without one the store is opened here.

use super::say;
use crate::settings::Settings;
use crate::{control, node};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use storage::rocks::Restoring;

/// Writes a backup file, and reads it once to see that it is whole.
pub fn backup(settings: &Settings, file: &Path) -> Result<(), String> {
    let about = |error: std::io::Error| format!("cannot write {}: {error}", file.display());
    if file.exists() {
        return Err(format!("{} exists; a backup does not overwrite anything", file.display()));
    }
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    // Of an earlier attempt that was killed.
    if let Err(error) = std::fs::remove_file(&partial)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(about(error));
    }
    // For its owner's eyes only: it holds the audit.
    let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial).map_err(about)?;
    let mut out = BufWriter::new(out);
    let outcome = write(settings, &mut out).and_then(|()| {
        let out = out.into_inner().map_err(|error| about(error.into_error()))?;
        out.sync_all().map_err(about)?;
        let input = File::open(&partial).map_err(about)?;
        let contents = storage::backup::verify(&mut BufReader::new(input)).map_err(|error| error.to_string())?;
        std::fs::rename(&partial, file).map_err(about)?;
        if let Some(parent) = file.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent).and_then(|dir| dir.sync_all()).map_err(about)?;
        }
        Ok(contents)
    });
    match outcome {
        Ok(contents) => {
            let storage::backup::Contents { texts, records, audit, .. } = contents;
            let file = file.display();
            say(&format!("{file}: {records} records, {texts} texts and {audit} entries of the audit, verified\n"));
            Ok(())
        }
        Err(message) => {
            let _ = std::fs::remove_file(&partial);
            Err(message)
        }
    }
}

fn write(settings: &Settings, out: &mut impl Write) -> Result<(), String> {
    if control::backup(&settings.data, out)? {
        return Ok(());
    }
    if !storage::rocks::is_store(&settings.data) {
        return Err(format!("the data directory {} holds no store", settings.data.display()));
    }
    let store = node::open_store(settings, None).map_err(|error| error.to_string())?;
    store.backup(out).map_err(|error| error.to_string())?;
    store.close().map_err(|error| error.to_string())
}

/// Reads a backup file into an empty data directory. The directory is marked before anything else, so that a restore that is
/// killed leaves nothing which could be taken for a registry. The file is read twice: a damaged one is refused before anything
/// of it is written, and then the mark goes again.
pub fn restore(settings: &Settings, file: &Path) -> Result<(), String> {
    let about = |error: std::io::Error| format!("cannot read {}: {error}", file.display());
    let mut input = File::open(file).map_err(about)?;
    let restoring = Restoring::begin(settings.data.clone()).map_err(|error| match error {
        storage::Error::NotEmpty => {
            format!("the data directory {} is not empty; restore into a new one", settings.data.display())
        }
        other => other.to_string(),
    })?;
    let verified = storage::backup::verify(&mut BufReader::new(&input)).map_err(|error| error.to_string());
    if let Err(message) = verified.and_then(|_| input.rewind().map_err(about)) {
        restoring.give_up().map_err(|error| format!("{message}; {error}"))?;
        return Err(message);
    }
    let options = node::store_options(settings, None);
    let position = restoring.run(options, &mut BufReader::new(input)).map_err(|error| error.to_string())?;
    say(&format!(
        "{}: {} registry records and {} internal records restored into {}\n",
        file.display(),
        position.registry,
        position.internal,
        settings.data.display()
    ));
    Ok(())
}
