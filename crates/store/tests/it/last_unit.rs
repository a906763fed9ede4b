//! One unit and a crowd that confirms at the same moment: shared by the test and by the campaign
//! (`crates/store/examples/crowd.rs`).

use domain::draft::Stage;
use store::{ChannelAccount, CommitError, Seller, Store};

use crate::fixture::{Ids, NOW, first_message, order_write, product, rid};

/// What became of one round.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Round {
    /// The numbers of the orders that were made.
    pub(crate) numbers: Vec<u64>,
    /// Buyers who were told that there is not enough.
    pub(crate) short: u32,
    /// What is left.
    pub(crate) free: Option<i64>,
}

/// Confirms an order of one `item` for a new customer.
pub(crate) async fn buy(
    store: Store,
    s: Seller,
    a: ChannelAccount,
    item: String,
) -> Result<u64, CommitError> {
    let ids = Ids::fresh();
    let mut effects = first_message(&s, &a, ids, &ids.customer.to_string(), "m");
    effects.drafts[0].draft.stage = Stage::Confirmed;
    effects.order = Some(order_write(ids, effects.drafts[0].draft.id, &item, 1));
    loop {
        match store.seller(s.id).apply(&effects, NOW).await {
            Err(CommitError::Store(error)) if error.is_transient() => {}
            other => return other.map(|applied| applied.orders[0].1),
        }
    }
}

/// A new product of one unit, and `buyers` who want it at once.
pub(crate) async fn play(
    store: &Store,
    s: &Seller,
    a: &ChannelAccount,
    item: &str,
    buyers: u32,
) -> Round {
    let goods = [product(item, Some(1))];
    store.seller(s.id).put_products(goods, NOW).await.unwrap();
    let crowd: Vec<_> = (0..buyers)
        .map(|_| tokio::spawn(buy(store.clone(), s.clone(), a.clone(), item.to_owned())))
        .collect();
    let mut round = Round::default();
    for buyer in crowd {
        match buyer.await.unwrap() {
            Ok(number) => round.numbers.push(number),
            Err(CommitError::StockShort(short)) => {
                assert_eq!(short[0].free, 0);
                round.short += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    let left = store.seller(s.id).stock_of(&rid(item)).await.unwrap();
    round.free = left.unwrap().free();
    round
}
