//! From the greeting to the end of `freehold serve`.

use crate::authz_support::{Bank, add_user};
use crate::harness::command::{freehold, freehold_with, isolated, run, signal};
use crate::harness::transcript::Transcript;
use crate::harness::{Node, Settings, named, wait};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn the_greeting_says_where_it_listens_and_its_curl_line_works() {
    let node = Node::start();
    let greeting = node.greeting();
    for part in [&format!("listening  {}", node.url()), &node.data().display().to_string(), "writing", "Try it:"] {
        assert!(greeting.contains(part), "{part:?} is not in:\n{greeting}");
    }
    // What the shell would make of `-d '…'`.
    let line = greeting.lines().find(|line| line.contains("curl -X POST")).unwrap();
    let target = line.split(&node.url()).nth(1).unwrap().split(' ').next().unwrap();
    let body = line.rsplit_once("-d '").unwrap().1.trim_end_matches('\'');
    assert_eq!(node.post(target, &serde_json::from_str(body).unwrap()).status, 200, "{line}");
    assert_eq!(node.get("/subjects").ok(), serde_json::json!(["orders-value"]));
}

/// With users, the one who may write what nobody owns is named; curl asks for the password.
#[test]
fn the_greeting_of_a_registry_with_users_names_one_who_may_write() {
    let bank = Bank::with(&[]);
    let greeting = bank.node.greeting();
    let line =
        greeting.lines().find(|line| line.contains("curl -u ada -X POST")).unwrap_or_else(|| panic!("{greeting}"));
    let mut shell = isolated("bash");
    shell.args(["-euo", "pipefail", "-c", &line.replace("-u ada", "-sS -u ada:ada")]);
    let answer = run(&mut shell).good();
    assert!(answer.contains("\"id\":1"), "{answer}");

    let directory = tempfile::tempdir().unwrap();
    let users = directory.path().join("users");
    add_user(&users, "alice");
    let node = Node::with(Settings::flags(&["--authentication-users", users.to_str().unwrap()]));
    let greeting = node.greeting();
    assert!(!greeting.contains("POST") && greeting.contains("/subjects"), "{greeting}");
}

#[test]
fn nothing_is_said_among_lines_of_json() {
    for flags in [["--log-format", "json"], ["--audit-sink", "stdout"]] {
        let mut node = Node::with(Settings::flags(&flags));
        node.terminate();
        node.ended();
        assert_eq!(node.said(), "");
    }
    // What keeps it from starting is a line of JSON as well.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let mut serve = freehold();
    serve.args(["serve", "--log-format", "json", "--listen", &address, "--data"]).arg(directory.path().join("data"));
    let said = run(&mut serve).bad();
    let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.last().unwrap();
    assert!(last["level"] == "ERROR" && last["reason"].as_str().unwrap().contains(&address), "{said}");
}

#[test]
fn healthcheck_asks_where_it_is_told_and_not_for_longer() {
    let node = Node::start();
    let check = |arguments: &[&str]| {
        let mut command = freehold();
        command.arg("healthcheck").args(arguments);
        command
    };
    let port = node.address.rsplit(':').next().unwrap();
    for place in [format!("localhost:{port}"), format!(":{port}"), node.address.clone()] {
        assert_eq!(run(&mut check(&["--listen", &place])).good(), "ready", "{place}");
        assert_eq!(run(check(&[]).env("FREEHOLD_LISTEN", &place)).good(), "ready", "{place}");
    }
    assert_eq!(run(&mut check(&["--url", &node.url()])).good(), "ready");
    assert!(run(&mut check(&["--url", &node.url(), "--listen", &node.address])).bad().contains("--listen"));
    // Somebody who takes the request and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let said = run(&mut check(&["--url", &url, "--timeout", "50ms"])).bad();
    assert!(said.contains("no registry answers at") && said.contains(&url), "{said}");
}

#[test]
fn sighup_has_the_users_read_again_at_once() {
    let bank = Bank::with(&[]);
    add_user(&bank.users(), "newcomer");
    bank.node.signal("HUP");
    bank.node.logged(|line| line.contains("the users file has been read again and is in force"));
    assert_eq!(bank.send("newcomer", "GET", "/subjects", None).status, 200);
    // Also what has not changed is taken again, and what cannot be used is said again.
    std::fs::write(bank.users(), "broken").unwrap();
    let said =
        || bank.node.log().lines().filter(|line| line.contains("has been read again and cannot be used")).count();
    for times in 1..=2 {
        bank.node.signal("HUP");
        wait::until("it is said", || (said() == times).then_some(()));
    }
    assert_eq!(bank.send("newcomer", "GET", "/subjects", None).status, 200);
}

/// Who closes a terminal does not leave behind what was started there; nohup is for that. (The tests may run under it.)
#[test]
fn the_end_of_its_terminal_ends_it() {
    let directory = tempfile::tempdir().unwrap();
    let program = freehold();
    let mut python = isolated("python3");
    python.args(["-B", "-c"]).arg(
        "import os, pty, signal, sys\n\
         signal.signal(signal.SIGHUP, signal.SIG_DFL)\n\
         child, terminal = pty.fork()\n\
         if child == 0: os.execv(sys.argv[1], sys.argv[1:])\n\
         said = b''\n\
         while b'Try it' not in said: said += os.read(terminal, 1024)\n\
         os.close(terminal)\n\
         print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))",
    );
    python.arg(program.get_program()).args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(directory.path());
    assert_eq!(run(&mut python).good(), "0");
}

#[test]
fn healthcheck_succeeds_while_it_serves_and_says_where_nobody_answers() {
    let node = Node::start();
    assert_eq!(freehold_with(&["healthcheck", "--listen", &node.address]).good(), "ready");
    // It is asked straight, whatever proxy the environment names for other ways.
    let mut behind_a_proxy = freehold();
    behind_a_proxy.args(["healthcheck", "--listen", &node.address]).env("HTTP_PROXY", "http://127.0.0.1:1");
    assert_eq!(run(behind_a_proxy.env("ALL_PROXY", "http://127.0.0.1:1")).good(), "ready");
    let address = node.address.clone();
    node.stop();
    let said = freehold_with(&["healthcheck", "--listen", &address]).bad();
    assert!(said.contains(&address), "{said}");
}

#[test]
fn a_second_server_on_the_same_directory_is_refused_and_the_first_goes_on() {
    let node = Node::start();
    let data = node.data().display().to_string();
    let said = freehold_with(&["serve", "--listen", "127.0.0.1:0", "--data", &data]).bad();
    assert!(said.contains("is in use by another process") && said.contains(&data), "{said}");
    node.register("s", &named("A"));
}

/// Threads whose stacks are larger than any memory cannot be started.
#[test]
fn where_threads_cannot_be_started_that_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let mut serve = freehold();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(dir.path().join("data"));
    let said = run(serve.env("RUST_MIN_STACK", (1_u64 << 46).to_string())).bad();
    assert!(said.contains("cannot start threads") && said.contains("ulimit -u"), "{said}");
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let said = run(freehold().args(["serve", "--listen", &address, "--data"]).arg(&data)).bad();
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
}

/// A file that never answers stands for a disk that does not.
#[test]
fn sigterm_while_the_store_is_opening_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Command::new("mkfifo").arg(dir.path().join("FORMAT")).status().unwrap().success());
    let mut serving = freehold();
    serving.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(dir.path());
    let mut child = serving.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let log = Transcript::of(child.stderr.take().unwrap());
    assert!(log.wait_for(|line| line.contains("opening the store")).is_some(), "{}", log.whole());
    signal(child.id(), "TERM");
    let status = wait::until("it ends", || child.try_wait().unwrap());
    let log = log.whole();
    assert!(status.success() && log.contains("stopped before the store was open"), "{status}\n{log}");
}

#[test]
fn a_directory_that_cannot_be_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    for (data, why) in [
        (Path::new("/proc/x"), "/proc/x cannot be made"),
        (Path::new("/proc/x/y"), "/proc/x cannot be made"),
        (&dir.path().join("file"), "is a file, not a directory"),
        (&dir.path().join("file/below"), "Not a directory"),
    ] {
        let said = run(freehold().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data)).bad();
        let sentence = format!("the data directory {} cannot be used", data.display());
        assert!(said.contains(&sentence) && said.contains(why), "{said}");
    }
}

#[test]
fn data_of_a_newer_release_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    Node::at(dir.path()).stop();
    std::fs::write(dir.path().join("FORMAT"), "99\n").unwrap();
    let said = run(freehold().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(dir.path())).bad();
    assert!(said.contains("format 99") && said.contains("newer"), "{said}");
}

#[test]
fn nobody_else_on_the_machine_may_look_at_the_data_or_a_backup() {
    let node = Node::start();
    // The socket is there once the greeting is.
    node.greeting();
    let others = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o077;
    assert_eq!(others(node.data()) & 0o027, 0);
    assert_eq!(others(&node.data().join("control.sock")), 0);
    let file = node.data().with_file_name("backup");
    run(freehold().args(["backup", "--data"]).arg(node.data()).arg(&file)).good();
    assert_eq!(others(&file), 0);
}

#[test]
fn sigterm_finishes_what_is_in_flight_and_exits_with_success() {
    let mut node = Node::start();
    let body = named("InFlight").to_string();
    let mut wire = node.wire();
    wire.send(
        format!(
            "POST /subjects/s/versions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .as_bytes(),
    );
    // The server asks for the body: the request is in flight.
    wire.read_until("100 Continue\r\n\r\n");
    let idle = node.wire();
    node.terminate();
    node.logged(|line| line.contains("stopping"));
    wire.send(body.as_bytes());
    assert_eq!(wire.reply().statuses(), [200]);
    drop(idle);
    let (status, log) = node.ended();
    assert!(status.success() && log.contains("stopped"), "{status}\n{log}");
    let listed = Node::at(node.data()).get("/subjects").ok();
    assert_eq!(listed, serde_json::json!(["s"]));
}

#[test]
fn a_request_that_never_ends_does_not_keep_it_from_ending() {
    let node = Node::with(Settings::flags(&["--http-drain-timeout", "1"]));
    let mut wire = node.wire();
    wire.send(
        b"POST /subjects/s/versions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    );
    wire.read_until("100 Continue\r\n\r\n");
    node.stop();
}
