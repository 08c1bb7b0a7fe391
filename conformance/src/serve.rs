//! Starts a registry with a command that the user gives, for one recording, and ends it.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A running registry; ends with this value, and its directory goes too.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub url: String,
    child: Child,
    dir: PathBuf,
}

/// Runs the command in a shell and waits until its port accepts connections.
///
/// # Errors
/// The command cannot be run, ends by itself, or does not listen in time.
pub fn start(command: &str, timeout: Duration) -> io::Result<Server> {
    // Free now; that nobody else takes it before the command does is likely enough for a tool that is run by hand.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let dir = std::env::temp_dir().join(format!("conformance-{}-{port}", std::process::id()));
    fs::create_dir_all(&dir)?;
    let filled = command.replace("{port}", &port.to_string()).replace("{dir}", &dir.display().to_string());
    // `exec`, so that ending the child ends the registry and not just a shell around it.
    let child = Command::new("sh").arg("-c").arg(format!("exec {filled}")).stdout(Stdio::null()).spawn()?;
    let mut server = Server { url: format!("http://127.0.0.1:{port}"), child, dir };
    let deadline = Instant::now() + timeout;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if let Some(status) = server.child.try_wait()? {
            return Err(io::Error::other(format!("{filled:?} ended: {status}")));
        }
        if Instant::now() > deadline {
            return Err(io::Error::other(format!("{filled:?} does not listen on port {port}")));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(server)
}

impl Drop for Server {
    /// Failures are of no interest: the process may have ended by itself, and the directory is a temporary one.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}
