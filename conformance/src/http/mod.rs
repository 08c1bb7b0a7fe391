//! A small HTTP/1.1 client over `std::net::TcpStream`, or TLS over it.
//!
//! A library would not do here: the contract is about bytes on the wire, and every URL type normalises them away. Targets
//! go out exactly as a case writes them (`//subjects`, `/subjects/%zz`, a raw space, an empty target), headers may repeat
//! or be empty, HEAD and a PUT without a body are ordinary, and what the server answers is seen before anybody repairs it.
//!
//! Deliberately not here: redirects, cookies, HTTP/2. One request at a time, one kept-alive connection, blocking.

mod exchange;
mod target;
mod wire;

pub use exchange::{Client, Error, Request, Response};
pub use target::{BadUrl, BaseUrl};
