//! The waiting list: who is told when something is back. Those who asked first, no more of them than
//! there are units, nobody twice, and nobody whom Meta does not let the shop write to.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One who waits for an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiter {
    /// How many are wanted.
    pub quantity: u32,
    /// The end of the customer's 24-hour window; `None`: there is no conversation to write in.
    pub window_until: Option<Timestamp>,
    /// When they were told.
    pub told_at: Option<Timestamp>,
}

/// How it stands with one who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitState {
    /// Will be told when it is back.
    Waiting,
    /// Waits, and cannot be written to: the 24-hour window is closed until the customer writes again.
    OutOfReach,
    /// Was told.
    Told,
}

impl WaitState {
    /// The word used in the API and on screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::OutOfReach => "out_of_reach",
            Self::Told => "told",
        }
    }
}

impl Waiter {
    /// How it stands at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> WaitState {
        if self.told_at.is_some() {
            WaitState::Told
        } else if self.window_until.is_some_and(|until| now < until) {
            WaitState::Waiting
        } else {
            WaitState::OutOfReach
        }
    }
}

/// Who is to be told now, as places in `line`, which is in order of asking. `free` is what nobody
/// holds; `None`: not counted, there is enough for all.
///
/// Who was told less than `claim_ms` ago may still be deciding: their units are not offered to the
/// next. (Who has ordered them is in the line no more.) Who wants more than is left is passed over
/// and keeps the place: less was offered already when they asked.
#[must_use]
pub fn to_tell(line: &[Waiter], free: Option<i64>, claim_ms: i64, now: Timestamp) -> Vec<usize> {
    let deciding = |waiter: &&Waiter| waiter.told_at.is_some_and(|at| now.since(at) < claim_ms);
    let claimed: i64 = line.iter().filter(deciding).map(Waiter::units).sum();
    let mut left = free.map_or(i64::MAX, |free| free.saturating_sub(claimed));
    let mut told = Vec::new();
    for (place, waiter) in line.iter().enumerate() {
        if waiter.state(now) == WaitState::Waiting && waiter.units() <= left {
            left = left.saturating_sub(waiter.units());
            told.push(place);
        }
    }
    told
}

impl Waiter {
    fn units(&self) -> i64 {
        i64::from(self.quantity.max(1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{WaitState, Waiter, to_tell};
    use crate::Timestamp;

    const NOW: Timestamp = Timestamp(1_793_000_000_000);
    const CLAIM: i64 = Timestamp::DAY;

    fn waits(quantity: u32) -> Waiter {
        Waiter {
            quantity,
            window_until: Some(NOW.plus(1)),
            told_at: None,
        }
    }

    fn told(quantity: u32, ago: i64) -> Waiter {
        Waiter {
            told_at: Some(NOW.plus(-ago)),
            ..waits(quantity)
        }
    }

    fn away(quantity: u32) -> Waiter {
        Waiter {
            window_until: Some(NOW),
            ..waits(quantity)
        }
    }

    #[test]
    fn the_first_are_told_as_many_as_there_are_units() {
        let line = [waits(1), waits(1), waits(1)];
        for (free, want) in [(-2, 0), (0, 0), (1, 1), (2, 2), (9, 3)] {
            let places: Vec<_> = (0..want).collect();
            assert_eq!(
                to_tell(&line, Some(free), CLAIM, NOW),
                places,
                "{free} free"
            );
        }
        assert_eq!(to_tell(&line, None, CLAIM, NOW), [0, 1, 2]);
    }

    #[test]
    fn who_wants_more_than_is_left_is_passed_over() {
        assert_eq!(
            to_tell(&[waits(5), waits(2), waits(1)], Some(3), CLAIM, NOW),
            [1, 2]
        );
        assert_eq!(to_tell(&[waits(2), waits(2)], Some(3), CLAIM, NOW), [0]);
    }

    #[test]
    fn who_was_told_keeps_the_units_for_a_while() {
        let line = |ago| [told(1, ago), waits(1)];
        assert!(to_tell(&line(CLAIM - 1), Some(1), CLAIM, NOW).is_empty());
        assert_eq!(to_tell(&line(CLAIM - 1), Some(2), CLAIM, NOW), [1]);
        assert_eq!(to_tell(&line(CLAIM), Some(1), CLAIM, NOW), [1]);
    }

    #[test]
    fn who_cannot_be_written_to_takes_no_units() {
        assert_eq!(to_tell(&[away(1), waits(1)], Some(1), CLAIM, NOW), [1]);
        let nowhere = Waiter {
            window_until: None,
            ..waits(1)
        };
        assert_eq!(nowhere.state(NOW), WaitState::OutOfReach);
        assert_eq!(away(1).state(NOW), WaitState::OutOfReach);
        assert_eq!(waits(1).state(NOW), WaitState::Waiting);
        assert_eq!(told(1, 9).state(NOW), WaitState::Told);
    }

    fn anybody() -> impl Strategy<Value = Waiter> {
        let span = 2 * Timestamp::DAY;
        (
            0_u32..6,
            proptest::option::of(-span..span),
            proptest::option::of(0..span),
        )
            .prop_map(|(quantity, window, told)| Waiter {
                quantity,
                window_until: window.map(|by| NOW.plus(by)),
                told_at: told.map(|ago| NOW.plus(-ago)),
            })
    }

    proptest! {
        #[test]
        fn never_more_units_than_there_are_and_nobody_twice(
            line in proptest::collection::vec(anybody(), 0..12),
            free in -3_i64..12,
        ) {
            let mut line = line;
            let places = to_tell(&line, Some(free), CLAIM, NOW);
            prop_assert!(places.is_sorted());
            for place in &places {
                prop_assert_eq!(line[*place].state(NOW), WaitState::Waiting);
                line[*place].told_at = Some(NOW);
            }
            if !places.is_empty() {
                let units = |w: &&Waiter| w.told_at.is_some_and(|at| NOW.since(at) < CLAIM);
                let promised: i64 = line.iter().filter(units).map(Waiter::units).sum();
                prop_assert!(promised <= free);
            }
            // Asked again at once, nobody else is told.
            prop_assert!(to_tell(&line, Some(free), CLAIM, NOW).is_empty());
        }
    }
}
