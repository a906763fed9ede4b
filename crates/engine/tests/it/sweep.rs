//! Gap recovery: what no webhook brought comes in by the sweep, once.

use domain::Timestamp;
use engine::tasks::Step;

use crate::support::World;

async fn sweep(world: &World) {
    for _ in 0..1_000 {
        match world.engine.sweep_step().await.unwrap() {
            Step::Did(_) => {}
            // The pace, or usage that Meta's headers report: bulk work pauses for a minute.
            Step::WaitUntil(at) if at.since(world.engine.now()) <= 2 * Timestamp::MINUTE => {
                world.clock.set(at);
            }
            Step::WaitUntil(_) | Step::Nothing => return,
        }
    }
    panic!("the sweep does not end");
}

testkit::on_both! {
    async fn what_no_webhook_brought_is_swept_in_once(db: &TestDatabase) {
        let world = World::new(db).await;
        let (ana, ben) = (world.customer("ana"), world.customer("ben"));
        world.clock.advance(Timestamp::MINUTE);
        ana.say("2 blue mugs please");
        world.settle().await;
        // Meta's webhooks go nowhere for a while.
        world.meta.set_callback("http://127.0.0.1:9/nowhere", "hello");
        world.clock.advance(Timestamp::MINUTE);
        ana.say("and a teapot");
        ben.say("3 red mugs");
        world.meta.drain().await;
        world.read().await;
        assert_eq!(world.drafts().await.len(), 1);
        sweep(&world).await;
        world.read().await;
        let drafts = world.drafts().await;
        assert_eq!(drafts.len(), 2);
        let said = world.messages().await;
        let said: Vec<_> = said.iter().filter(|m| m.sender == "customer").collect();
        assert_eq!(said.len(), 3);
        // Another sweep, and the late webhooks, change nothing.
        world.clock.advance(2 * Timestamp::HOUR);
        sweep(&world).await;
        world.read().await;
        let after = world.messages().await;
        assert_eq!(after.iter().filter(|m| m.sender == "customer").count(), 3);
        assert_eq!(world.drafts().await.len(), 2);
    }

    async fn a_sweep_goes_on_where_it_stopped_and_keeps_the_pace(db: &TestDatabase) {
        let mut world = World::new(db).await;
        world.meta.set_callback("http://127.0.0.1:9/nowhere", "hello");
        world.clock.advance(Timestamp::MINUTE);
        for n in 0..30 {
            world.customer(&format!("c{n}")).say("2 blue mugs please");
            world.clock.advance(Timestamp::SECOND);
        }
        for _ in 0..4 {
            world.engine.sweep_step().await.unwrap();
            world.clock.advance(Timestamp::SECOND);
        }
        world.restart().await;
        world.clock.advance(2 * Timestamp::MINUTE);
        sweep(&world).await;
        world.read().await;
        assert_eq!(world.drafts().await.len(), 30);
        let mut seconds = std::collections::HashMap::<i64, usize>::new();
        for call in world.meta.calls() {
            if call.path.contains("conversations") || call.path.contains("/messages") {
                *seconds.entry(call.at / 1000).or_default() += 1;
            }
        }
        let most = seconds.values().max().copied().unwrap_or(0);
        assert!(most <= 2, "{most} calls in a second");
    }

    async fn what_was_written_before_connecting_is_left_alone(db: &TestDatabase) {
        let mut world = World::without_account(db, |_| {}).await;
        world.meta.set_callback("http://127.0.0.1:9/nowhere", "hello");
        world.customer("ana").say("2 blue mugs please");
        world.clock.advance(Timestamp::DAY);
        world.connect_first().await;
        sweep(&world).await;
        world.read().await;
        assert!(world.drafts().await.is_empty());
    }
}
