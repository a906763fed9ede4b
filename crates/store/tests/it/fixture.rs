//! A store with sellers, and effects to write into it.

use domain::catalog::{Product, RetailerId};
use domain::customer::Details;
use domain::draft::{Actor, DraftOrder, Stage};
use domain::order::{NewOrder, PricedLine, Totals};
use domain::{
    AccountId, Channel, ConversationId, Currency, CustomerId, DraftOrderId, EventId, MessageId,
    Money, OrderId, OutboxId, SellerId, Timestamp,
};
use store::{
    ChannelAccount, ConversationWrite, CustomerWrite, Direction, DraftWrite, EventState,
    LaneEffects, MessageState, NewAccount, NewEvent, NewMessage, NewOutbox, NewSeller, OrderWrite,
    Outcome, Seller, Store,
};

/// The time of every test.
pub(crate) const NOW: Timestamp = Timestamp(1_793_000_000_000);

pub(crate) fn usd() -> Currency {
    "USD".parse().unwrap()
}

pub(crate) fn rid(text: &str) -> RetailerId {
    RetailerId::parse(text).unwrap()
}

pub(crate) async fn open(db: &testkit::TestDatabase) -> Store {
    Store::open(db.url()).await.unwrap()
}

pub(crate) async fn seller(store: &Store, slug: &str) -> Seller {
    let new = NewSeller {
        id: SellerId::fresh(),
        name: format!("Shop {slug}"),
        country: "LK".into(),
        currency: usd(),
        language: "en".into(),
        time_zone: "Asia/Colombo".into(),
        slug: slug.into(),
        policy: "{}".into(),
    };
    store.system().add_seller(&new, NOW).await.unwrap()
}

/// Connects an Instagram account with this id.
pub(crate) async fn account(store: &Store, seller: &Seller, instagram_id: &str) -> ChannelAccount {
    let new = NewAccount {
        id: AccountId::fresh(),
        channel: Channel::Instagram,
        name: "shop".into(),
        username: Some("shop".into()),
        instagram_account_id: Some(instagram_id.into()),
        app_scoped_id: None,
        page_id: Some(format!("page-{instagram_id}")),
        whatsapp_phone_number_id: None,
        whatsapp_business_account_id: None,
        business_id: None,
        login: "manual".into(),
    };
    store
        .seller(seller.id)
        .connect_account(&new, NOW)
        .await
        .unwrap()
}

/// A DM of `party` to the account.
pub(crate) fn dm(account: &str, party: &str, mid: &str) -> NewEvent {
    NewEvent {
        id: EventId::fresh(),
        received_at: NOW,
        occurred_at: Some(NOW),
        dated: true,
        object: "instagram".into(),
        kind: "message".into(),
        account_ids: vec![account.into()],
        party_id: Some(party.into()),
        lane: format!("instagram:{account}:{party}"),
        dedup_key: mid.into(),
        payload: format!(r#"{{"message":{{"mid":"{mid}","text":"2 mugs"}}}}"#),
        state: EventState::Pending,
        reason: None,
    }
}

/// A simple product with `stock` units.
pub(crate) fn product(id: &str, stock: Option<i64>) -> Product {
    let mut product = Product::simple(rid(id), format!("Product {id}"), Money::new(500, usd()));
    product.stock = stock;
    product
}

/// Ids of one conversation.
#[derive(Clone, Copy)]
pub(crate) struct Ids {
    pub(crate) customer: CustomerId,
    pub(crate) conversation: ConversationId,
}

impl Ids {
    pub(crate) fn fresh() -> Self {
        Self {
            customer: CustomerId::fresh(),
            conversation: ConversationId::fresh(),
        }
    }
}

pub(crate) fn conversation_write(
    account: &ChannelAccount,
    ids: Ids,
    version: Option<i64>,
) -> ConversationWrite {
    ConversationWrite {
        id: ids.conversation,
        account_id: account.id,
        customer_id: ids.customer,
        channel: Channel::Instagram,
        lane: "lane".into(),
        read_version: version,
        state: r#"{"v":1}"#.into(),
        language: Some("en".into()),
        window_until: Some(NOW.plus(Timestamp::DAY)),
        hand_over_until: None,
        wake_at: None,
        unread_added: 1,
        last_message_at: Some(NOW),
        last_text: Some("2 mugs".into()),
    }
}

pub(crate) fn message(ids: Ids, mid: &str) -> NewMessage {
    NewMessage {
        id: MessageId::fresh(),
        conversation_id: ids.conversation,
        mid: mid.into(),
        event_id: None,
        direction: Direction::In,
        sender: "customer".into(),
        kind: "text".into(),
        text: Some("2 mugs".into()),
        content: None,
        reading: None,
        language: Some("en".into()),
        state: MessageState::Received,
        reason: None,
        at: NOW,
    }
}

pub(crate) fn outbox(account: &ChannelAccount, ids: Ids, text: &str) -> NewOutbox {
    NewOutbox {
        id: OutboxId::fresh(),
        account_id: account.id,
        conversation_id: Some(ids.conversation),
        recipient: "party".into(),
        kind: "ask".into(),
        text: Some(text.into()),
        body: format!(r#"{{"text":"{text}"}}"#),
        by_person: false,
        window_until: Some(NOW.plus(Timestamp::DAY)),
        due_at: NOW,
    }
}

pub(crate) fn draft(id: DraftOrderId, stage: Stage) -> DraftOrder {
    DraftOrder {
        id,
        stage,
        stage_since: NOW,
        opened_at: NOW,
        lines: Vec::new(),
        revision: 1,
        confidence: 0.9,
        unresolved: Vec::new(),
        agreed: None,
        charges: None,
        totals: None,
        details: Details::default(),
        mids: Vec::new(),
        note: None,
        reason: None,
    }
}

pub(crate) fn draft_write(account: &ChannelAccount, ids: Ids, draft: DraftOrder) -> DraftWrite {
    DraftWrite {
        draft,
        account_id: Some(account.id),
        conversation_id: Some(ids.conversation),
        customer_id: Some(ids.customer),
        message_source: "instagram".into(),
        currency: usd(),
    }
}

/// An order of `quantity` of one product.
pub(crate) fn order_write(
    ids: Ids,
    draft: DraftOrderId,
    product: &str,
    quantity: u32,
) -> OrderWrite {
    let unit = Money::new(500, usd());
    let total = unit.times(quantity).unwrap();
    OrderWrite {
        order: NewOrder {
            id: OrderId::fresh(),
            draft_order: draft,
            lines: vec![PricedLine {
                product: rid(product),
                variant: None,
                title: "Product".into(),
                quantity,
                options: Vec::new(),
                unit_price: unit,
                total,
            }],
            totals: Totals {
                subtotal: total,
                discount: Money::zero(usd()),
                delivery: Money::zero(usd()),
                tax: Money::zero(usd()),
                tax_inclusive: true,
                total,
            },
            details: Details::default(),
            confirmed_by: Actor::Automation,
            confirmed_at: NOW,
            oversell: false,
            note: None,
        },
        account_id: None,
        conversation_id: Some(ids.conversation),
        customer_id: Some(ids.customer),
        message_source: "instagram".into(),
    }
}

/// What the first message of a customer leads to: customer, conversation, message, open draft
/// order, one reply.
pub(crate) fn first_message(
    seller: &Seller,
    account: &ChannelAccount,
    ids: Ids,
    party: &str,
    mid: &str,
) -> LaneEffects {
    LaneEffects {
        seller_id: Some(seller.id),
        customer: Some(CustomerWrite {
            id: ids.customer,
            account_id: Some(account.id),
            channel: Channel::Instagram,
            external_id: Some(party.into()),
            username: None,
            language: Some("en".into()),
        }),
        conversation: Some(conversation_write(account, ids, None)),
        messages: vec![message(ids, mid)],
        drafts: vec![draft_write(
            account,
            ids,
            draft(DraftOrderId::fresh(), Stage::Open),
        )],
        outbox: vec![outbox(account, ids, "Which size?")],
        ..LaneEffects::default()
    }
}

/// `Done` for every event.
pub(crate) fn done(events: &[store::PendingEvent]) -> Vec<(EventId, Outcome)> {
    events.iter().map(|e| (e.id, Outcome::Done)).collect()
}
