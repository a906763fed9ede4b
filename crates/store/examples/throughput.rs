//! How fast events go in and through: `cargo run --release -p store --example throughput -- URL
//! [EVENTS] [STORED]`. `STORED` events are there before, done, each with its message; the conversations
//! are 1,000.
//!
//! Intake: group commit with 64 callers. Pipeline: one worker, each event a message, a new state of
//! the conversation, a draft order, and a reply.

use std::time::Instant;

use domain::catalog::RetailerId;
use domain::customer::Details;
use domain::draft::{DraftLine, DraftOrder, Origin, Stage};
use domain::reading::OrderLine;
use domain::{
    AccountId, Channel, ConversationId, CustomerId, DraftOrderId, EventId, MessageId, OutboxId,
    SellerId, Timestamp,
};
use store::{
    ConversationWrite, CustomerWrite, Direction, DraftWrite, EventState, IntakeWriter, Lane,
    LaneEffects, MessageState, NewAccount, NewEvent, NewMessage, NewOutbox, NewSeller, Outcome,
    Store,
};

const CONVERSATIONS: u64 = 1_000;
const CALLERS: u64 = 64;

fn event(n: u64, payload: &str) -> NewEvent {
    let party = format!("90200000000{:04}", n % CONVERSATIONS);
    // A year of stored events, so that the index grows as it would.
    let at = Timestamp(1_793_000_000_000 + n as i64 * 50);
    NewEvent {
        id: EventId::fresh(),
        received_at: at,
        occurred_at: Some(at),
        dated: true,
        object: "instagram".into(),
        kind: "message".into(),
        account_ids: vec!["17841400000000001".into()],
        lane: format!("instagram:17841400000000001:{party}"),
        party_id: Some(party),
        dedup_key: format!("aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQx{n:032}"),
        payload: payload.to_owned(),
        state: EventState::Pending,
        reason: None,
    }
}

fn message(event: EventId, conversation: ConversationId, at: Timestamp) -> NewMessage {
    NewMessage {
        id: MessageId::fresh(),
        conversation_id: conversation,
        mid: event.to_string(),
        event_id: Some(event),
        direction: Direction::In,
        sender: "customer".into(),
        kind: "text".into(),
        text: Some("two blue mugs and a large shirt please".into()),
        content: None,
        reading: Some("{}".into()),
        language: Some("en".into()),
        state: MessageState::Received,
        reason: None,
        at,
    }
}

fn effects(lane: &Lane, now: Timestamp) -> Option<LaneEffects> {
    let (account, seller) = (lane.account.as_ref()?, lane.seller.as_ref()?);
    let party = lane.events[0].party_id.clone()?;
    let customer = lane
        .customer
        .as_ref()
        .map_or_else(CustomerId::fresh, |c| c.id);
    let conversation = lane.conversation.as_ref();
    let id = conversation.map_or_else(ConversationId::fresh, |c| c.id);
    let messages = lane.events.iter();
    let messages = messages.map(|event| message(event.id, id, event.received_at));
    let outbox = lane.events.iter().map(|_| NewOutbox {
        id: OutboxId::fresh(),
        account_id: account.id,
        conversation_id: Some(id),
        recipient: party.clone(),
        kind: "ask".into(),
        text: Some("Which size?".into()),
        body: r#"{"text":"Which size?"}"#.into(),
        by_person: false,
        window_until: Some(now),
        due_at: now,
    });
    // The conversation's state is where the draft order's id is kept; here it is all of it.
    let draft_id = conversation
        .and_then(|c| c.state.parse().ok())
        .unwrap_or_else(DraftOrderId::fresh);
    let draft = DraftOrder {
        id: draft_id,
        stage: Stage::Open,
        stage_since: now,
        opened_at: now,
        lines: vec![DraftLine {
            line: OrderLine {
                product: RetailerId::parse("mug-blue").ok()?,
                quantity: 2,
                options: Vec::new(),
            },
            confidence: 0.9,
            missing: Vec::new(),
            added_by: Origin::Seller,
            changed_by: Vec::new(),
            title: "Blue mug".into(),
            unit_price: None,
        }],
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
    };
    Some(LaneEffects {
        seller_id: Some(seller.id),
        outcomes: lane.events.iter().map(|e| (e.id, Outcome::Done)).collect(),
        customer: lane.customer.is_none().then(|| CustomerWrite {
            id: customer,
            account_id: Some(account.id),
            channel: Channel::Instagram,
            external_id: Some(party.clone()),
            username: None,
            language: Some("en".into()),
        }),
        conversation: Some(ConversationWrite {
            id,
            account_id: account.id,
            customer_id: customer,
            channel: Channel::Instagram,
            lane: lane.lane.clone(),
            read_version: conversation.map(|c| c.version),
            state: draft_id.to_string(),
            language: Some("en".into()),
            window_until: Some(now),
            hand_over_until: None,
            wake_at: None,
            unread_added: lane.events.len() as u32,
            last_message_at: Some(now),
            last_text: Some("two blue mugs".into()),
        }),
        messages: messages.collect(),
        outbox: outbox.collect(),
        drafts: vec![DraftWrite {
            draft,
            account_id: Some(account.id),
            conversation_id: Some(id),
            customer_id: Some(customer),
            message_source: "instagram".into(),
            currency: seller.currency,
        }],
        ..LaneEffects::default()
    })
}

async fn add_seller(store: &Store, now: Timestamp) -> Result<SellerId, Box<dyn std::error::Error>> {
    let seller = NewSeller {
        id: SellerId::fresh(),
        name: "Bench".into(),
        country: "LK".into(),
        currency: "LKR".parse()?,
        language: "en".into(),
        time_zone: "Asia/Colombo".into(),
        slug: "bench".into(),
        policy: "{}".into(),
    };
    store.system().add_seller(&seller, now).await?;
    let account = NewAccount {
        id: AccountId::fresh(),
        channel: Channel::Instagram,
        name: "bench".into(),
        username: None,
        instagram_account_id: Some("17841400000000001".into()),
        app_scoped_id: None,
        page_id: None,
        whatsapp_phone_number_id: None,
        whatsapp_business_account_id: None,
        business_id: None,
        login: "manual".into(),
    };
    store
        .seller(seller.id)
        .connect_account(&account, now)
        .await?;
    Ok(seller.id)
}

/// Events of before: done, each with its message in one of the conversations.
async fn fill(
    store: &Store,
    seller: SellerId,
    stored: u64,
    payload: &str,
    now: Timestamp,
) -> Result<(), Box<dyn std::error::Error>> {
    // The first round of the pipeline makes the conversations.
    let first: Vec<_> = (0..CONVERSATIONS.min(stored))
        .map(|n| event(n, payload))
        .collect();
    store.intake().append(&first).await?;
    work(store, now).await?;
    let seller = store.seller(seller);
    // They all have the same time of their last message.
    let talks = seller.conversations(None, CONVERSATIONS as u32).await?;
    for from in (CONVERSATIONS..stored).step_by(5_000) {
        let events: Vec<_> = (from..(from + 5_000).min(stored))
            .map(|n| NewEvent {
                state: EventState::Done,
                ..event(n, payload)
            })
            .collect();
        store.intake().append(&events).await?;
        let messages = events.iter().zip(from as usize..).map(|(event, n)| {
            // One conversation after the other, else filling would take hours.
            let talk = talks[n * talks.len() / stored as usize].id;
            message(event.id, talk, event.received_at)
        });
        let effects = LaneEffects {
            seller_id: Some(seller.id()),
            messages: messages.collect(),
            ..LaneEffects::default()
        };
        seller.apply(&effects, now).await?;
        if from % 500_000 < 5_000 {
            eprintln!("{from} stored");
        }
    }
    Ok(())
}

/// Works off what is pending: events, seconds, and how many of these went into claiming.
async fn work(
    store: &Store,
    now: Timestamp,
) -> Result<(usize, f64, f64), Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let (mut done, mut claiming) = (0, 0.0);
    loop {
        let claimed = Instant::now();
        let Some(mut batch) = store.pipeline().claim(512, now).await? else {
            break;
        };
        claiming += claimed.elapsed().as_secs_f64();
        let effects: Vec<_> = batch.lanes.iter().filter_map(|l| effects(l, now)).collect();
        done += batch.events();
        batch.commit(&effects, now).await?;
    }
    Ok((done, begun.elapsed().as_secs_f64(), claiming))
}

async fn take_in(store: &Store, from: u64, count: u64, payload: &str) -> f64 {
    let writer = IntakeWriter::start(store.clone(), 4_096);
    let begun = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (writer, payload) = (writer.clone(), payload.to_owned());
            tokio::spawn(async move {
                for n in (caller..count).step_by(CALLERS as usize) {
                    if let Err(error) = writer.append(vec![event(from + n, &payload)]).await {
                        eprintln!("{error}");
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        let _ = caller.await;
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let url = args
        .next()
        .ok_or("usage: throughput URL [EVENTS] [STORED]")?;
    let events: u64 = args.next().map_or(Ok(50_000), |n| n.parse())?;
    let stored: u64 = args.next().map_or(Ok(0), |n| n.parse())?;
    let store = Store::open(&url).await?;
    let now = Timestamp(1_900_000_000_000);
    let payload = format!(
        r#"{{"message":{{"mid":"m","text":"{}"}}}}"#,
        "two mugs ".repeat(80)
    );
    let seller = add_seller(&store, now).await?;
    fill(&store, seller, stored, &payload, now).await?;
    let rate = take_in(&store, stored, events, &payload).await;
    println!("{stored} stored; intake: {rate:.0} events/s ({CALLERS} callers)");
    let (done, seconds, claiming) = work(&store, now).await?;
    println!(
        "pipeline: {:.0} events/s, one worker; {:.0} % of it claiming",
        done as f64 / seconds,
        100.0 * claiming / seconds
    );
    println!("{}", store.stats().await?);
    Ok(())
}
