//! Bytes of answers that are on their way to clients, within one budget for all connections.
//!
//! A whole body is counted from the moment it is answered until the client has taken its last byte: a client that does not
//! read keeps it in memory. Bytes that several answers share are counted once. A stream is counted piece by piece and waits
//! where a piece does not fit. Where the budget is used up, clients that take nothing of their answers are cut off.

use super::connection::{Held, InFlight};
use super::places::{Places, ROOM};
use axum::body::Body;
use bytes::{Buf, Bytes};
use http::Response;
use http_body::{Body as _, Frame, SizeHint};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Whole bodies up to this size, in bytes, are not counted: the number of connections bounds them.
const SMALL: usize = 16 * 1024;

/// The budget, and what takes from it.
pub struct Answers {
    budget: Arc<Semaphore>,
    bytes: usize,
    shared: Mutex<HashMap<Identity, Weak<Share>>>,
    places: Arc<Places>,
}

/// Where bytes are: what lies at the same place in memory at the same time is the same.
type Identity = (usize, usize);

/// Bytes of a body that several answers may have in common.
#[derive(Clone)]
pub struct Shared(Bytes);

impl Shared {
    /// Notes that others may be answered with the same bytes.
    pub fn mark(response: &mut Response<Body>, bytes: &Bytes) {
        if bytes.len() > SMALL {
            response.extensions_mut().insert(Shared(bytes.clone()));
        }
    }

    fn identity(&self) -> Identity {
        (self.0.as_ptr() as usize, self.0.len())
    }
}

/// A share of the budget.
pub struct Share {
    _permit: Option<OwnedSemaphorePermit>,
    common: Option<(Identity, Arc<Answers>)>,
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some((identity, answers)) = &self.common else { return };
        let mut shared = answers.shared();
        if shared.get(identity).is_some_and(|share| share.strong_count() == 0) {
            shared.remove(identity);
        }
    }
}

/// There is no room for another answer.
#[derive(Debug)]
pub struct Full;

impl Answers {
    /// A budget of so many bytes.
    pub fn new(bytes: usize, places: Arc<Places>) -> Arc<Self> {
        let bytes = bytes.clamp(1, u32::MAX as usize);
        Arc::new(Answers { budget: Arc::new(Semaphore::new(bytes)), bytes, shared: Mutex::default(), places })
    }

    /// The bytes that are counted now.
    pub fn counted(&self) -> usize {
        self.bytes - self.budget.available_permits()
    }

    fn shared(&self) -> MutexGuard<'_, HashMap<Identity, Weak<Share>>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an answer, whose share goes with it. One that `must` be given is given also where there is no room: it says what
    /// has been changed.
    ///
    /// # Errors
    /// `Full`.
    pub async fn admit(self: &Arc<Self>, response: &mut Response<Body>, must: bool) -> Result<(), Full> {
        let bytes = response.body().size_hint().exact().map_or(0, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        if bytes <= SMALL {
            return Ok(());
        }
        let common = response.extensions_mut().remove::<Shared>().map(|shared| shared.identity());
        let found = common.and_then(|identity| self.shared().get(&identity).and_then(Weak::upgrade));
        let share = match found {
            Some(share) => share,
            None => {
                let permit = self.room(bytes).await;
                if permit.is_none() && !must {
                    return Err(Full);
                }
                let common = common.map(|identity| (identity, Arc::clone(self)));
                let share = Arc::new(Share { _permit: permit, common });
                if let Some((identity, _)) = share.common {
                    self.shared().insert(identity, Arc::downgrade(&share));
                }
                share
            }
        };
        response.extensions_mut().insert(share);
        Ok(())
    }

    /// Room for so many bytes, which those may have to make who take nothing of their answers.
    async fn room(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let permits = u32::try_from(bytes.min(self.bytes)).unwrap_or(u32::MAX);
        self.places.room(&self.budget, permits, Held::Answer).await
    }

    /// The same for a piece of a stream, which waits until there is room.
    async fn room_at_last(self: Arc<Self>, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let permits = u32::try_from(bytes.min(self.bytes)).unwrap_or(u32::MAX);
        let mut permit = std::pin::pin!(Arc::clone(&self.budget).acquire_many_owned(permits));
        loop {
            match tokio::time::timeout(ROOM, permit.as_mut()).await {
                Ok(permit) => return permit.ok(),
                Err(_) => {
                    self.places.close_stalled(Held::Answer);
                }
            }
        }
    }

    /// The answer as hyper gets it.
    pub(super) fn send(self: &Arc<Self>, response: Response<Body>, request: InFlight) -> Response<Sending> {
        let (mut parts, body) = response.into_parts();
        let share = parts.extensions.remove::<Arc<Share>>();
        let whole = body.size_hint().exact().is_some();
        let sending =
            Sending { body, whole, share, waiting: None, answers: Arc::clone(self), request: Arc::new(request) };
        Response::from_parts(parts, sending)
    }
}

/// A body on its way.
pub(super) struct Sending {
    body: Body,
    /// Is it one whose share was taken before it was begun?
    whole: bool,
    share: Option<Arc<Share>>,
    /// A piece of a stream for which there is no room yet.
    waiting: Option<(Bytes, Room)>,
    answers: Arc<Answers>,
    request: Arc<InFlight>,
}

type Room = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>;

/// Bytes of a body, which are counted, and keep their request in flight, until they have been written.
pub(super) struct Piece {
    bytes: Bytes,
    _share: Option<Arc<Share>>,
    _request: Arc<InFlight>,
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}

impl Sending {
    fn piece(&self, bytes: Bytes, share: Option<Arc<Share>>) -> Piece {
        Piece { bytes, _share: share, _request: Arc::clone(&self.request) }
    }
}

impl http_body::Body for Sending {
    type Data = Piece;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, axum::Error>>> {
        if self.waiting.is_none() {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => frame,
            };
            let bytes = match frame.into_data() {
                Ok(bytes) => bytes,
                Err(frame) => return Poll::Ready(frame.into_trailers().ok().map(|fields| Ok(Frame::trailers(fields)))),
            };
            if self.whole {
                return Poll::Ready(Some(Ok(Frame::data(self.piece(bytes, self.share.clone())))));
            }
            let room = Box::pin(Arc::clone(&self.answers).room_at_last(bytes.len()));
            self.waiting = Some((bytes, room));
        }
        let Some((_, room)) = &mut self.waiting else { return Poll::Ready(None) };
        let permit = ready!(room.as_mut().poll(context));
        let bytes = self.waiting.take().map(|(bytes, _)| bytes).unwrap_or_default();
        let share = Arc::new(Share { _permit: permit, common: None });
        Poll::Ready(Some(Ok(Frame::data(self.piece(bytes, Some(share))))))
    }

    fn is_end_stream(&self) -> bool {
        self.waiting.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection::{Connection, Slot};
    use super::*;
    use futures_util::{FutureExt, stream};
    use http_body_util::{BodyExt, StreamBody};

    const LARGE: usize = 60 << 10;

    /// Room for one large answer.
    fn answers() -> Arc<Answers> {
        Answers::new(100 << 10, Places::new(1))
    }

    fn answer(body: &Bytes) -> Response<Body> {
        let mut response = Response::new(Body::from(body.clone()));
        Shared::mark(&mut response, body);
        response
    }

    fn large() -> Response<Body> {
        Response::new(Body::from(vec![0; LARGE]))
    }

    fn sent(answers: &Arc<Answers>, response: Response<Body>) -> Sending {
        answers.send(response, Connection::new(Slot::None).begin()).into_body()
    }

    #[tokio::test]
    async fn answers_are_counted_while_they_are_held_and_the_same_bytes_once() {
        let answers = answers();
        let body = Bytes::from(vec![0; LARGE]);
        let (mut first, mut again, mut other) = (answer(&body), answer(&body), large());
        answers.admit(&mut first, false).await.unwrap();
        answers.admit(&mut again, false).await.unwrap();
        assert_eq!(answers.counted(), LARGE);
        assert!(answers.admit(&mut other, false).await.is_err());
        answers.admit(&mut other, true).await.unwrap();
        answers.admit(&mut Response::new(Body::from(vec![0; SMALL])), false).await.unwrap();
        drop(first);
        assert_eq!(answers.counted(), LARGE);
        drop(again);
        assert_eq!(answers.counted(), 0);
        assert!(answers.shared().is_empty());
        answers.admit(&mut large(), false).await.unwrap();
    }

    #[tokio::test]
    async fn a_body_is_counted_until_its_last_byte_is_written() {
        let answers = answers();
        let mut response = large();
        answers.admit(&mut response, false).await.unwrap();
        let mut sending = sent(&answers, response);
        let mut piece = sending.frame().await.unwrap().unwrap().into_data().ok().unwrap();
        assert!(sending.is_end_stream());
        drop(sending);
        piece.advance(LARGE);
        assert_eq!(answers.counted(), LARGE);
        drop(piece);
        assert_eq!(answers.counted(), 0);
    }

    #[tokio::test]
    async fn a_piece_of_a_stream_waits_until_there_is_room() {
        let answers = answers();
        let pieces = (0..3).map(|_| Ok::<_, std::io::Error>(Frame::data(Bytes::from(vec![0; LARGE]))));
        let mut sending = sent(&answers, Response::new(Body::new(StreamBody::new(stream::iter(pieces)))));
        for _ in 0..2 {
            let piece = sending.frame().await.unwrap().unwrap();
            assert_eq!(answers.counted(), LARGE);
            assert!(sending.frame().now_or_never().is_none());
            assert!(!sending.is_end_stream());
            drop(piece);
        }
        drop(sending.frame().await.unwrap().unwrap());
        assert!(sending.frame().await.is_none());
        assert_eq!(answers.counted(), 0);
    }
}
