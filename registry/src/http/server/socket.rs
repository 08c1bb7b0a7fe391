//! The socket under hyper: notes what the client sends and takes, cuts off one that takes too little of its answers, and
//! answers one that has closed only its own half.

use super::connection::{Connection, LEAST_RATE};
use super::framing::Framing;
use super::own::enveloped;
use bytes::{Buf, Bytes};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// A client that has closed its half of the connection may be waiting for its answer, or may be gone; TCP does not tell. After
/// this time it is taken to be gone, and its request ends.
const HALF_CLOSED: Duration = Duration::from_secs(3);

/// A socket, or what stands in for one in tests.
pub(super) struct Socket<S> {
    stream: S,
    connection: Arc<Connection>,
    framing: Framing,
    patience: Patience,
    half: Half,
    blocked: Timer,
    gone: Timer,
    instead: Option<Instead>,
}

/// What is written in place of an answer of hyper's own, and how much hyper takes to be written when it is.
struct Instead {
    bytes: Bytes,
    counts: usize,
}

/// The half of the connection that is the client's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Half {
    Open,
    /// The client has closed it. hyper would drop the request, so it is not told before the answer is written.
    Hidden,
    /// hyper is told.
    Closed,
}

impl<S> Socket<S> {
    /// `longest` is how long the client may take nothing of its answers.
    pub(super) fn new(stream: S, connection: Arc<Connection>, longest: Duration) -> Self {
        let (blocked, gone) = (Timer::default(), Timer::default());
        let patience = Patience::new(longest);
        Socket {
            stream,
            connection,
            framing: Framing::default(),
            patience,
            half: Half::Open,
            blocked,
            gone,
            instead: None,
        }
    }

    /// Notes what has become of a write.
    fn wrote(&mut self, outcome: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(Ok(bytes)) => {
                if self.patience.is_blocked() {
                    self.patience.took(bytes, Instant::now());
                }
                self.connection.moved(bytes);
                self.connection.set_blocked(false);
                self.gone.at = None;
                Poll::Ready(Ok(bytes))
            }
            Poll::Pending => {
                self.connection.set_blocked(true);
                self.blocked.at = Some(self.patience.ends(Instant::now()));
                ready!(self.blocked.poll(context));
                let reason = "the client takes too little of its answers";
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, reason)))
            }
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.half == Half::Open {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
            let read = &buffer.filled()[before..];
            if !read.is_empty() {
                this.framing.follow(read);
                this.connection.set_framing(this.framing.in_body(), this.framing.ambiguous());
                this.connection.moved(read.len());
                return Poll::Ready(Ok(()));
            }
            // A request that is cut off is told to its reader at once.
            let whole = this.connection.in_flight() && this.framing.at_boundary();
            this.half = if whole { Half::Hidden } else { Half::Closed };
        }
        if this.half == Half::Hidden {
            if this.patience.is_blocked() {
                // It is still there if it takes what is written; if not, its time is limited already.
                return Poll::Pending;
            }
            this.gone.at.get_or_insert_with(|| Instant::now() + HALF_CLOSED);
            ready!(this.gone.poll(context));
            this.half = Half::Closed;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Socket<S> {
    /// Writes an answer of hyper's own in the envelope, if these are the bytes of one.
    fn poll_own(&mut self, context: &mut Context<'_>, first: &[u8]) -> Option<Poll<io::Result<usize>>> {
        if self.instead.is_none() && !self.connection.in_flight() {
            let own = enveloped(first).map(Bytes::from);
            self.instead = own.map(|bytes| Instead { bytes, counts: first.len() });
        }
        let mut instead = self.instead.take()?;
        while !instead.bytes.is_empty() {
            let outcome = Pin::new(&mut self.stream).poll_write(context, &instead.bytes);
            match self.wrote(outcome, context) {
                Poll::Ready(Ok(0)) => return Some(Poll::Ready(Err(io::ErrorKind::WriteZero.into()))),
                Poll::Ready(Ok(written)) => instead.bytes.advance(written),
                other => {
                    self.instead = Some(instead);
                    return Some(other);
                }
            }
        }
        Some(Poll::Ready(Ok(instead.counts)))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(own) = this.poll_own(context, bytes) {
            return own;
        }
        let outcome = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.wrote(outcome, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let first = slices.first().map_or(&[][..], |slice| slice);
        if let Some(own) = this.poll_own(context, first) {
            return own;
        }
        let outcome = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.wrote(outcome, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes when it has nothing left to write.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.half == Half::Hidden && !this.connection.in_flight() {
            this.half = Half::Closed;
            context.waker().wake_by_ref();
        }
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// A timer that is set now and then.
#[derive(Default)]
struct Timer {
    at: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Ready when its time has passed.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(context)
    }
}

/// How long a client may still make the registry wait. Waiting uses it up, and what is taken earns it back at the least rate:
/// so a client that takes nothing and one that takes a byte now and then are cut off alike.
struct Patience {
    longest: Duration,
    left: Duration,
    since: Option<Instant>,
}

impl Patience {
    fn new(longest: Duration) -> Self {
        Patience { longest, left: longest, since: None }
    }

    fn is_blocked(&self) -> bool {
        self.since.is_some()
    }

    /// When it ends, if the client takes nothing more from now on.
    fn ends(&mut self, now: Instant) -> Instant {
        *self.since.get_or_insert(now) + self.left
    }

    /// The client took so many bytes; it had made the registry wait if it was blocked.
    fn took(&mut self, bytes: usize, now: Instant) {
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(now.duration_since(since));
        }
        let earned = Duration::from_secs(bytes as u64) / LEAST_RATE;
        self.left = self.left.saturating_add(earned).min(self.longest);
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection::{InFlight, Slot};
    use super::*;
    use std::future::poll_fn;
    use std::task::Waker;

    /// Takes so many bytes each second; after how many seconds it is cut off, if it is.
    #[track_caller]
    fn check(bytes: usize, cut_off: Option<u64>) {
        let second = Duration::from_secs(1);
        let mut patience = Patience::new(10 * second);
        let mut now = Instant::now();
        let cut = (0..100).find(|_| {
            let cut = patience.ends(now) < now + second;
            now += second;
            if bytes > 0 {
                patience.took(bytes, now);
            }
            cut
        });
        assert_eq!(cut, cut_off, "{bytes} bytes a second");
    }

    /// A client that has closed its half, after sending this.
    struct Closed(&'static [u8]);

    impl AsyncRead for Closed {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            buffer.put_slice(std::mem::take(&mut self.0));
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Closed {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// Reads once; how many bytes came, if any or the end did.
    fn read(socket: &mut Socket<Closed>) -> Option<usize> {
        let (mut bytes, mut context) = ([0; 100], Context::from_waker(Waker::noop()));
        let mut buffer = ReadBuf::new(&mut bytes);
        let read = Pin::new(socket).poll_read(&mut context, &mut buffer);
        read.is_ready().then_some(buffer.filled().len())
    }

    fn sent(bytes: &'static [u8]) -> (Socket<Closed>, InFlight) {
        let connection = Connection::new(Slot::None);
        let mut socket = Socket::new(Closed(bytes), Arc::clone(&connection), Duration::from_secs(1));
        assert_eq!(read(&mut socket), Some(bytes.len()));
        (socket, connection.begin())
    }

    #[tokio::test]
    async fn the_end_of_what_a_client_sends_is_told_when_it_is_answered_or_seems_to_be_gone() {
        const WHOLE: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
        let flush = |socket: &mut Socket<Closed>| {
            let flushed = Pin::new(socket).poll_flush(&mut Context::from_waker(Waker::noop()));
            assert!(flushed.is_ready());
        };
        let (mut socket, request) = sent(WHOLE);
        assert_eq!(read(&mut socket), None);
        flush(&mut socket);
        assert_eq!(read(&mut socket), None);
        drop(request);
        // hyper may still have to write the head.
        assert_eq!(read(&mut socket), None);
        flush(&mut socket);
        assert_eq!(read(&mut socket), Some(0));

        let (mut socket, _request) = sent(WHOLE);
        assert_eq!(read(&mut socket), None);
        socket.gone.at = Some(Instant::now());
        let mut nothing = [0];
        poll_fn(|context| Pin::new(&mut socket).poll_read(context, &mut ReadBuf::new(&mut nothing))).await.unwrap();
        assert_eq!(read(&mut socket), Some(0));

        let (mut socket, _request) = sent(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab");
        assert_eq!(read(&mut socket), Some(0));
    }

    #[test]
    fn who_takes_nothing_or_next_to_nothing_is_cut_off_and_who_takes_enough_is_not() {
        check(0, Some(10));
        check(1, Some(10));
        check(8 * 1024, Some(19));
        check(16 * 1024, None);
        check(1 << 20, None);
    }
}
