//! Those who write, and the shopkeeper who confirms.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sandbox::{Sandbox, SentMessage};
use serde_json::{Value, json};
use testkit::Chance;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::Args;
use crate::fleet::{Fleet, SellerInfo};

/// What every customer says first; then small talk.
const SCRIPT: [&str; 3] = [
    "2 canvas elephant tote please",
    "My name is Asha Rao, 12 Lake Road, Jaipur 302001, phone 98290 12345",
    "yes, confirm",
];

/// One customer of one seller.
#[derive(Debug)]
pub(crate) struct Customer {
    pub(crate) seller: usize,
    pub(crate) id: String,
    /// How many messages were acknowledged.
    said: u64,
    busy: bool,
}

/// An acknowledged message: the ticks at which it was first sent and acknowledged, and what was
/// sent, to be sent again.
#[derive(Debug, Clone)]
pub(crate) struct Acknowledged {
    pub(crate) mid: String,
    body: Value,
    pub(crate) customer: usize,
    pub(crate) first_sent: u64,
    pub(crate) acknowledged: u64,
}

/// Everybody who writes.
#[derive(Debug)]
pub(crate) struct Crowd {
    sellers: Vec<SellerInfo>,
    customers: Mutex<Vec<Customer>>,
    acknowledged: Mutex<Vec<Acknowledged>>,
    /// Echoes of replies that are still to be delivered: the seller's place, the event.
    echoes: Mutex<VecDeque<(usize, Value)>>,
    pause: Duration,
    chance: Mutex<Chance>,
    ticks: AtomicU64,
    finishing: AtomicBool,
    confirmed: AtomicBool,
    pub(crate) requests: AtomicU64,
    pub(crate) refused: AtomicU64,
}

struct Item {
    customer: Option<usize>,
    seller: usize,
    mid: String,
    first_sent: u64,
    body: Value,
}

impl Crowd {
    pub(crate) fn new(args: &Args, sellers: Vec<SellerInfo>, sandbox: &Sandbox) -> Self {
        let customers = (0..args.customers * sellers.len())
            .map(|i| {
                let seller = i % sellers.len();
                // The stand-in knows the customer, and that the 24 hours run; its own webhooks are
                // held back.
                let account = &sellers[seller].instagram_account_id;
                let known = sandbox.customer_of(account, &format!("customer-{i}"));
                known.say("hello");
                Customer {
                    seller,
                    id: known.id().to_owned(),
                    said: 0,
                    busy: false,
                }
            })
            .collect();
        Self {
            sellers,
            customers: Mutex::new(customers),
            acknowledged: Mutex::default(),
            echoes: Mutex::default(),
            pause: Duration::from_millis(args.pause_ms),
            chance: Mutex::new(Chance::new(args.seed)),
            ticks: AtomicU64::new(1),
            finishing: AtomicBool::new(false),
            confirmed: AtomicBool::new(false),
            requests: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// No new messages from now on, except the rest of every script.
    pub(crate) fn finish(&self) {
        self.finishing.store(true, Ordering::SeqCst);
    }

    pub(crate) fn stop_confirming(&self) {
        self.confirmed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn acknowledged(&self) -> Vec<Acknowledged> {
        self.acknowledged.lock().unwrap().clone()
    }

    /// `(seller, id)` of every customer.
    pub(crate) fn customers(&self) -> Vec<(usize, String)> {
        let customers = self.customers.lock().unwrap();
        customers.iter().map(|c| (c.seller, c.id.clone())).collect()
    }

    fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::SeqCst)
    }

    /// The next body: one to five customers' next messages and some old ones again, shuffled.
    /// `None` when everybody has said all.
    fn next_body(&self) -> Option<Vec<Item>> {
        let mut chance = self.chance.lock().unwrap();
        let mut customers = self.customers.lock().unwrap();
        let finishing = self.finishing.load(Ordering::SeqCst);
        let free: Vec<usize> = (0..customers.len())
            .filter(|&i| {
                let customer = &customers[i];
                !(customer.busy || finishing && customer.said >= SCRIPT.len() as u64)
            })
            .collect();
        let waiting = customers.iter().any(|c| c.busy);
        if free.is_empty() {
            return if finishing && !waiting {
                None
            } else {
                Some(Vec::new())
            };
        }
        let mut items = Vec::new();
        let mut chosen = HashSet::new();
        for _ in 0..=chance.below(5) {
            let i = free[usize::try_from(chance.below(free.len() as u64)).unwrap_or(0)];
            if chosen.insert(i) {
                let customer = &mut customers[i];
                customer.busy = true;
                let n = customer.said;
                let text = usize::try_from(n)
                    .ok()
                    .and_then(|n| SCRIPT.get(n))
                    .map_or("thank you so much, see you soon", |text| text);
                let mid = format!("mid.{}.{n}", customer.id);
                let body = self.item(customer, &mid, text);
                let first_sent = self.tick();
                items.push(Item {
                    customer: Some(i),
                    seller: customer.seller,
                    mid,
                    first_sent,
                    body,
                });
            }
        }
        let old = self.acknowledged.lock().unwrap();
        if !old.is_empty() && chance.below(100) < 20 {
            let again = &old[usize::try_from(chance.below(old.len() as u64)).unwrap_or(0)];
            items.push(Item {
                customer: None,
                seller: customers[again.customer].seller,
                mid: again.mid.clone(),
                first_sent: again.first_sent,
                body: again.body.clone(),
            });
        }
        let mut echoes = self.echoes.lock().unwrap();
        let now = echoes.len().min(4);
        for (seller, body) in echoes.drain(..now) {
            items.push(Item {
                customer: None,
                seller,
                mid: String::new(),
                first_sent: 0,
                body,
            });
        }
        for i in (1..items.len()).rev() {
            items.swap(i, usize::try_from(chance.below(i as u64 + 1)).unwrap_or(0));
        }
        Some(items)
    }

    fn item(&self, customer: &Customer, mid: &str, text: &str) -> Value {
        json!({
            "sender": {"id": customer.id},
            "recipient": {"id": self.sellers[customer.seller].instagram_account_id},
            "timestamp": now_ms(),
            "message": {"mid": mid, "text": text},
        })
    }

    fn body(&self, items: &[Item]) -> String {
        let entries: Vec<Value> = items
            .iter()
            .map(|item| {
                json!({
                    "id": self.sellers[item.seller].instagram_account_id,
                    "time": now_ms(),
                    "messaging": [item.body],
                })
            })
            .collect();
        json!({"object": "instagram", "entry": entries}).to_string()
    }

    /// Tells of what the product sent, as Meta's echo does.
    fn echo(&self, sent: &SentMessage) {
        let seller = self
            .sellers
            .iter()
            .position(|seller| seller.instagram_account_id == sent.account_id);
        let Some(seller) = seller else { return };
        let mut message = sent.message.clone();
        message["mid"] = json!(sent.mid);
        message["is_echo"] = json!(true);
        let event = json!({
            "sender": {"id": sent.account_id},
            "recipient": {"id": sent.recipient_id},
            "timestamp": sent.at,
            "message": message,
        });
        self.echoes.lock().unwrap().push_back((seller, event));
    }

    fn acknowledge(&self, items: Vec<Item>) {
        let tick = self.tick();
        let mut customers = self.customers.lock().unwrap();
        let mut acknowledged = self.acknowledged.lock().unwrap();
        for item in items {
            if let Some(i) = item.customer {
                customers[i].said += 1;
                customers[i].busy = false;
                acknowledged.push(Acknowledged {
                    mid: item.mid,
                    body: item.body,
                    customer: i,
                    first_sent: item.first_sent,
                    acknowledged: tick,
                });
            }
        }
    }
}

fn now_ms() -> u128 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis())
}

/// Starts the senders.
pub(crate) fn write(
    crowd: Arc<Crowd>,
    fleet: Arc<Fleet>,
    connections: usize,
) -> Vec<JoinHandle<()>> {
    (0..connections)
        .map(|i| {
            let (crowd, fleet) = (Arc::clone(&crowd), Arc::clone(&fleet));
            tokio::spawn(async move {
                let client = reqwest::Client::new();
                while let Some(items) = crowd.next_body() {
                    if items.is_empty() {
                        sleep(Duration::from_millis(5)).await;
                        continue;
                    }
                    deliver(&crowd, &fleet, &client, i, &crowd.body(&items)).await;
                    crowd.acknowledge(items);
                    sleep(crowd.pause).await;
                }
            })
        })
        .collect()
}

/// Echoes what the stand-in took, as long as there are bodies to put it into.
pub(crate) fn echo(crowd: Arc<Crowd>, fleet: Arc<Fleet>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut told = 0;
        loop {
            let sent = fleet.sandbox.sent();
            for message in &sent[told..] {
                crowd.echo(message);
            }
            told = sent.len();
            sleep(Duration::from_millis(100)).await;
        }
    })
}

/// Delivers a body again and again until it is answered 200, as Meta does.
async fn deliver(crowd: &Crowd, fleet: &Fleet, client: &reqwest::Client, i: usize, body: &str) {
    let signature = Fleet::sign(body);
    for attempt in i.. {
        crowd.requests.fetch_add(1, Ordering::Relaxed);
        let answer = client
            .post(format!("{}/webhooks/meta", fleet.url(attempt)))
            .header("content-type", "application/json")
            .header("x-hub-signature-256", &signature)
            .timeout(Duration::from_secs(10))
            .body(body.to_owned())
            .send()
            .await;
        match answer {
            Ok(answer) if answer.status().as_u16() == 200 => return,
            _ => {
                crowd.refused.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// The shopkeeper: confirms every complete draft order, each twice at once.
pub(crate) fn confirm(crowd: Arc<Crowd>, fleet: Arc<Fleet>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let client = reqwest::Client::new();
        let mut last_round = false;
        loop {
            let mut open = 0;
            for (i, seller) in crowd.sellers.iter().enumerate() {
                let waiting = waiting(&client, &fleet, i, seller).await;
                open += waiting.as_ref().map_or(1, Vec::len);
                for id in waiting.unwrap_or_default() {
                    let tap = || tap(&client, &fleet, i, seller, &id);
                    tokio::join!(tap(), tap());
                }
            }
            if last_round && open == 0 {
                return;
            }
            last_round = crowd.confirmed.load(Ordering::SeqCst);
            sleep(Duration::from_millis(50)).await;
        }
    })
}

async fn waiting(
    client: &reqwest::Client,
    fleet: &Fleet,
    node: usize,
    seller: &SellerInfo,
) -> Option<Vec<String>> {
    let url = format!(
        "{}/api/v1/draft-orders?stage=awaiting_seller&limit=100",
        fleet.url(node)
    );
    let answer = client
        .get(url)
        .bearer_auth(&seller.api_key)
        .timeout(Duration::from_secs(5))
        .send()
        .await
        .ok()?;
    let page: Value = serde_json::from_slice(&answer.bytes().await.ok()?).ok()?;
    let rows = page.get("items")?.as_array()?;
    Some(
        rows.iter()
            .filter_map(|row| Some(row.get("id")?.as_str()?.to_owned()))
            .collect(),
    )
}

async fn tap(client: &reqwest::Client, fleet: &Fleet, node: usize, seller: &SellerInfo, id: &str) {
    let url = format!("{}/api/v1/draft-orders/{id}/confirm", fleet.url(node));
    let request = client
        .post(url)
        .bearer_auth(&seller.api_key)
        .header("content-type", "application/json")
        .body("{}");
    let _ = request.timeout(Duration::from_secs(5)).send().await;
}
