//! The control socket: a Unix socket in the data directory through which `freehold backup` asks a serving registry for a
//! backup. Who may open the data directory may use it; it is not reachable from the network.

use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use storage::Store;

const NAME: &str = "control.sock";
const REQUEST: &[u8] = b"backup\n";
/// Precedes a backup; anything else before it is the text of a failure.
const GRANTED: &[u8] = b"ok\n";
/// How long either side may keep the other waiting during a backup.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a client may take to ask; it has nothing to think about.
const TO_ASK: Duration = Duration::from_secs(1);
/// Clients at once; each has a thread, and a backup holds a snapshot.
const CLIENTS: usize = 8;
/// After a connection that could not be accepted: what is missing, descriptors say, comes back when others end.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// The listening socket; removed when dropped.
pub struct Control {
    path: PathBuf,
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Listens in the data directory. Without the socket only backups while serving are lost, so a failure is a warning.
pub fn listen(data: &Path, store: Arc<dyn Store>) -> Option<Control> {
    let path = data.join(NAME);
    // Left behind by a process that was killed; the store's lock says that no other one is alive.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path)
        .and_then(|listener| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
            std::thread::Builder::new().name("control".into()).spawn(move || accept(&listener, &store))
        })
        .map_err(|error| tracing::warn!(%error, path = %path.display(), "no control socket: no backup while serving"));
    listener.ok().map(|_| Control { path })
}

/// Gives each client a thread, so that none waits for another.
fn accept(listener: &UnixListener, store: &Arc<dyn Store>) {
    let clients = Arc::new(());
    for stream in listener.incoming() {
        let (client, store) = (Arc::clone(&clients), Arc::clone(store));
        let many = Arc::strong_count(&client) > CLIENTS + 1;
        let started = stream.and_then(|stream| {
            let run = move || {
                let outcome = if many { refuse(stream) } else { answer(stream, &*store) };
                if let Err(error) = outcome {
                    tracing::warn!(%error, "a backup was not delivered");
                }
                drop(client);
            };
            std::thread::Builder::new().name("control-client".into()).spawn(run)
        });
        if let Err(error) = started {
            tracing::warn!(%error, "a client of the control socket was not answered");
            std::thread::sleep(AFTER_FAILURE);
        }
    }
}

fn refuse(mut stream: UnixStream) -> io::Result<()> {
    stream.set_write_timeout(Some(TO_ASK))?;
    stream.write_all(b"too many backups are being taken; try again later\n")
}

fn answer(mut stream: UnixStream, store: &dyn Store) -> io::Result<()> {
    stream.set_read_timeout(Some(TO_ASK))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut request = [0; REQUEST.len()];
    stream.read_exact(&mut request)?;
    if request != REQUEST {
        return stream.write_all(b"unknown request\n");
    }
    stream.write_all(GRANTED)?;
    let mut out = io::BufWriter::new(stream);
    let position = store.backup(&mut out).map_err(io::Error::other)?;
    out.flush()?;
    tracing::info!(registry = position.registry, internal = position.internal, "backup delivered");
    Ok(())
}

/// Takes a backup from a registry that serves this directory; `false` when none does.
///
/// # Errors
/// The registry refused or went away.
pub fn backup(data: &Path, out: &mut impl Write) -> Result<bool, String> {
    let Ok(mut stream) = UnixStream::connect(data.join(NAME)) else { return Ok(false) };
    let mut asked = || -> io::Result<String> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(REQUEST)?;
        let mut granted = [0; GRANTED.len()];
        stream.read_exact(&mut granted)?;
        if granted == GRANTED {
            io::copy(&mut stream, out)?;
            out.flush()?;
            return Ok(String::new());
        }
        let mut text = String::from_utf8_lossy(&granted).into_owned();
        Read::by_ref(&mut stream).take(1024).read_to_string(&mut text)?;
        Ok(text)
    };
    match asked() {
        Ok(refusal) if refusal.is_empty() => Ok(true),
        Ok(refusal) => Err(format!("the registry answered: {}", refusal.trim())),
        Err(error) => Err(format!("the registry stopped answering: {error}")),
    }
}
