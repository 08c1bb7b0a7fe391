//! How Freehold and nginx are started for a measurement.
//!
//! nginx is set up as the fastest way to send files that are not known beforehand, with the headers that Freehold sends: kept
//! connections, sendfile, two workers, no access log, compressed twins read from disk. A second listener of the same nginx
//! leaves out the request id and keeps files open: what is possible when nothing but bytes is asked for.

use super::process::{Server, free_port};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

/// Starts Freehold in its default configuration on a free port.
pub fn freehold(binary: &Path, data: &Path, log: &Path) -> Result<Server, String> {
    let address = free_port()?;
    let mut command = Command::new(binary);
    command.arg("serve").arg("--data").arg(data).args(["--listen", &address.to_string()]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FREEHOLD_")) {
        command.env_remove(name);
    }
    Server::start(&mut command, address, "/health/ready", log)
}

/// nginx and the address of its second, leaner listener.
pub struct Nginx {
    pub server: Server,
    pub lean: SocketAddr,
}

/// Starts nginx over a directory of answers; `probe` is a path in it.
pub fn nginx(dir: &Path, root: &Path, probe: &str) -> Result<Nginx, String> {
    let binary = if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" };
    let (address, lean) = (free_port()?, free_port()?);
    let root_user = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let user = if root_user { "user root;" } else { "" };
    let (dir_text, root) = (dir.display(), root.display());
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("  {name}_temp_path {dir_text}/{name};\n"))
        .concat();
    let configuration = format!(
        "{user}
daemon off;
worker_processes 2;
pid {dir_text}/nginx.pid;
error_log {dir_text}/nginx.log;
events {{ worker_connections 1024; }}
http {{
{paths}  access_log off;
  sendfile on;
  keepalive_timeout 75s;
  keepalive_requests 100000000;
  types {{}}
  default_type application/vnd.schemaregistry.v1+json;
  server_tokens off;
  gzip_static on;
  server {{
    listen {address};
    root {root};
    add_header Vary Accept-Encoding;
    add_header X-Request-ID $request_id;
  }}
  server {{
    listen {lean};
    root {root};
    open_file_cache max=11000 inactive=1h;
    open_file_cache_valid 1h;
  }}
}}
"
    );
    fs::create_dir_all(dir).map_err(|error| error.to_string())?;
    let file = dir.join("nginx.conf");
    fs::write(&file, configuration).map_err(|error| error.to_string())?;
    let mut command = Command::new(binary);
    command.arg("-p").arg(dir).arg("-c").arg(&file).arg("-e").arg(dir.join("nginx.log"));
    let server = Server::start(&mut command, address, probe, &dir.join("nginx.out"))?;
    Ok(Nginx { server, lean })
}

/// The value of a counter in /metrics, summed over its labels.
pub fn counter(address: SocketAddr, name: &str) -> Result<f64, String> {
    let text = super::client::Client::connect(address)?.get("/metrics", "")?.ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        rest.starts_with([' ', '{']).then(|| rest.rsplit(' ').next()?.parse::<f64>().ok()).flatten()
    });
    Ok(values.sum())
}
