//! Authentication, authorization and audit, read from the table of all keys.

use super::{Error, Gathered};
use authz::{Network, Proxies};
use model::{Principal, UnknownWord};
use service::access::{AccessSettings, Demand, Exposure, Sink};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Reads them.
///
/// # Errors
/// `BadValue`, naming the key and the place.
pub fn read(all: &Gathered) -> Result<AccessSettings, Error> {
    let path = |key: &str| Some(all.text(key)).filter(|text| !text.is_empty()).map(PathBuf::from);
    let admins = "must name principals, separated by commas, such as user:basic/alice";
    let networks = "must be addresses or networks, separated by commas, such as 10.0.0.0/8";
    let authorization = authz::AuthorizationSettings {
        mode: word(all, "authorization.mode")?,
        post_reads: word(all, "authorization.post_reads")?,
        unclaimed: word(all, "authorization.unclaimed")?,
        admins: all.read("authorization.admins", admins, listed::<Principal, _>)?,
    };
    Ok(AccessSettings {
        exposure: if all.flag("insecure-open")? { Exposure::InsecureOpen } else { Exposure::Guarded },
        users: path("authentication.users"),
        authorization,
        policy: path("authorization.policy"),
        model: path("authorization.model"),
        fall_back: word(all, "authorization.fall_back")?,
        retention: all.time("audit.retention", Duration::from_secs(1))?,
        sink: match all.text("audit.sink").as_str() {
            "" => Sink::None,
            "stdout" => Sink::Stdout,
            path => Sink::File(path.into()),
        },
        sink_size: all.size("audit.sink-size", 4096..1 << 40)? as u64,
        sink_files: all.number("audit.sink-files", 1)?,
        sink_demand: if all.flag("audit.required")? { Demand::Required } else { Demand::Optional },
        hosts: all.read("http.hosts", "must be host names, separated by commas", listed::<String, _>)?,
        origins: all.read("http.origins", "must be origins, separated by commas", listed::<String, _>)?,
        proxies: Proxies::new(all.read("http.proxies", networks, listed::<Network, Vec<_>>)?),
    })
}

fn parsed<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// One word of a closed list, which knows its words.
fn word<T: FromStr<Err = UnknownWord>>(all: &Gathered, key: &str) -> Result<T, Error> {
    let known = T::from_str(&all.text(key)).err().map_or(String::new(), |unknown| unknown.known.join(", "));
    all.read(key, &format!("must be one of {known}"), parsed)
}

fn listed<T: FromStr, C: FromIterator<T>>(text: &str) -> Option<C> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(|item| item.parse().ok()).collect()
}
