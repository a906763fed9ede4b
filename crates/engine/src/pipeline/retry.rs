//! What becomes of an event whose processing failed.

use domain::Timestamp;
use store::{Outcome, PendingEvent};

/// After so many attempts an event is given up: kept as `failed` with its reason, to be replayed.
pub(crate) const ATTEMPTS_MAX: i64 = 5;
const FIRST_PAUSE: i64 = Timestamp::SECOND;

/// Another attempt after 1, 4, 16, 64 seconds; then failed.
pub(crate) fn after_failure(event: &PendingEvent, reason: &str, now: Timestamp) -> Outcome {
    let reason: String = reason.chars().take(500).collect();
    if event.attempts + 1 >= ATTEMPTS_MAX {
        return Outcome::Failed { reason };
    }
    let pause = FIRST_PAUSE << (2 * event.attempts.clamp(0, 10));
    Outcome::Retry {
        at: now.plus(pause),
        reason,
    }
}

/// Runs `work`; a panic in it is an error like any other. Messages of a panic may hold a customer's
/// words: only its place is told, by the panic hook.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .map_err(|_| "reading this event failed unexpectedly (a defect of the server)".to_owned())
}
