//! Live updates by server-sent events: only the subject of a change is told; the page asks for
//! itself again, so that nothing on this wire needs another check.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::SellerId;
use engine::changes::{Changed, Subject};
use futures_util::stream;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::access::Member;
use crate::limits;
use crate::problem::Problem;
use crate::state::AppState;

/// The word in `data-live` and in the stream.
pub(crate) const fn word(subject: Subject) -> &'static str {
    match subject {
        Subject::Drafts => "drafts",
        Subject::Orders => "orders",
        Subject::Inbox => "inbox",
        Subject::Products => "products",
        Subject::Catalogs => "catalogs",
    }
}

static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Counts one open connection as long as it lives.
struct Place;

impl Place {
    fn take() -> Option<Self> {
        let taken = OPEN.fetch_add(1, Ordering::Relaxed);
        let place = Self;
        (taken < limits::LIVE_CONNECTIONS_MAX).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}

/// `GET /live`: `event: change`, `data: drafts orders`. A connection that has missed
/// something is told `all`.
pub(crate) async fn live(State(state): State<AppState>, member: Member) -> Response {
    let Some(place) = Place::take() else {
        return Problem::unavailable().into_response();
    };
    let seller = member.seller;
    let listener = Listener {
        changes: state.engine().changes(),
        seller,
        _place: place,
    };
    let events = stream::unfold(listener, |mut listener| async move {
        let data = listener.next().await?;
        let event = Event::default().event("change").data(data);
        Some((Ok::<_, Infallible>(event), listener))
    });
    Sse::new(events)
        .keep_alive(KeepAlive::new().interval(limits::LIVE_KEEP_ALIVE))
        .into_response()
}

struct Listener {
    changes: broadcast::Receiver<Changed>,
    seller: SellerId,
    _place: Place,
}

impl Listener {
    /// The next change of this seller; `None` when the server stops.
    async fn next(&mut self) -> Option<&'static str> {
        loop {
            match self.changes.recv().await {
                Ok(changed) if changed.seller == self.seller => return Some(word(changed.subject)),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return Some("all"),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
