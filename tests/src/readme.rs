//! The README as it is printed: what its console blocks show is typed into a shell and compared with what comes back.
//!
//! Only the address is another one. `…` in the README stands for any text; everything else has to be there.

use crate::harness::command::{self, FREEHOLD};
use crate::harness::{Node, Transcript};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use tempfile::TempDir;

const README: &str = include_str!("../../README.md");
/// The address in the README.
const ADDRESS: &str = "http://127.0.0.1:8081";

/// A command as one would type it, and what the README says comes back.
struct Shown {
    command: String,
    output: String,
}

/// The commands of a section's console blocks.
#[track_caller]
fn section(title: &str) -> Vec<Shown> {
    let heading = format!("\n## {title}\n");
    let (_, rest) = README.split_once(&heading).unwrap_or_else(|| panic!("the README has no section {title:?}"));
    let text = rest.split("\n## ").next().unwrap();
    let blocks = text.split("\n```console\n").skip(1).map(|block| block.split("\n```").next().unwrap());
    let mut shown: Vec<Shown> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        let open = shown.last_mut().filter(|last| last.command.ends_with('\\'));
        match (line.strip_prefix("$ "), open) {
            (Some(command), None) => shown.push(Shown { command: command.to_owned(), output: String::new() }),
            (_, Some(last)) => last.command = format!("{}\n{line}", last.command),
            // Said to the reader.
            (None, None) if line.is_empty() || line.starts_with("# ") => {}
            (None, None) => {
                let last = shown.last_mut().unwrap_or_else(|| panic!("output without a command: {line}"));
                if !last.output.is_empty() {
                    last.output.push('\n');
                }
                last.output += line;
            }
        }
    }
    shown
}

/// Types each command and compares.
#[track_caller]
fn works_as_printed(shown: &[Shown], url: &str) {
    for Shown { command, output } in shown {
        let mut shell = command::isolated("bash");
        let typed = format!("freehold() {{ {FREEHOLD} \"$@\"; }}; {}", command.replace(ADDRESS, url));
        shell.args(["-euo", "pipefail", "-c", &typed]).current_dir(root());
        let outcome = command::run(&mut shell);
        // Empty lines are left out on both sides.
        let lines: Vec<&str> = outcome.out.trim_end().lines().filter(|line| !line.is_empty()).collect();
        let fits = outcome.status.success() && fits(output, &lines.join("\n"));
        assert!(fits, "$ {command}\nshould print\n{output}\nand prints\n{}\n{}", outcome.out, outcome.err);
    }
}

/// Is this text what the pattern says, with anything where it has `…`?
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The bank's example, started by its own script.
struct Demo {
    script: Child,
    said: Transcript,
    log: Transcript,
    url: String,
    _data: TempDir,
}

impl Demo {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut demo = command::isolated(root().join("docs/examples/bank/demo.sh"));
        demo.args([FREEHOLD, "--listen", "127.0.0.1:0", "--data"]).arg(data.path().join("data"));
        let mut script = demo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Transcript::of(script.stdout.take().unwrap());
        let log = Transcript::of(script.stderr.take().unwrap());
        // The last line that it prints.
        if said.wait_for(|line| line.starts_with("Users and passwords")).is_none() {
            let _ = script.kill();
            panic!("the example does not start: {}\n{}", said.whole(), log.whole());
        }
        let line = said.wait_for(|line| line.contains(command::ADDRESS_LINE)).unwrap();
        let url = format!("http://{}", line.rsplit("http://").next().unwrap());
        Demo { script, said, log, url, _data: data }
    }
}

impl Drop for Demo {
    /// As Ctrl-C does; the script stops the registry.
    fn drop(&mut self) {
        command::signal(self.script.id(), "TERM");
        let _ = self.script.wait();
    }
}

#[test]
fn a_first_schema_works_as_the_readme_prints_it() {
    let shown = section("A first schema");
    assert!(shown.len() >= 4);
    works_as_printed(&shown, &Node::start().url());
}

#[test]
fn a_check_says_what_the_readme_prints() {
    let shown = section("Before a change is merged");
    assert!(!shown.is_empty());
    works_as_printed(&shown, "");
}

#[test]
fn the_banks_tour_works_as_the_readme_prints_it() {
    let demo = Demo::start();
    let shown = section("Everybody reads, the owner writes");
    assert!(shown.len() >= 4);
    works_as_printed(&shown, &demo.url);
    // What the demo itself says to try is the same.
    let words = |text: &str| text.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let tried: Vec<String> = demo.said.to_string().lines().map(words).collect();
    for Shown { command, .. } in &shown {
        let command = words(&command.replace(ADDRESS, &demo.url));
        assert!(tried.iter().any(|line| line.ends_with(&command)), "{command:?} is not in:\n{}", demo.said);
    }
    assert!(!demo.log.to_string().contains("panicked"), "{}", demo.log);
}

#[test]
fn an_ellipsis_is_any_text_and_nothing_else_is() {
    assert!(
        fits("a", "a") && fits("a…c", "abc") && fits("…", "") && fits("a…b…", "a-b-b-") && fits("{…,…}", "{1,2,3}")
    );
    assert!(
        !fits("a", "ab") && !fits("a…c", "abcd") && !fits("b…", "abc") && !fits("a…a", "a") && !fits("x…y…z", "xz")
    );
}
