//! Asking for a password: from `FREEHOLD_PASSWORD`, else at the terminal, where it is not shown, else from the first line of
//! standard input. Never from the command line, where every process could read it.

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::env::VarError;
use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};

/// Holds the password where nobody can be asked.
pub const VARIABLE: &str = "FREEHOLD_PASSWORD";

/// The password of a user.
///
/// # Errors
/// None was given, or it cannot be read.
pub fn present(of: &str) -> Result<String, String> {
    present_in(VARIABLE, of)
}

/// The same from another variable, where a command needs two passwords.
///
/// # Errors
/// As above.
pub fn present_in(variable: &str, of: &str) -> Result<String, String> {
    read(variable, || typed(&format!("Password of {of}: ")))
}

/// A new password that `check` takes; a person at a terminal types it twice.
///
/// # Errors
/// None was given, it cannot be read, it is not taken, or the two differ.
pub fn new(of: &str, check: impl Fn(&str) -> Result<(), String>) -> Result<String, String> {
    let password = read(VARIABLE, || {
        let first = typed(&format!("New password of {of}: "))?;
        if of_line(&first).and_then(|password| check(&password)).is_err() {
            return Ok(first);
        }
        let again = typed("The same once more: ")?;
        if first == again { Ok(first) } else { Err("the two passwords differ; nothing was changed".to_owned()) }
    })?;
    check(&password)?;
    Ok(password)
}

fn read(variable: &str, ask: impl FnOnce() -> Result<String, String>) -> Result<String, String> {
    let line = match std::env::var(variable) {
        Ok(password) => password,
        Err(VarError::NotUnicode(_)) => return Err(format!("{variable} is not UTF-8")),
        Err(VarError::NotPresent) if io::stdin().is_terminal() => ask()?,
        Err(VarError::NotPresent) => {
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
            line
        }
    };
    of_line(&line)
}

/// The password on a line: also a variable that was filled from a file often ends with one. Control characters could be sent
/// by no client (RFC 7617).
fn of_line(line: &str) -> Result<String, String> {
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err("no password was given".to_owned()),
        text if text.contains(char::is_control) => Err("a password has no control characters".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// The key that breaks off (Ctrl-C).
const BREAK: u8 = 3;

/// A line typed at the terminal, unseen.
fn typed(prompt: &str) -> Result<String, String> {
    let line = unseen(prompt).map_err(|error| format!("the terminal cannot be read: {error}"))?;
    if line.last() == Some(&BREAK) {
        return Err("broken off; nothing was changed".to_owned());
    }
    String::from_utf8(line).map_err(|_| "the password is not UTF-8".to_owned())
}

fn unseen(prompt: &str) -> io::Result<Vec<u8>> {
    let mut terminal = File::options().read(true).write(true).open("/dev/tty")?;
    let _silence = Silence::on(terminal.try_clone()?)?;
    terminal.write_all(prompt.as_bytes())?;
    let mut line = Vec::new();
    let mut piece = [0; 1024];
    // The terminal hands over lines: what was typed can still be corrected, and a read ends with one.
    while !matches!(line.last(), Some(b'\n' | &BREAK)) {
        match terminal.read(&mut piece)? {
            0 => break,
            read => line.extend_from_slice(&piece[..read]),
        }
    }
    if line.last() != Some(&b'\n') {
        terminal.write_all(b"\n")?;
    }
    Ok(line)
}

/// A terminal that does not show what is typed, until this is dropped. Meanwhile Ctrl-C is a key like Enter rather than a
/// signal, which would end the process and leave the terminal as it is.
struct Silence {
    terminal: File,
    before: Termios,
}

impl Silence {
    fn on(terminal: File) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        silent.local_modes.insert(LocalModes::ICANON | LocalModes::ECHONL);
        silent.special_codes[SpecialCodeIndex::VEOL] = BREAK;
        tcsetattr(&terminal, OptionalActions::Now, &silent)?;
        Ok(Silence { terminal, before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // There is nothing left to try.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_a_line_without_its_end() {
        for line in ["secret word", "secret word\n", "secret word\r\n"] {
            assert_eq!(of_line(line).as_deref(), Ok("secret word"), "{line:?}");
        }
        assert_eq!(of_line("größe ").as_deref(), Ok("größe "));
        for (line, why) in
            [("", "no password"), ("\r\n", "no password"), ("a\nb", "control"), ("a\u{1b}b\n", "control")]
        {
            assert!(of_line(line).unwrap_err().contains(why), "{line:?}");
        }
    }
}
