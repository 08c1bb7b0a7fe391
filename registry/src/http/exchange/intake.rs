//! The body of a request, read within its limits, and who sent it.

use super::{Exchange, Failure};
use crate::app::App;
use crate::http::catalogue::ErrorResponse;
use crate::http::cost::Cost;
use crate::http::server::Held;
use authz::Caller;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use rules::fault::Fault;
use service::Class;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// Bodies that take up to so much memory, in bytes, need no share of the budget for bodies.
const SMALL_BODY: usize = 64 * 1024;

/// After a body that took longer than this to arrive, who asks is found out again: the user may have been removed
/// meanwhile.
const STALE: Duration = Duration::from_millis(500);

/// A body that is there.
pub(super) struct Received {
    pub(super) body: Bytes,
    /// Who asks, now that it is there.
    pub(super) caller: Caller,
    /// Its share of the budget for bodies, until it has been answered.
    _held: Option<OwnedSemaphorePermit>,
}

impl Exchange {
    /// Reads the body.
    pub(super) async fn received(&self, parts: &Parts, caller: Caller, body: Body) -> Result<Received, Failure> {
        let asked = Instant::now();
        let (body, _held) = read(&self.app, body).await?;
        self.arrived.store(true, Ordering::Relaxed);
        let stale = asked.elapsed() > STALE;
        let caller = if stale { self.app.access.gate.admit(parts).await? } else { caller };
        Ok(Received { body, caller, _held })
    }
}

/// Reads a body. Small ones are free; larger ones share a budget, so that many clients at once cannot fill the memory. What
/// counts is what they take once their JSON has been read.
async fn read(app: &App, body: Body) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Failure> {
    let limit = app.limits.body;
    let too_large = || {
        let message = format!("The request body is larger than {limit} bytes");
        Failure::Plain(ErrorResponse::plain(413, message))
    };
    if body.size_hint().lower() > limit as u64 {
        // Its length says so: nobody has to send it first.
        return Err(too_large());
    }
    let mut body = std::pin::pin!(Limited::new(body, limit));
    // What is short is read at once, on the thread that it came to: there is never more of it than there are threads.
    let counted = body.size_hint().upper().is_none_or(|most| Class::to_read(most as usize) != Class::Ready);
    let (mut read, mut cost) = (BytesMut::new(), Cost::default());
    let mut held: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        let data = match frame.map(http_body::Frame::into_data) {
            Ok(Ok(data)) => data,
            Ok(Err(_trailers)) => continue,
            Err(error) if error.is::<LengthLimitError>() => return Err(too_large()),
            Err(_) => return Err(Failure::Plain(ErrorResponse::plain(400, "The request body ended early"))),
        };
        if counted {
            cost.follow(&data);
        }
        if cost.total() > app.limits.read() {
            let message = format!(
                "The request body holds too many values: to read it would take more than {} bytes of memory",
                app.limits.read()
            );
            return Err(Failure::Plain(ErrorResponse::plain(413, message)));
        }
        let paid = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let owed = cost.total().saturating_sub(SMALL_BODY + paid);
        if owed > 0 {
            let owed = u32::try_from(owed).unwrap_or(u32::MAX);
            let more = app.places.room(&app.bodies, owed, Held::Body).await.ok_or(Failure::Fault(Fault::Busy))?;
            match &mut held {
                Some(held) => held.merge(more),
                None => held = Some(more),
            }
        }
        if read.is_empty() && body.is_end_stream() {
            return Ok((data, held));
        }
        read.extend_from_slice(&data);
    }
    Ok((read.freeze(), held))
}
