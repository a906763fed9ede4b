//! Limits: nothing ever goes over one, messages come first, sellers share fairly.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::graph::{ApiError, BusinessUsage, Percent};

const HOUR: i64 = 3_600_000;
const NOW: i64 = 1_793_000_000_000;

fn call(kind: CallKind, priority: Priority) -> LimitCall<'static> {
    LimitCall {
        seller: "s1",
        account: "a1",
        catalog: Some("c1"),
        kind,
        priority,
        account_calls_per_hour: None,
    }
}

fn go(state: &mut LimitState, call: &LimitCall<'_>, now: i64) -> bool {
    decide(state, &Limits::default(), call, now) == Decision::Go
}

#[test]
fn an_account_makes_200_calls_an_hour_and_messages_the_last_of_them() {
    let mut state = LimitState::default();
    let bulk = call(CallKind::Other, Priority::Bulk);
    let at_once = (0..500).filter(|n| go(&mut state, &bulk, NOW + n)).count();
    assert_eq!(at_once, 40, "not all at once: messages may come");
    let later = (1..354)
        .filter(|n| go(&mut state, &bulk, NOW + n * 10_000))
        .count();
    assert_eq!(at_once + later, 160, "a fifth is left to messages");
    let message = call(CallKind::Send(Channel::Instagram), Priority::Message);
    let now = NOW + 3_540_000;
    let sent = (0..500)
        .filter(|n| go(&mut state, &message, now + n * 20))
        .count();
    assert_eq!(sent, 40);
    let Decision::WaitUntil(at) = decide(&mut state, &Limits::default(), &message, now + 20_000)
    else {
        panic!("the budget is used up")
    };
    assert!(
        at > NOW + HOUR && at <= NOW + HOUR + 2 * 60_000,
        "{}",
        at - NOW
    );
    assert!(go(&mut state, &message, at), "and then it goes");
    let raised = LimitCall {
        account_calls_per_hour: Some(1_000),
        ..message
    };
    assert!(go(&mut state, &raised, now + 30_000), "a raised level");
}

#[test]
fn bulk_work_leaves_what_messages_have_been_using() {
    let mut state = LimitState::default();
    let bulk = call(CallKind::Other, Priority::Bulk);
    let message = call(CallKind::Send(Channel::Instagram), Priority::Message);
    let mut done = 0;
    // 120 messages an hour for four hours, and as much bulk work as may be.
    for tick in 0..(4 * 360) {
        let now = NOW + tick * 10_000;
        if tick % 3 == 0 {
            assert!(go(&mut state, &message, now), "message at tick {tick}");
        }
        done += i32::from(go(&mut state, &bulk, now));
    }
    assert!((150..=4 * 60).contains(&done), "{done}");
}

#[test]
fn batches_have_the_catalogs_own_limit() {
    let mut state = LimitState::default();
    let batch = call(CallKind::CatalogBatch, Priority::Message);
    let done = (0..60)
        .filter(|n| go(&mut state, &batch, NOW + n * 1_000))
        .count();
    assert_eq!(done, 8);
    let read = call(CallKind::CatalogRead, Priority::Bulk);
    assert!(
        (0..1_000).all(|n| go(&mut state, &read, NOW + n)),
        "polling is not in the budget"
    );
}

#[test]
fn what_meta_says_is_obeyed() {
    let mut state = LimitState::default();
    let bulk = call(CallKind::Other, Priority::Bulk);
    let message = call(CallKind::Send(Channel::Instagram), Priority::Message);
    let line = |id: &str, calls, regain_minutes| Usage {
        app: None,
        business: vec![BusinessUsage {
            object_id: id.into(),
            kind: "instagram".into(),
            percent: Percent {
                calls,
                ..Percent::default()
            },
            regain_minutes,
        }],
    };
    observe(&mut state, &bulk, &line("a1", 80, 0), None, NOW);
    assert!(!go(&mut state, &bulk, NOW + 1) && go(&mut state, &message, NOW + 1));
    observe(&mut state, &bulk, &line("a1", 100, 19), None, NOW);
    assert_eq!(
        decide(&mut state, &Limits::default(), &message, NOW + 2),
        Decision::WaitUntil(NOW + 19 * 60_000)
    );
    let other = LimitCall {
        account: "a2",
        ..message
    };
    assert!(go(&mut state, &other, NOW + 3), "another account goes on");
    let app = Usage {
        app: Some(Percent {
            calls: 100,
            ..Percent::default()
        }),
        business: vec![],
    };
    observe(&mut state, &other, &app, None, NOW + 4);
    assert!(
        !go(&mut state, &other, NOW + 5),
        "until the app as a whole is full"
    );
}

#[test]
fn refusals_pause_longer_and_longer_until_one_goes_through() {
    let mut state = LimitState::default();
    let batch = call(CallKind::CatalogBatch, Priority::Bulk);
    let refused = GraphError::from_api(
        ApiError {
            status: 400,
            code: 80_014,
            ..ApiError::default()
        },
        Usage::default(),
    );
    let mut now = NOW;
    let mut waits = Vec::new();
    for _ in 0..6 {
        observe(&mut state, &batch, &Usage::default(), Some(&refused), now);
        let Decision::WaitUntil(at) = decide(&mut state, &Limits::default(), &batch, now) else {
            panic!("paused")
        };
        waits.push((at - now) / 60_000);
        now = at;
    }
    assert_eq!(waits, [1, 2, 4, 8, 15, 15]);
    let message = call(CallKind::Send(Channel::Instagram), Priority::Message);
    let without = LimitCall {
        catalog: None,
        ..message
    };
    assert!(
        go(&mut state, &without, now - 1),
        "the catalogue's throttle holds up no message"
    );
    observe(&mut state, &batch, &Usage::default(), None, now);
    observe(&mut state, &batch, &Usage::default(), Some(&refused), now);
    assert_eq!(state.meters["catalog:c1"].strikes, 1);
}

#[test]
fn state_is_stored_and_forgotten() {
    let mut state = LimitState::default();
    let message = call(CallKind::Send(Channel::Instagram), Priority::Message);
    assert!(go(&mut state, &message, NOW));
    let stored = serde_json::to_string(&state).unwrap();
    let mut again: LimitState = serde_json::from_str(&stored).unwrap();
    assert_eq!(again, state);
    again.prune(NOW + HOUR);
    assert_eq!(again.meters.len(), 1);
    again.prune(NOW + 2 * HOUR);
    assert!(again.meters.is_empty());
}

fn kinds() -> impl Strategy<Value = CallKind> {
    prop::sample::select(vec![
        CallKind::Send(Channel::Instagram),
        CallKind::SendMedia(Channel::Instagram),
        CallKind::Send(Channel::Whatsapp),
        CallKind::PrivateReply,
        CallKind::Conversations,
        CallKind::CatalogBatch,
        CallKind::CatalogRead,
        CallKind::CatalogItem,
        CallKind::Other,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is asked whenever: no rolling window of any rule ever holds more than its calls.
    #[test]
    fn no_rolling_window_ever_goes_over(
        asks in prop::collection::vec(
            (0i64..40_000, kinds(), 0usize..3, 0usize..3, any::<bool>()), 1..1_500),
        app in prop::option::of(50u32..300),
    ) {
        let limits = Limits { app_calls_per_hour: app, ..Limits::default() };
        let (mut state, mut now) = (LimitState::default(), NOW);
        let mut made: HashMap<(String, &str), (Rule, Vec<i64>)> = HashMap::new();
        for (step, kind, who, priority, hurry) in asks {
            // Half of the asks come at once, so that short windows fill as well as long ones.
            now += if hurry { step % 7 } else { step };
            let call = LimitCall {
                seller: ["s1", "s2", "s3"][who],
                account: ["a1", "a2", "a3"][who],
                catalog: Some(["c1", "c2", "c3"][who]),
                kind,
                priority: [Priority::Message, Priority::Interactive, Priority::Bulk][priority],
                account_calls_per_hour: None,
            };
            match decide(&mut state, &limits, &call, now) {
                Decision::WaitUntil(at) => prop_assert!(at > now),
                Decision::Go => {
                    for (key, rule) in call.rules(&limits) {
                        made.entry((key, rule.name)).or_insert((rule, vec![])).1.push(now);
                    }
                    if let Some(calls) = app.filter(|_| call.in_budget()) {
                        let rule = Rule::per_hour("budget", calls);
                        made.entry(("app".into(), "app")).or_insert((rule, vec![])).1.push(now);
                    }
                }
            }
        }
        for ((key, name), (rule, times)) in made {
            for (at, start) in times.iter().enumerate() {
                let inside = times[at..].iter().take_while(|t| *t - start < rule.window_ms).count();
                prop_assert!(inside <= rule.calls as usize, "{key} {name}: {inside}");
            }
        }
    }

    /// Whoever waits as told gets through in the end.
    #[test]
    fn waiting_as_told_ends(kind in kinds(), taken in 0usize..400) {
        let mut state = LimitState::default();
        let call = call(kind, Priority::Bulk);
        for _ in 0..taken {
            let _ = go(&mut state, &call, NOW);
        }
        let mut now = NOW;
        while now < NOW + 2 * HOUR {
            match decide(&mut state, &Limits::default(), &call, now) {
                Decision::Go => return Ok(()),
                Decision::WaitUntil(at) => now = at,
            }
        }
        prop_assert!(false, "still waiting");
    }
}

/// 400 sellers share 12,000 calls an hour for three hours: 20 push catalogues item by item without
/// end, the others send a few messages. Everybody's messages go at once, and the 20 get equal parts
/// of the rest.
#[test]
fn sellers_share_fairly() {
    const SELLERS: usize = 400;
    const HEAVY: usize = 20;
    let limits = Limits {
        app_calls_per_hour: Some(12_000),
        ..Limits::default()
    };
    let names: Vec<String> = (0..SELLERS).map(|n| format!("s{n}")).collect();
    let mut state = LimitState::default();
    let (mut asked, mut sent) = (0, 0);
    let mut pushed = [0u32; HEAVY];
    let mut not_before = [0i64; HEAVY];
    for tick in 0..(3 * 3_600 / 5) {
        let now = NOW + tick * 5_000;
        for (n, name) in names.iter().enumerate() {
            let heavy = n < HEAVY;
            let light_turn = (tick as usize * 7 + n * 13).is_multiple_of(180);
            if heavy && now < not_before[n] || !heavy && !light_turn {
                continue;
            }
            let call = LimitCall {
                seller: name,
                account: name,
                catalog: heavy.then_some(name.as_str()),
                kind: if heavy {
                    CallKind::CatalogItem
                } else {
                    CallKind::Send(Channel::Instagram)
                },
                priority: if heavy {
                    Priority::Bulk
                } else {
                    Priority::Message
                },
                account_calls_per_hour: Some(2_000),
            };
            let decision = decide(&mut state, &limits, &call, now);
            if heavy {
                match decision {
                    Decision::Go => pushed[n] += 1,
                    Decision::WaitUntil(at) => not_before[n] = at,
                }
            } else {
                asked += 1;
                sent += u32::from(decision == Decision::Go);
            }
        }
    }
    let (least, most) = (*pushed.iter().min().unwrap(), *pushed.iter().max().unwrap());
    assert_eq!(sent, asked, "no message waited for bulk work");
    assert!(asked > 4_000, "{asked}");
    assert!(f64::from(least) / f64::from(most) > 0.9, "{least}..{most}");
    let used = asked + pushed.iter().sum::<u32>();
    assert!(
        used > 3 * 12_000 * 7 / 10,
        "the limit is put to use: {used}"
    );
}
