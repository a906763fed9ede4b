//! Background loops: each does one step at a time, sleeps when there is nothing to do, and ends
//! between two steps when the server stops. Tests call the steps themselves.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, error};

use crate::clock::Clock;

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Did this many things; there may be more.
    Did(usize),
    /// Nothing to do now.
    Nothing,
    /// Nothing to do before then.
    WaitUntil(Timestamp),
}

impl Step {
    /// `Did(n)`, or `Nothing` for 0.
    #[must_use]
    pub const fn of(n: usize) -> Self {
        if n == 0 { Self::Nothing } else { Self::Did(n) }
    }
}

/// The background work of one server, to be stopped and awaited together.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the server stops; for work that is not a [`Self::every`] loop.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs `work` until it ends. It must watch [`Self::stopping`].
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(work);
    }

    /// Runs `step` over and over: at once after it did something, else when `wake` is notified, when
    /// the time it named has come, or after `poll` at the latest. A failed step is logged and tried
    /// again after a growing pause of at most 30 seconds.
    pub fn every<F, Fut, E>(
        &self,
        name: &'static str,
        clock: Arc<dyn Clock>,
        wake: Arc<Notify>,
        poll: Duration,
        step: F,
    ) where
        F: Fn() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Step, E>> + Send + 'static,
        E: std::fmt::Display + Send,
    {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            let mut failures = 0_u32;
            while !stop.is_cancelled() {
                // Registered before the step, so that a notice during it is not missed.
                let woken = wake.notified();
                let pause = match step().await {
                    Ok(result) => {
                        failures = 0;
                        pause_after(result, clock.now(), poll)
                    }
                    Err(e) => {
                        failures += 1;
                        let pause = Duration::from_millis(250 << failures.min(7)).min(PAUSE_MAX);
                        error!(
                            task.name = name,
                            task.failures = failures,
                            "{name} failed and is tried again: {e}"
                        );
                        tokio::select! {
                            () = tokio::time::sleep(pause) => {}
                            () = stop.cancelled() => {}
                        }
                        continue;
                    }
                };
                let Some(pause) = pause else { continue };
                tokio::select! {
                    () = woken => {}
                    () = tokio::time::sleep(pause) => {}
                    () = stop.cancelled() => {}
                }
            }
            debug!(task.name = name, "{name} stopped");
        });
    }

    /// Tells everything to stop and waits until it has.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// Logs where a panic happened and not what it says: its words may be a customer's. For `main`.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        error!("a defect showed at {place}; what it was working on was put back");
    }));
}

const PAUSE_MAX: Duration = Duration::from_secs(30);

fn pause_after(step: Step, now: Timestamp, poll: Duration) -> Option<Duration> {
    match step {
        Step::Did(_) => None,
        Step::Nothing => Some(poll),
        Step::WaitUntil(then) => {
            let millis = u64::try_from(then.since(now)).unwrap_or(0).max(1);
            Some(Duration::from_millis(millis).min(poll))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Step, Tasks, pause_after};
    use crate::clock::SystemClock;
    use domain::Timestamp;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::sync::Notify;

    #[test]
    fn pauses_follow_what_the_step_said() {
        let poll = Duration::from_secs(5);
        let pause = |step| pause_after(step, Timestamp(1_000), poll);
        assert_eq!(pause(Step::Did(3)), None);
        assert_eq!(pause(Step::Nothing), Some(poll));
        let until = |t| pause(Step::WaitUntil(Timestamp(t)));
        assert_eq!(until(1_250), Some(Duration::from_millis(250)));
        assert_eq!(until(900), Some(Duration::from_millis(1)));
        assert_eq!(until(1_000_000), Some(poll));
    }

    #[tokio::test]
    async fn a_loop_wakes_on_notice_survives_failures_and_stops() {
        let tasks = Tasks::new();
        let wake = Arc::new(Notify::new());
        let done = Arc::new(AtomicUsize::new(0));
        let reached = Arc::new(Notify::new());
        let (counter, signal) = (done.clone(), reached.clone());
        tasks.every(
            "test",
            Arc::new(SystemClock),
            wake.clone(),
            Duration::from_hours(1),
            move || {
                let n = counter.fetch_add(1, Ordering::SeqCst);
                let signal = signal.clone();
                async move {
                    match n {
                        0 => Ok(Step::Did(1)),
                        1 => Err("once"),
                        2 => {
                            signal.notify_one();
                            Ok(Step::Nothing)
                        }
                        _ => {
                            signal.notify_one();
                            Ok(Step::WaitUntil(Timestamp(i64::MAX)))
                        }
                    }
                }
            },
        );
        reached.notified().await;
        wake.notify_waiters();
        wake.notify_one();
        reached.notified().await;
        tasks.stop().await;
        assert!(done.load(Ordering::SeqCst) >= 4);
    }
}
