//! The waiting list: whoever asked to be told is told when it is back, whichever way it came back.

use domain::Timestamp;
use domain::catalog::RetailerId;
use domain::order::OrderStatus;
use engine::tasks::Step;
use sandbox::CustomerHandle;
use store::WaitingEntry;

use crate::support::World;

const HOUR: i64 = Timestamp::HOUR;

fn vase() -> RetailerId {
    RetailerId::parse("VASE").unwrap()
}

impl World {
    /// What the dashboard, the API and an import do: products are put, and the engine is told.
    async fn restock(&self, units: i64) {
        let store = self.engine.store().seller(self.seller);
        let row = store.product_by_retailer_id(&vase()).await.unwrap();
        let mut product = row.unwrap().product;
        product.stock = Some(units);
        store
            .put_products([product], self.engine.now())
            .await
            .unwrap();
        self.engine.products_changed(self.seller);
    }

    /// Asks, and taps the button of the answer.
    async fn waits(&self, name: &str) -> CustomerHandle {
        let customer = self.customer(name);
        customer.say("hi, do you have the glass vase?");
        self.settle().await;
        let answer = self.meta.sent_to(customer.id()).pop().unwrap();
        let buttons = answer.message["quick_replies"].as_array().unwrap();
        let button = buttons
            .iter()
            .find(|b| b["title"] == "Tell me when back")
            .unwrap();
        customer.tap("Tell me when back", button["payload"].as_str().unwrap());
        self.settle().await;
        let answer = self.meta.sent_to(customer.id()).pop().unwrap();
        assert!(answer.text.contains("we'll tell you"), "{}", answer.text);
        customer
    }

    async fn tell(&self) {
        while let Step::Did(_) = self.engine.waiting_step().await.unwrap() {}
        self.settle().await;
    }

    /// How often a customer heard that it is back.
    fn heard(&self, customer: &CustomerHandle) -> usize {
        let sent = self.meta.sent_to(customer.id());
        sent.iter()
            .filter(|m| m.text.contains("Glass vase is back!"))
            .count()
    }

    fn all_heard<const N: usize>(&self, customers: [&CustomerHandle; N]) -> [usize; N] {
        customers.map(|customer| self.heard(customer))
    }

    async fn list(&self) -> Vec<WaitingEntry> {
        let store = self.engine.store().seller(self.seller);
        let row = store
            .product_by_retailer_id(&vase())
            .await
            .unwrap()
            .unwrap();
        store.waiting_for(row.id, None, 100).await.unwrap().rows
    }
}

testkit::on_both! {
    async fn who_asked_first_is_told_first_once_and_as_many_as_there_are_units(db: &TestDatabase) {
        let world = World::new(db).await;
        world.restock(0).await;
        let (ana, ben, cas) = (world.waits("ana").await, world.waits("ben").await, world.waits("cas").await);
        world.tell().await;
        assert_eq!(world.all_heard([&ana, &ben, &cas]), [0, 0, 0]);
        world.restock(2).await;
        // Several nodes at once tell nobody twice.
        let steps = (0..4).map(|_| {
            let engine = world.engine.clone();
            tokio::spawn(async move { engine.waiting_step().await })
        });
        for step in steps.collect::<Vec<_>>() {
            step.await.unwrap().unwrap();
        }
        world.tell().await;
        world.tell().await;
        assert_eq!(world.all_heard([&ana, &ben, &cas]), [1, 1, 0]);
        // Ana takes hers: Ben's is still promised, there is none for Cas.
        ana.say("yes");
        ana.say("Ana Perera, 12 Lake Road, Springfield 62704, +1 217 555 0134");
        world.settle().await;
        let draft = world.drafts().await.remove(0);
        world.engine.confirm_draft(world.by(), draft.id, None, false, None).await.unwrap();
        world.tell().await;
        assert_eq!(world.all_heard([&ana, &ben, &cas]), [1, 1, 0]);
        assert_eq!(world.list().await.len(), 2, "who has ordered waits no more");
        // Ben does not come: after a day it is Cas's turn, who has written meanwhile.
        world.clock.advance(20 * HOUR);
        cas.say("hello?");
        world.settle().await;
        world.clock.advance(5 * HOUR);
        world.tell().await;
        assert_eq!(world.all_heard([&ana, &ben, &cas]), [1, 1, 1]);
    }

    async fn a_cancelled_order_is_news_too(db: &TestDatabase) {
        let world = World::new(db).await;
        let ana = world.customer("ana");
        ana.say("1 glass vase please");
        world.settle().await;
        let draft = world.drafts().await.remove(0);
        let order = world.engine.confirm_draft(world.by(), draft.id, None, false, None).await;
        let order = order.unwrap().order.unwrap().0;
        let ben = world.waits("ben").await;
        world.tell().await;
        assert_eq!(world.heard(&ben), 0);
        world.engine.move_order(world.by(), order, OrderStatus::Cancelled, "").await.unwrap();
        world.tell().await;
        assert_eq!(world.heard(&ben), 1);
    }

    async fn an_import_is_news_and_the_loop_sees_it(db: &TestDatabase) {
        let world = World::new(db).await;
        world.restock(0).await;
        let ana = world.waits("ana").await;
        let tasks = engine::tasks::Tasks::new();
        world.engine.spawn(engine::Role::All, &tasks);
        let file = "retailer_id,title,price,stock\nVASE,Glass vase,45,3\n";
        let open = || Ok(std::io::Cursor::new(file.as_bytes()));
        world.engine.import_products(world.seller, open, |_| {}).await.unwrap();
        let wanted = world.meta.sent_to(ana.id()).len() + 1;
        let sent = tokio::time::timeout(std::time::Duration::from_secs(20), async {
            while world.meta.sent_to(ana.id()).len() < wanted {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        });
        sent.await.expect("told within seconds");
        tasks.stop().await;
        assert_eq!(world.heard(&ana), 1);
    }

    async fn after_the_window_nobody_is_written_to_until_they_write_again(db: &TestDatabase) {
        let world = World::new(db).await;
        world.restock(0).await;
        let ana = world.waits("ana").await;
        world.clock.advance(25 * HOUR);
        let ben = world.waits("ben").await;
        world.restock(1).await;
        world.tell().await;
        assert_eq!(world.all_heard([&ana, &ben]), [0, 1], "the unit goes to who can be told");
        let states = world.list().await.into_iter().map(|e| e.waiter().state(world.engine.now()));
        let states: Vec<_> = states.map(domain::waiting::WaitState::as_str).collect();
        assert_eq!(states, ["out_of_reach", "told"]);
        assert!(!world.notices().await.contains(&"window_closed".to_owned()));
        world.restock(2).await;
        ana.say("hello");
        world.settle().await;
        world.tell().await;
        assert_eq!(world.all_heard([&ana, &ben]), [1, 1]);
    }
}
