//! Answers that are made while they are sent: listings, a piece at a time.
//!
//! A piece is made when the client has taken the one before, on the threads for listings. Nothing is held in between but where
//! the listing goes on; so a client that does not read keeps one piece, and one that goes away stops what makes them. What fails
//! before the first piece is out is answered in the envelope; what fails later breaks the connection off, so that nobody takes a
//! part for the whole.

use super::answer::{Answer, Stream};
use super::server::Held;
use crate::app::App;
use axum::body::Body;
use bytes::Bytes;
use flate2::write::GzEncoder;
use futures_util::stream::try_unfold;
use prometheus::IntGauge;
use rules::fault::Fault;
use serde::Serialize;
use service::Class;
use service::listing::{Listing, Source};
use std::fmt;
use std::io::Write;
use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;
use storage::State;
use tokio::sync::OwnedSemaphorePermit;

/// Bytes after which a piece ends, with the item that reaches them.
pub const PIECE: usize = 64 << 10;

/// Answers at once that are made while they are sent; further ones are 503.
pub const AT_ONCE: usize = 128;

/// Entries that are looked at for one piece, some milliseconds' worth: so long a listing that is no longer wanted goes on.
const LOOKS: usize = 20_000;

/// Entries that are looked at where the request is: less than handing over and coming back takes.
pub const HERE: usize = 100;

/// Makes an answer in pieces.
trait Make: Send {
    /// Appends the next bytes, which may be none. So many entries are looked at.
    fn go_on(&mut self, app: &App, looks: usize, out: &mut Vec<u8>) -> Result<(), Fault>;

    /// Has everything been made?
    fn is_over(&self) -> bool;
}

/// A listing as a JSON array.
struct Array<S, W> {
    listing: Listing<S>,
    write: W,
    /// The bracket, or more, at either end.
    ends: (String, String),
    opened: bool,
    shown: bool,
}

impl<S, W> Make for Array<S, W>
where
    S: Source,
    W: Fn(&dyn State, S::Item, &mut Vec<u8>) -> Result<(), Fault> + Send,
{
    fn go_on(&mut self, app: &App, looks: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
        let Array { listing, write, ends: (open, close), opened, shown } = self;
        if !mem::replace(opened, true) {
            out.extend_from_slice(open.as_bytes());
        }
        if !listing.is_over() {
            app.service.read(|state| {
                listing.piece(state, looks, &mut |state, item| {
                    if mem::replace(shown, true) {
                        out.push(b',');
                    }
                    write(state, item, out)?;
                    Ok(if out.len() >= PIECE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                })
            })?;
        }
        if listing.is_over() {
            out.extend_from_slice(close.as_bytes());
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.opened && self.listing.is_over()
    }
}

/// Answers with a listing as a JSON array, whole where it is short. `here` entries are looked at before the threads for
/// listings take over.
///
/// # Errors
/// Those of the store and of `write`; `Busy`.
pub async fn array<S: Source>(
    app: &Arc<App>,
    listing: Listing<S>,
    here: usize,
    write: impl Fn(&dyn State, S::Item, &mut Vec<u8>) -> Result<(), Fault> + Send + 'static,
) -> Result<Answer, Fault> {
    between(app, listing, ("[".to_owned(), "]".to_owned()), here, write).await
}

/// Answers with a listing as the array in which the text of `ends` opens and closes.
///
/// # Errors
/// As `array`.
pub async fn between<S: Source>(
    app: &Arc<App>,
    listing: Listing<S>,
    ends: (String, String),
    here: usize,
    write: impl Fn(&dyn State, S::Item, &mut Vec<u8>) -> Result<(), Fault> + Send + 'static,
) -> Result<Answer, Fault> {
    let mut array = Array { listing, write, ends, opened: false, shown: false };
    let mut first = Vec::new();
    if here > 0 {
        array.go_on(app, here, &mut first)?;
    }
    while !array.is_over() && first.len() < PIECE {
        let there = Arc::clone(app);
        let made = app.service.work(Class::List, move || {
            array.go_on(&there, LOOKS, &mut first)?;
            Ok((array, first))
        });
        (array, first) = made.await?;
    }
    if array.is_over() {
        return Ok(Answer::text(first));
    }
    let place = app.places.room(&app.pieces, 1, Held::Answer).await.ok_or(Fault::Busy)?;
    Ok(Answer::stream(Pieces::new(Arc::clone(app), first, Box::new(array), place)))
}

/// Appends a value as JSON.
///
/// # Errors
/// None: kept for `array`.
pub fn json(value: &impl Serialize, out: &mut Vec<u8>) -> Result<(), Fault> {
    serde_json::to_writer(out, value).expect("wire types have string keys and no failing parts");
    Ok(())
}

/// The body of an answer that is made while it is sent.
pub struct Pieces {
    app: Arc<App>,
    /// What has been made and not been sent.
    made: Vec<u8>,
    rest: Box<dyn Make>,
    coding: Coding,
    _counted: Counted,
    _place: OwnedSemaphorePermit,
}

/// Counts an answer for as long as it is being made.
struct Counted(IntGauge);

impl Counted {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Counted(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Pieces {
    fn new(app: Arc<App>, made: Vec<u8>, rest: Box<dyn Make>, place: OwnedSemaphorePermit) -> Self {
        let counted = Counted::new(&app.metrics.streams);
        Pieces { app, made, rest, coding: Coding::default(), _counted: counted, _place: place }
    }

    fn piece(&mut self) -> Result<Vec<u8>, Fault> {
        let mut made = mem::take(&mut self.made);
        if made.is_empty() {
            self.rest.go_on(&self.app, LOOKS, &mut made)?;
        }
        self.app.metrics.pieces.inc();
        Ok(self.coding.code(made, self.rest.is_over()))
    }
}

impl Stream for Pieces {
    fn into_body(self: Box<Self>, utf16: bool, gzip: bool) -> Body {
        let coding =
            Coding { utf16, marked: false, gzip: gzip.then(|| GzEncoder::new(Vec::new(), super::reply::GZIP)) };
        Body::from_stream(try_unfold(Some(Pieces { coding, ..*self }), next))
    }
}

/// The next bytes that are to be sent, and what makes those behind them.
async fn next(pieces: Option<Pieces>) -> Result<Option<(Bytes, Option<Pieces>)>, Broken> {
    let mut next = pieces;
    while let Some(mut pieces) = next {
        let app = Arc::clone(&pieces.app);
        let made = app.service.go_on(Class::List, move || {
            let bytes = pieces.piece()?;
            Ok((bytes, pieces))
        });
        let (bytes, pieces) = made.await.map_err(|fault| {
            tracing::error!(?fault, "a listing broke off");
            Broken
        })?;
        next = (!pieces.rest.is_over()).then_some(pieces);
        if !bytes.is_empty() {
            return Ok(Some((bytes.into(), next)));
        }
    }
    Ok(None)
}

/// The rest of an answer could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the rest of the answer could not be made")]
struct Broken;

/// The final form of bytes.
#[derive(Default)]
struct Coding {
    utf16: bool,
    /// Has the byte order mark been written?
    marked: bool,
    gzip: Option<GzEncoder<Vec<u8>>>,
}

impl Coding {
    /// Pieces end with an item, so no character is cut.
    fn code(&mut self, plain: Vec<u8>, last: bool) -> Vec<u8> {
        let plain = if self.utf16 { super::reply::utf16(&plain, !mem::replace(&mut self.marked, true)) } else { plain };
        let Some(mut gzip) = self.gzip.take() else { return plain };
        gzip.write_all(&plain).expect("writing to memory does not fail");
        if last {
            return gzip.finish().expect("writing to memory does not fail");
        }
        gzip.flush().expect("writing to memory does not fail");
        let coded = mem::take(gzip.get_mut());
        self.gzip = Some(gzip);
        coded
    }
}

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pieces").field("made", &self.made.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
