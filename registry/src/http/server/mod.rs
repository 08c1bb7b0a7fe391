//! Sockets: accepting, limits on slow, idle and half-open connections, and a shutdown that answers what has come.

mod connection;
mod framing;
mod outgoing;
mod own;
mod places;
mod socket;

pub use connection::Held;
pub use outgoing::{Answers, Full, Shared};
pub use places::{Places, SPARE};

use super::date::while_dated;
use super::dispatcher::{Arrival, Dispatcher};
use axum::body::Body;
use connection::Connection;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use places::Seat;
use socket::Socket;
use std::convert::Infallible;
use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Limits of the listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a client may take to send the head of a request; also how long an idle connection is kept.
    pub head: Duration,
    /// How long a client may take nothing of its answers.
    pub write: Duration,
    /// How long requests in flight may take after a shutdown has begun.
    pub drain: Duration,
}

/// After a shutdown has begun, how long a connection waits for a request that may be on its way: one that has brought requests
/// before, and one that has just been opened.
const LAST_REQUEST: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(500));

/// Connections that the kernel takes in before they are accepted. Further ones are tried again by their clients after a second:
/// so many may come at once where a fleet finds its registry restarted, or while the store is being opened.
const BACKLOG: u32 = 1024;

/// Listens at an address.
///
/// # Errors
/// It is taken, or not of this machine.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections of a process that has just ended do not keep the address.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone has nothing more to say: stop.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What is the same for all connections.
struct Server {
    dispatcher: Dispatcher,
    http: http1::Builder,
    limits: Limits,
    stop: watch::Receiver<bool>,
    open: JoinSet<()>,
}

/// Serves until `stop` becomes true, then finishes what has come within the drain limit, also what waits to be accepted.
///
/// # Errors
/// Only those of the listener that do not pass.
pub async fn serve(
    listener: TcpListener,
    dispatcher: Dispatcher,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(64 * 1024);
    // `Dispatcher` says the date.
    http.auto_date_header(false);
    let places = Arc::clone(dispatcher.places());
    let mut server = Server { dispatcher, http, limits, stop: stop.clone(), open: JoinSet::new() };
    let mut unseated = None;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                tokio::select! {
                    seat = places.seat() => server.serve(stream, peer, seat),
                    () = stopped(&mut stop) => {
                        unseated = Some((stream, peer));
                        break;
                    }
                }
            }
            Err(error) => {
                // Out of descriptors, or a client gone before it was accepted: both pass.
                tracing::warn!(%error, "could not accept a connection");
                places.close_one();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        while server.open.try_join_next().is_some() {}
    }
    let drained = tokio::time::timeout(limits.drain, server.finish(listener, unseated)).await;
    if drained.is_err() {
        tracing::warn!("requests were still in flight after {:?}; closing", limits.drain);
    }
    Ok(())
}

impl Server {
    fn serve(&mut self, stream: TcpStream, peer: SocketAddr, seat: Seat) {
        let _ = stream.set_nodelay(true);
        let connection = Arc::clone(&seat.connection);
        let dispatcher = self.dispatcher.clone().at(peer);
        let requests = Arc::clone(&connection);
        let service = service_fn(move |request: Request<Incoming>| {
            let (dispatcher, in_flight) = (dispatcher.clone(), requests.begin());
            let arrival = Arrival {
                ambiguous: in_flight.ambiguous,
                spare: requests.is_spare() && !dispatcher.places().promote(&requests),
            };
            async move {
                let response = dispatcher.answer(request.map(Body::new), arrival).await;
                Ok::<_, Infallible>(dispatcher.answers().send(response, in_flight))
            }
        });
        let socket = Socket::new(stream, Arc::clone(&connection), self.limits.write);
        let serving = self.http.serve_connection(TokioIo::new(socket), service);
        let mut stop = self.stop.clone();
        self.open.spawn(async move {
            let _seat = seat;
            let mut serving = std::pin::pin!(serving);
            let ended = tokio::select! {
                biased;
                ended = while_dated(serving.as_mut()) => Some(ended),
                () = must_leave(&connection) => None,
                () = stopped(&mut stop) => tokio::select! {
                    biased;
                    ended = while_dated(serving.as_mut()) => Some(ended),
                    () = last_request(&connection) => {
                        serving.as_mut().graceful_shutdown();
                        Some(while_dated(serving.as_mut()).await)
                    }
                }
            };
            match ended {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    let cause = error.source().map(tracing::field::display);
                    tracing::debug!(%error, cause, "a connection ended early");
                }
                None => tracing::debug!("a connection that waited for its client gave way"),
            }
        });
    }

    /// Answers what waits to be accepted, and waits until all connections are closed.
    async fn finish(mut self, listener: TcpListener, unseated: Option<(TcpStream, SocketAddr)>) {
        if let Some((stream, peer)) = unseated {
            let seat = self.dispatcher.places().seat().await;
            self.serve(stream, peer, seat);
        }
        // Straight from the kernel: the runtime may not have heard of them yet.
        if let Ok(listener) = listener.into_std() {
            while let Ok((stream, peer)) = listener.accept() {
                let ready = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                if let Ok(stream) = ready {
                    let seat = self.dispatcher.places().seat().await;
                    self.serve(stream, peer, seat);
                }
            }
        }
        while self.open.join_next().await.is_some() {}
    }
}

/// Waits until the connection has to give way and can.
async fn must_leave(connection: &Connection) {
    loop {
        connection.told().await;
        if connection.may_give_way().is_some() {
            return;
        }
    }
}

/// Waits, after a shutdown has begun, until no new request is to be expected. What has been sent before has been read by then,
/// since the runtime hears of what comes before it hears that time has passed.
async fn last_request(connection: &Connection) {
    let (used, unused) = LAST_REQUEST;
    let wait = if connection.is_unused() { unused } else { used };
    let end = Instant::now() + wait;
    while !connection.in_flight() && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
