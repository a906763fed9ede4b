//! Faults: what goes wrong, for the next calls of an endpoint or at random by seed.

use crate::rng::Rng;
use serde::{Deserialize, Serialize};

/// One way for a call to go wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// The answer comes late by `ms` of real time; otherwise the call works.
    Latency {
        /// Milliseconds.
        ms: u64,
    },
    /// A bare HTTP status with a text body, without effect.
    Http {
        /// Status, for example 500 or 503.
        status: u16,
    },
    /// HTTP 200 with a text that is no JSON ("Service Unavailable"), without effect.
    Text200,
    /// The connection is cut before anything happened.
    CutBefore,
    /// The call takes effect, then the connection is cut: the outcome is unknown to the caller.
    CutAfter,
    /// A Graph error.
    Error {
        /// Error code.
        code: i64,
        /// Subcode.
        #[serde(default)]
        subcode: Option<i64>,
        /// Whether the call took effect all the same, as 1/1357046 does.
        #[serde(default)]
        after_effect: bool,
    },
    /// A throttling error with a usage header that names the minutes to wait.
    Throttle {
        /// 4, 17, 32, 613, 80001, 80002, 80006, 80008, 80009, 80014 ...
        code: i64,
        /// `estimated_time_to_regain_access`.
        #[serde(default)]
        minutes: u32,
    },
    /// `items_batch`: only the first half of the requests is taken, the rest is lost in silence.
    HalfBatch,
    /// `items_batch`: the batch is processed, but its handle is unknown when asked for.
    LoseHandle,
    /// `items_batch`: the answer has empty `handles`, nothing is ingested.
    EmptyHandles,
    /// `items_batch`: items of the batch vanish again after processing.
    VanishItems {
        /// How many, from the front.
        count: usize,
    },
    /// `items_batch`: the images of the batch cannot be fetched.
    ImageFetchFails,
    /// `items_batch`: review rejects the items of the batch.
    RejectReview,
}

impl Fault {
    /// Whether it only makes sense for `items_batch`.
    pub fn is_for_batches(&self) -> bool {
        matches!(
            self,
            Self::HalfBatch
                | Self::LoseHandle
                | Self::EmptyHandles
                | Self::VanishItems { .. }
                | Self::ImageFetchFails
                | Self::RejectReview
        )
    }

    /// Faults that pass by themselves: a patient caller gets everything done under them.
    pub fn passing() -> Vec<Self> {
        vec![
            Self::Latency { ms: 3 },
            Self::Http { status: 500 },
            Self::Http { status: 503 },
            Self::Text200,
            Self::CutBefore,
            Self::CutAfter,
            Self::Error {
                code: 1,
                subcode: None,
                after_effect: false,
            },
            Self::Error {
                code: 2,
                subcode: None,
                after_effect: false,
            },
            Self::Throttle {
                code: 613,
                minutes: 0,
            },
        ]
    }

    /// [`Fault::passing`] and the ways a catalog batch goes wrong.
    pub fn passing_batches() -> Vec<Self> {
        let mut all = Self::passing();
        all.extend([
            Self::HalfBatch,
            Self::LoseHandle,
            Self::EmptyHandles,
            Self::VanishItems { count: 2 },
        ]);
        all
    }
}

/// Which calls a fault meets.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FaultRule {
    /// Number by which it can be removed; given by the sandbox.
    #[serde(default)]
    pub id: u64,
    /// Endpoint name (`messages`, `items_batch`, `debug_token`, ...); absent = every endpoint.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// HTTP method.
    #[serde(default)]
    pub method: Option<String>,
    /// Part of the path, for example an account id.
    #[serde(default)]
    pub path: Option<String>,
    /// Lets that many matching calls through first.
    #[serde(default)]
    pub skip: u32,
    /// How many calls it meets; absent = until removed.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens; absent = a plain 500.
    #[serde(default)]
    pub fault: Option<Fault>,
}

impl FaultRule {
    /// The next `times` calls of `endpoint` meet `fault`.
    pub fn next(times: u32, endpoint: &str, fault: Fault) -> Self {
        Self {
            endpoint: Some(endpoint.to_owned()),
            times: Some(times),
            fault: Some(fault),
            ..Self::default()
        }
    }

    /// Every call of `endpoint` meets `fault` until the rule is removed.
    pub fn always(endpoint: &str, fault: Fault) -> Self {
        Self {
            times: None,
            ..Self::next(0, endpoint, fault)
        }
    }

    fn fits(&self, endpoint: &str, method: &str, path: &str) -> bool {
        self.endpoint
            .as_deref()
            .is_none_or(|e| e == "*" || e == endpoint)
            && self
                .method
                .as_deref()
                .is_none_or(|m| m.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|p| path.contains(p))
    }
}

/// Random faults at a rate, drawn from the sandbox's seed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RandomFaults {
    /// Probability for each call, 0 to 1.
    pub rate: f64,
    /// What may happen; empty = [`Fault::passing`].
    #[serde(default)]
    pub kinds: Vec<Fault>,
    /// Endpoints that are met; empty = all but the OAuth dialogs.
    #[serde(default)]
    pub endpoints: Vec<String>,
}

/// The rules in force.
#[derive(Debug)]
pub(crate) struct Faults {
    pub(crate) rules: Vec<FaultRule>,
    pub(crate) random: Option<RandomFaults>,
    rng: Rng,
    next_id: u64,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rules: Vec::new(),
            random: None,
            rng: Rng::new(seed ^ 0xfa17),
            next_id: 1,
        }
    }

    pub(crate) fn add(&mut self, mut rule: FaultRule) -> u64 {
        rule.id = self.next_id;
        self.next_id += 1;
        self.rules.push(rule);
        self.next_id - 1
    }

    /// What the next call meets. Set rules go before chance.
    pub(crate) fn pick(&mut self, endpoint: &str, method: &str, path: &str) -> Option<Fault> {
        for rule in &mut self.rules {
            if rule.times == Some(0) || !rule.fits(endpoint, method, path) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if let Some(times) = &mut rule.times {
                *times -= 1;
            }
            let fault = rule.fault.clone().unwrap_or(Fault::Http { status: 500 });
            self.rules.retain(|r| r.times != Some(0));
            return Some(fault);
        }
        self.draw(endpoint)
    }

    fn draw(&mut self, endpoint: &str) -> Option<Fault> {
        let random = self.random.as_ref()?;
        let met = match random.endpoints.as_slice() {
            [] => endpoint != "dialog",
            some => some.iter().any(|e| e == endpoint),
        };
        if !met || !self.rng.chance(random.rate) {
            return None;
        }
        let mut kinds = if random.kinds.is_empty() {
            Fault::passing()
        } else {
            random.kinds.clone()
        };
        kinds.retain(|k| endpoint == "items_batch" || !k.is_for_batches());
        (!kinds.is_empty()).then(|| kinds[self.rng.below(kinds.len())].clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_meets_its_calls_and_no_more() {
        let mut faults = Faults::new(1);
        let mut rule = FaultRule::next(2, "messages", Fault::CutAfter);
        rule.skip = 1;
        faults.add(rule);
        let picks: Vec<_> = (0..5)
            .map(|_| faults.pick("messages", "POST", "1/messages").is_some())
            .collect();
        assert_eq!(picks, [false, true, true, false, false]);
        assert!(faults.rules.is_empty());
    }

    #[test]
    fn chance_follows_the_seed() {
        let run = |seed| {
            let mut faults = Faults::new(seed);
            faults.random = Some(RandomFaults {
                rate: 0.05,
                kinds: vec![],
                endpoints: vec![],
            });
            (0..10_000)
                .filter_map(|_| faults.pick("messages", "POST", ""))
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!((400..600).contains(&run(7).len()));
    }
}
