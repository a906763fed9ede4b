//! Sending: once, in order, within the window, and never again before it is known that it was not.

use domain::Timestamp;
use engine::clock::Clock;
use engine::outbox::not_confirmed;
use engine::tasks::Step;
use meta::limits::{CallKind, Decision, LimitCall, LimitState, Limits, Priority, decide};
use sandbox::{CustomerHandle, Fault, FaultRule};
use store::{AccountState, OutboxState};

use crate::support::World;

/// A customer writes; Meta takes the reply, but its answer is lost and its echo as well.
async fn answered_into_the_void(world: &World, name: &str) -> CustomerHandle {
    let customer = world.customer(name);
    world.meta.hold_webhooks(true);
    customer.say("2 blue mugs please");
    world.meta.hold_webhooks(false);
    world.meta.drain().await;
    world.read().await;
    world.meta.hold_webhooks(true);
    world.meta.next_calls(1, "messages", Fault::CutAfter);
    world.send().await;
    customer
}

testkit::on_both! {
    async fn a_lost_answer_is_reconciled_before_anything_is_sent_again(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = answered_into_the_void(&world, "ana").await;
        assert_eq!(world.outbox().await[0].state, OutboxState::Unknown);
        world.clock.advance(10 * Timestamp::SECOND);
        world.send().await;
        world.engine.reconcile_step().await.unwrap();
        assert_eq!(world.outbox().await[0].state, OutboxState::Unknown, "too early to look");
        world.clock.advance(Timestamp::MINUTE);
        world.engine.reconcile_step().await.unwrap();
        world.send().await;
        let outbox = world.outbox().await;
        assert_eq!(outbox[0].state, OutboxState::Sent);
        let sent = world.meta.sent_to(ana.id());
        assert_eq!(sent.len(), 1, "it was not sent twice");
        assert_eq!(outbox[0].mid.as_deref(), Some(sent[0].mid.as_str()));
    }

    async fn a_message_that_never_arrived_is_sent_after_a_look(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        ana.say("2 blue mugs please");
        world.meta.drain().await;
        world.read().await;
        world.meta.next_calls(1, "messages", Fault::CutBefore);
        world.send().await;
        assert_eq!(world.outbox().await[0].state, OutboxState::Unknown);
        assert!(world.meta.sent_to(ana.id()).is_empty());
        world.clock.advance(Timestamp::MINUTE);
        world.engine.reconcile_step().await.unwrap();
        world.settle().await;
        assert_eq!(world.meta.sent_to(ana.id()).len(), 1);
        assert_eq!(world.outbox().await[0].state, OutboxState::Sent);
    }

    async fn many_lost_answers_of_one_account_are_looked_up_as_fast_as_its_limit_allows(db: &TestDatabase) {
        let world = World::new(db).await;
        for name in ["ana", "bo", "cy", "di"] {
            answered_into_the_void(&world, name).await;
        }
        world.clock.advance(Timestamp::MINUTE);
        let begun = world.clock.now();
        while world.outbox().await.iter().any(|m| m.state == OutboxState::Unknown) {
            match world.engine.reconcile_step().await.unwrap() {
                Step::Did(_) => {}
                Step::WaitUntil(at) => world.clock.advance(at.since(world.clock.now()).max(1)),
                Step::Nothing => panic!("nothing says when to look again"),
            }
            assert!(world.clock.now().since(begun) < 20 * Timestamp::SECOND);
        }
        assert!(world.outbox().await.iter().all(|m| m.state == OutboxState::Sent));
    }

    async fn the_echo_settles_a_lost_answer_at_once(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        world.meta.next_calls(1, "messages", Fault::CutAfter);
        ana.say("2 blue mugs please");
        world.settle().await;
        let outbox = world.outbox().await;
        assert_eq!(outbox.len(), 1);
        assert_eq!(outbox[0].state, OutboxState::Sent);
        assert!(outbox[0].echoed_at.is_some());
        assert_eq!(world.meta.sent_to(ana.id()).len(), 1);
        assert!(world.conversation().await.hand_over_until.is_none(), "nobody else spoke");
    }

    async fn what_a_crash_left_half_sent_is_looked_up(db: &TestDatabase) {
        let mut world = World::new(db).await;
        let ana = world.customer("ana");
        ana.say("2 blue mugs please");
        world.meta.drain().await;
        world.read().await;
        let now = world.engine.now();
        let claimed = world.engine.store().outbox().claim(10, now).await.unwrap();
        assert_eq!(claimed.len(), 1, "the process dies here");
        world.restart().await;
        world.send().await;
        assert!(world.meta.sent_to(ana.id()).is_empty());
        world.clock.advance(5 * Timestamp::MINUTE);
        world.engine.reconcile_step().await.unwrap();
        world.engine.reconcile_step().await.unwrap();
        world.settle().await;
        assert_eq!(world.meta.sent_to(ana.id()).len(), 1);
    }

    async fn nothing_leaves_after_the_window(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        ana.say("2 blue mugs please");
        world.meta.drain().await;
        world.read().await;
        world.clock.advance(25 * Timestamp::HOUR);
        world.send().await;
        let outbox = world.outbox().await;
        assert_eq!(outbox[0].state, OutboxState::Failed);
        assert!(outbox[0].reason.as_ref().unwrap().contains("window"));
        assert!(world.meta.sent_to(ana.id()).is_empty());
        assert!(world.meta.calls().iter().all(|c| c.endpoint != "messages"));
        let conversation = world.conversation().await.id;
        let late = world.engine.reply(world.by(), conversation, "still there?").await;
        assert!(matches!(late, Err(engine::ActionError::Window(_))), "{late:?}");
    }

    async fn a_persons_words_may_go_as_human_agent(db: &TestDatabase) {
        let world = World::new(db).await;
        let policy = domain::policy::Policy {
            human_agent: true,
            ..domain::policy::Policy::default()
        };
        world.engine.set_policy(world.seller, &policy).await.unwrap();
        let ana = world.customer("ana");
        ana.say("do you ship to Springfield?");
        world.settle().await;
        let before = world.meta.sent_to(ana.id()).len();
        world.clock.advance(30 * Timestamp::HOUR);
        let conversation = world.conversation().await.id;
        world.engine.reply(world.by(), conversation, "Yes, we do").await.unwrap();
        world.settle().await;
        assert_eq!(world.meta.sent_to(ana.id()).len(), before + 1);
        let call = world.meta.calls().into_iter().rfind(|c| c.endpoint == "messages").unwrap();
        assert_eq!(call.params["tag"], "HUMAN_AGENT");
    }

    async fn errors_are_answered_by_their_code(db: &TestDatabase) {
        let world = World::new(db).await;
        let error = |code, subcode| Fault::Error { code, subcode, after_effect: false };
        // An outage passes.
        world.meta.next_calls(1, "messages", error(2, None));
        let ana = world.customer("ana");
        ana.say("2 blue mugs please");
        world.settle().await;
        assert!(world.meta.sent_to(ana.id()).is_empty());
        world.clock.advance(Timestamp::MINUTE);
        world.settle().await;
        assert_eq!(world.meta.sent_to(ana.id()).len(), 1);
        // A person who cannot be reached is given up.
        world.meta.next_calls(1, "messages", error(551, None));
        let ben = world.customer("ben");
        ben.say("3 teapots");
        world.settle().await;
        assert!(world.notices().await.contains(&"not_sent".to_owned()));
        world.clock.advance(Timestamp::HOUR);
        world.settle().await;
        assert!(world.meta.sent_to(ben.id()).is_empty());
        // A dead token: the seller is told once, the message waits.
        world.meta.fault(FaultRule::always("messages", error(190, Some(463))));
        let cas = world.customer("cas");
        cas.say("1 red mug");
        world.settle().await;
        world.clock.advance(10 * Timestamp::MINUTE);
        world.settle().await;
        let store = world.engine.store().seller(world.seller);
        let account = store.accounts().await.unwrap().remove(0);
        assert_eq!(account.state, AccountState::NeedsReconnect);
        let told = world.notices().await.into_iter().filter(|k| k == "needs_reconnect").count();
        assert_eq!(told, 1);
        let calls = world.meta.calls().iter().filter(|c| c.code == Some(190)).count();
        assert_eq!(calls, 1, "a dead token is not used again");
        let mut world = world;
        world.meta.clear_faults();
        world.connect_first().await;
        world.clock.advance(10 * Timestamp::MINUTE);
        world.settle().await;
        assert_eq!(world.meta.sent_to(cas.id()).len(), 1);
    }

    async fn a_throttled_account_waits_and_does_not_hammer(db: &TestDatabase) {
        let world = World::new(db).await;
        world.meta.next_calls(1, "messages", Fault::Throttle { code: 613, minutes: 7 });
        for name in ["ana", "ben", "cas", "dan"] {
            world.customer(name).say("2 blue mugs please");
        }
        world.meta.drain().await;
        world.read().await;
        world.engine.outbox_step().await.unwrap();
        let calls = || world.meta.calls().iter().filter(|c| c.endpoint == "messages").count();
        let after_first = calls();
        for _ in 0..5 {
            world.send().await;
            world.clock.advance(Timestamp::MINUTE);
        }
        assert_eq!(calls(), after_first, "it waits");
        world.clock.advance(10 * Timestamp::MINUTE);
        world.settle().await;
        assert_eq!(world.meta.sent().len(), 4);
    }

    async fn the_budget_of_an_hour_is_kept(db: &TestDatabase) {
        let world = World::with(db, |config| config.limits.account_calls_per_hour = 5).await;
        for n in 0..8 {
            world.customer(&format!("c{n}")).say("2 blue mugs please");
        }
        world.settle().await;
        assert_eq!(world.meta.sent().len(), 5);
        world.clock.advance(2 * Timestamp::HOUR);
        world.settle().await;
        assert_eq!(world.meta.sent().len(), 8);
    }

    async fn what_another_process_counted_of_the_apps_limit_holds_here(db: &TestDatabase) {
        let limits = Limits { app_calls_per_hour: Some(4), ..Limits::default() };
        let world = World::with(db, |config| config.limits = limits).await;
        let rate_limited = async || {
            let found = world.engine.doctor(Some(world.seller)).await.unwrap();
            found.iter().any(|finding| finding.check == "rate_limited")
        };
        assert!(!rate_limited().await);
        // Two calls of ours and one of somebody who may want another: it is the last one left.
        let (ours, mut state) = (world.seller.to_string(), LimitState::default());
        let now = world.engine.now();
        for seller in [ours.as_str(), ours.as_str(), "another"] {
            let call = LimitCall {
                seller,
                account: seller,
                catalog: None,
                kind: CallKind::Other,
                priority: Priority::Message,
                account_calls_per_hour: None,
            };
            assert_eq!(decide(&mut state, &limits, &call, now.0), Decision::Go);
        }
        let mut rows = vec![("app".to_owned(), serde_json::to_string(&state.meters["app"]).unwrap())];
        for (key, share) in &state.shares {
            rows.push((format!("share:{key}"), serde_json::to_string(share).unwrap()));
        }
        let rows: Vec<_> = rows.iter().map(|(key, row)| (key.as_str(), row.as_str(), None)).collect();
        assert!(world.engine.store().system().put_rate_limits(&rows, now).await.unwrap());
        assert!(rate_limited().await);
    }

    async fn without_a_token_it_waits_a_little_and_fails_with_a_reason(db: &TestDatabase) {
        let world = World::without_account(db, |_| {}).await;
        let account = world.meta.account();
        let add = engine::sellers::AddAccount {
            instagram_account_id: Some(account.instagram_account_id),
            ..engine::sellers::AddAccount::default()
        };
        world.engine.add_account(world.seller, &add).await.unwrap();
        world.customer("ana").say("2 blue mugs please");
        world.settle().await;
        assert_eq!(world.drafts().await.len(), 1);
        assert_eq!(world.outbox().await[0].state, OutboxState::Pending);
        world.clock.advance(5 * Timestamp::MINUTE);
        world.settle().await;
        let outbox = world.outbox().await;
        assert_eq!(outbox[0].state, OutboxState::Failed);
        assert!(outbox[0].reason.as_ref().unwrap().contains("no access token"));
    }

    async fn what_was_never_echoed_is_shown_as_not_confirmed(db: &TestDatabase) {
        let world = World::new(db).await;
        world.customer("ana").say("2 blue mugs please");
        world.meta.drain().await;
        world.read().await;
        world.meta.hold_webhooks(true);
        world.send().await;
        let message = world.outbox().await.remove(0);
        assert_eq!(message.state, OutboxState::Sent);
        assert_eq!(not_confirmed(&message, world.engine.now()), None);
        let later = world.engine.now().plus(20 * Timestamp::MINUTE);
        assert!(not_confirmed(&message, later).is_some());
        world.meta.hold_webhooks(false);
        world.settle().await;
        assert_eq!(not_confirmed(&world.outbox().await[0], later), None);
    }
}
