//! Plays the scenario files of `crates/domain/scenarios` through the parser and the rules.
//! `EZISELLER_SCENARIO=words` plays only those whose heading contains the words, and tells all.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use domain::catalog::{CatalogSnapshot, CatalogView, Product, RetailerId, file};
use domain::conversation::{
    Button, Context, ConversationState, Decision, Incoming, Item, Notice, PayloadKey, SellerAction,
    UnreadableKind, World, advance, window,
};
use domain::customer::DetailKind;
use domain::draft::{Actor, DraftOrder};
use domain::order::totals::{Delivery, Discount, Tax};
use domain::policy::{Confirmation, Policy};
use domain::reading::{Amount, OptionChoice, OrderLine, Standing};
use domain::seller::SellerProfile;
use domain::waiting::{Waiter, to_tell};
use domain::words::{Words, amount::amount};
use domain::{ConversationId, DraftOrderId, Money, OrderId, Timestamp};
use parser::{Index, Locale};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/scenarios")
}

/// One conversation of a file.
struct Scenario {
    file: String,
    name: String,
    /// Line number and text.
    lines: Vec<(usize, String)>,
}

fn scenarios() -> Vec<Scenario> {
    let mut found = Vec::new();
    let mut paths: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "md") && !p.ends_with("README.md"))
        .collect();
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        for (i, line) in text.lines().enumerate() {
            if let Some(name) = line.strip_prefix("## ") {
                found.push(Scenario {
                    file: file.clone(),
                    name: name.to_owned(),
                    lines: Vec::new(),
                });
            } else if let Some(scenario) = found.last_mut().filter(|s| s.file == file) {
                scenario.lines.push((i + 1, line.trim().to_owned()));
            }
        }
    }
    found
}

struct Shop {
    seller: SellerProfile,
    catalog: CatalogSnapshot,
    index: Index,
    products: Vec<Product>,
    posts: HashMap<String, Vec<RetailerId>>,
}

impl Shop {
    fn open(name: &str) -> Self {
        let path = folder().join(format!("catalogs/{name}.json"));
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let read = file::parse(&text, None).unwrap();
        assert!(read.rejected.is_empty(), "{name}: {:?}", read.rejected);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let posts = value["posts"].as_object().into_iter().flatten();
        let locale = Locale {
            country: read.country.clone(),
            currency: Some(read.currency),
        };
        Self {
            seller: SellerProfile {
                name: value["name"].as_str().unwrap().to_owned(),
                currency: read.currency,
                country: read.country.clone().unwrap(),
                language: "en".to_owned(),
            },
            catalog: CatalogSnapshot::new(read.products.clone()),
            index: Index::build(&read.products, locale),
            products: read.products,
            posts: posts
                .map(|(post, ids)| {
                    let ids = ids.as_array().unwrap().iter();
                    let ids = ids.map(|id| RetailerId::parse(id.as_str().unwrap()).unwrap());
                    (post.clone(), ids.collect())
                })
                .collect(),
        }
    }

    fn product(&self, name: &str) -> &Product {
        self.products
            .iter()
            .find(|p| p.title == name || p.retailer_id.as_str() == name)
            .unwrap_or_else(|| panic!("no product `{name}`"))
    }

    /// `2 x Blue mug (M)` as a line.
    fn line(&self, text: &str) -> OrderLine {
        let (quantity, rest) = text.split_once(" x ").unwrap_or_else(|| panic!("`{text}`"));
        let (title, values) = match rest.split_once(" (") {
            Some((title, values)) => (title, values.trim_end_matches(')')),
            None => (rest, ""),
        };
        let product = self.product(title.trim());
        let options = values.split(", ").filter(|v| !v.is_empty()).map(|value| {
            let holds =
                |o: &&domain::catalog::ProductOption| o.values.iter().any(|v| v.value == value);
            let option = product.options.iter().find(holds).unwrap();
            OptionChoice {
                name: option.name.clone(),
                value: value.to_owned(),
                negated: false,
                amount: None,
                count: 1,
            }
        });
        OrderLine {
            product: product.retailer_id.clone(),
            quantity: quantity.trim().parse().unwrap(),
            options: options.collect(),
        }
    }

    fn shown(&self, line: &OrderLine) -> String {
        let mut text = format!(
            "{} x {}",
            line.quantity,
            self.product(line.product.as_str()).title
        );
        let options: Vec<_> = line.options.iter().map(shown_choice).collect();
        if !options.is_empty() {
            write!(text, " ({})", options.join(", ")).unwrap();
        }
        text
    }

    fn all_shown<'l>(&self, lines: impl Iterator<Item = &'l OrderLine>) -> String {
        let shown: Vec<_> = lines.map(|line| self.shown(line)).collect();
        if shown.is_empty() {
            "empty".to_owned()
        } else {
            shown.join(", ")
        }
    }
}

fn shown_choice(choice: &OptionChoice) -> String {
    let value = &choice.value;
    match (choice.negated, choice.amount) {
        (true, _) => format!("no {value}"),
        (_, Some(Amount::Extra)) => format!("extra {value}"),
        (_, Some(Amount::Light)) => format!("light {value}"),
        _ if choice.count > 1 => format!("{} {value}", choice.count),
        _ => value.clone(),
    }
}

/// A scenario being played.
struct Play {
    shop: Shop,
    policy: Policy,
    state: ConversationState,
    now: Timestamp,
    mids: u32,
    last: Option<Decision>,
    /// Replies of the last event that no line told yet.
    untold: usize,
    told_nothing: bool,
    buttons: Vec<Button>,
    closed: Option<DraftOrder>,
    /// What the customer waits for, each with the rule's view of it.
    waiting: Vec<(RetailerId, Waiter)>,
    fresh: u128,
    tale: String,
}

type Outcome = Result<(), String>;

impl Play {
    fn new() -> Self {
        Self {
            shop: Shop::open("pottery"),
            policy: Policy {
                require_phone: false,
                require_address: false,
                ..Policy::default()
            },
            state: ConversationState::default(),
            now: Timestamp(1_793_000_000_000),
            mids: 0,
            last: None,
            untold: 0,
            told_nothing: false,
            buttons: Vec::new(),
            closed: None,
            waiting: Vec::new(),
            fresh: 0,
            tale: String::new(),
        }
    }

    fn event(&mut self, incoming: &Incoming) -> Outcome {
        self.all_told()?;
        self.fresh += 1;
        let posts = &self.shop.posts;
        let index = &self.shop.index;
        let world = World {
            read: &|text: &str, standing: &Standing| parser::read(index, text, standing),
            catalog: &self.shop.catalog,
            media_products: &|media| posts.get(media).cloned().unwrap_or_default(),
            policy: &self.policy,
            seller: &self.shop.seller,
            words: &Words::default(),
            key: &PayloadKey::new(&[9; 32], ConversationId(uuid::Uuid::from_u128(5))),
            draft_id: DraftOrderId(uuid::Uuid::from_u128(self.fresh)),
            order_id: OrderId(uuid::Uuid::from_u128(self.fresh)),
        };
        let decision = advance(&self.state, incoming, &world, self.now).with_order_number(1001);
        for reply in &decision.replies {
            writeln!(
                self.tale,
                "    shop: {} {}",
                reply.text.replace('\n', " / "),
                titles(&reply.buttons)
            )
            .unwrap();
        }
        if let Some(draft) = decision.drafts.last() {
            let lines = self.shop.all_shown(draft.lines.iter().map(|l| &l.line));
            writeln!(self.tale, "    draft: {lines} | {}", draft.stage).unwrap();
        }
        for notice in &decision.notices {
            if let Notice::WaitingList { item, quantity } = notice {
                self.waiting.retain(|(waits, _)| waits != item);
                let waiter = Waiter {
                    quantity: *quantity,
                    window_until: None,
                    told_at: None,
                };
                self.waiting.push((item.clone(), waiter));
            }
        }
        let json = serde_json::to_string(&decision.state).unwrap();
        self.state = serde_json::from_str(&json).unwrap();
        self.untold = decision.replies.len();
        self.told_nothing = false;
        self.buttons
            .extend(decision.replies.iter().flat_map(|r| r.buttons.clone()));
        let closed = decision.drafts.iter().rfind(|d| d.stage.is_final());
        self.closed = closed.cloned().or(self.closed.take());
        self.last = Some(decision);
        self.now = self.now.plus(20_000);
        Ok(())
    }

    fn all_told(&self) -> Outcome {
        match &self.last {
            Some(last) if self.untold > 0 && !self.told_nothing => {
                let reply = &last.replies[last.replies.len() - self.untold];
                Err(format!(
                    "the shop also said: {} {}",
                    reply.text,
                    titles(&reply.buttons)
                ))
            }
            _ => Ok(()),
        }
    }

    fn mid(&mut self) -> String {
        self.mids += 1;
        format!("m{}", self.mids)
    }

    fn says(&mut self, text: &str, context: Context) -> Outcome {
        let incoming = Incoming::Text {
            mid: self.mid(),
            at: self.now,
            text: text.to_owned(),
            context,
        };
        self.event(&incoming)
    }

    fn taps(&mut self, title: &str, old: bool) -> Outcome {
        let fits = |b: &&Button| b.title.starts_with(title);
        let shown = self
            .last
            .iter()
            .flat_map(|d| &d.replies)
            .flat_map(|r| &r.buttons);
        let button = if old {
            self.buttons.iter().find(fits)
        } else {
            shown.clone().find(fits)
        };
        let Some(button) = button.cloned() else {
            let shown: Vec<_> = shown.map(|b| b.title.clone()).collect();
            return Err(format!("there is no button `{title}`, only {shown:?}"));
        };
        let incoming = Incoming::Choice {
            mid: self.mid(),
            at: self.now,
            payload: button.payload,
            title: button.title,
        };
        self.event(&incoming)
    }

    fn seller(&mut self, action: SellerAction) -> Outcome {
        self.event(&Incoming::Seller {
            action,
            member: None,
        })
    }

    /// Plays a line that says what happens or how things are set. `None`: it is not such a line.
    fn happens(&mut self, line: &str) -> Option<Outcome> {
        if let Some(outcome) = self.customer(line) {
            return Some(outcome);
        }
        let (word, rest) = line.split_once(": ").unwrap_or((line, ""));
        Some(match word {
            "catalog" => {
                self.shop = Shop::open(rest);
                Ok(())
            }
            "language" => {
                rest.clone_into(&mut self.shop.seller.language);
                Ok(())
            }
            "policy" => self.set_policy(rest),
            "seller confirms" | "seller confirms anyway" => self.seller(SellerAction::Confirm {
                oversell: word.ends_with("anyway"),
                note: None,
            }),
            "seller rejects" => self.seller(SellerAction::Reject { reason: None }),
            "seller takes over" => self.seller(SellerAction::TakeOver),
            "seller hands back" => self.seller(SellerAction::HandBack),
            "seller replies" => {
                let at = self.now;
                self.event(&Incoming::PersonReplied { at })
            }
            "seller writes" => {
                let lines = rest.split(", ").map(|l| self.shop.line(l)).collect();
                self.seller(SellerAction::EditLines { lines })
            }
            "seller sets phone"
            | "seller sets name"
            | "seller sets email"
            | "seller sets address" => {
                let kind = detail_kind(word.trim_start_matches("seller sets "))?;
                self.seller(SellerAction::SetDetail {
                    kind,
                    value: rest.to_owned(),
                })
            }
            "our echo" => self.event(&Incoming::OwnEcho {
                mid: "ours".to_owned(),
            }),
            "sold meanwhile" => {
                let (units, id) = rest.split_once(" x ").unwrap();
                let id = RetailerId::parse(id).unwrap();
                self.shop.catalog.hold(id, units.parse().unwrap());
                Ok(())
            }
            "restocked" => self.restocked(rest),
            "lost in the race" => self.event(&Incoming::OutOfStock {
                short: vec![(RetailerId::parse(rest).unwrap(), 0)],
                by: Actor::Member { id: None },
            }),
            "time" => {
                let (count, unit) = rest.split_once(' ').unwrap();
                let unit = match unit.trim_end_matches('s') {
                    "second" => Timestamp::SECOND,
                    "minute" => Timestamp::MINUTE,
                    "hour" => Timestamp::HOUR,
                    "day" => Timestamp::DAY,
                    other => return Some(Err(format!("`{other}` is no unit of time"))),
                };
                self.now = self.now.plus(count.parse::<i64>().unwrap() * unit);
                self.event(&Incoming::Timer)
            }
            _ => return None,
        })
    }

    /// Units come back; the customer is told where the waiting list says so.
    fn restocked(&mut self, text: &str) -> Outcome {
        let (units, id) = text.split_once(" x ").unwrap();
        let item = RetailerId::parse(id).unwrap();
        self.shop
            .catalog
            .hold(item.clone(), -units.parse::<i64>().unwrap());
        let window = self.state.last_customer_at;
        let window_until = window.map(|at| at.plus(window::STANDARD_MS));
        let free = self.shop.catalog.free(&item);
        let mut line: Vec<Waiter> = Vec::new();
        for (_, waiter) in self.waiting.iter().filter(|(waits, _)| *waits == item) {
            line.push(Waiter {
                window_until,
                ..*waiter
            });
        }
        self.all_told()?;
        (self.last, self.untold) = (None, 0);
        if to_tell(&line, free, self.policy.question_ms, self.now).is_empty() {
            return Ok(());
        }
        let quantity = line[0].quantity;
        for (_, waiter) in self.waiting.iter_mut().filter(|(waits, _)| *waits == item) {
            waiter.told_at = Some(self.now);
        }
        self.event(&Incoming::BackInStock { item, quantity })
    }

    fn customer(&mut self, line: &str) -> Option<Outcome> {
        let rest = line.strip_prefix("customer")?;
        let (how, what) = rest.split_once(':').unwrap_or((rest, ""));
        let what = what.trim();
        let words: Vec<_> = how.split_whitespace().collect();
        let at = self.now;
        Some(match words[..] {
            [] => self.says(what, Context::default()),
            ["on", "story", post] => self.says(
                what,
                Context {
                    media: vec![post.to_owned()],
                    products: vec![],
                },
            ),
            ["from", "product", id] => self.says(
                what,
                Context {
                    media: vec![],
                    products: vec![id.to_owned()],
                },
            ),
            ["taps"] => self.taps(what, false),
            ["taps", "old"] => self.taps(what, true),
            ["sends"] => {
                let incoming = Incoming::Unreadable {
                    mid: self.mid(),
                    at,
                    what: unreadable(what)?,
                    context: Context::default(),
                };
                self.event(&incoming)
            }
            ["shares", post] => {
                let incoming = Incoming::Unreadable {
                    mid: self.mid(),
                    at,
                    what: UnreadableKind::Share,
                    context: Context {
                        media: vec![post.to_owned()],
                        products: vec![],
                    },
                };
                self.event(&incoming)
            }
            ["sends", "cart"] => {
                let items = what.split(", ").map(|item| {
                    let (quantity, id) = item.split_once(" x ").unwrap();
                    Item {
                        id: id.to_owned(),
                        quantity: quantity.parse().unwrap(),
                    }
                });
                let incoming = Incoming::Products {
                    mid: self.mid(),
                    at,
                    items: items.collect(),
                };
                self.event(&incoming)
            }
            ["edits", message] => self.event(&Incoming::Edited {
                mid: format!("m{message}"),
                at,
                text: what.to_owned(),
            }),
            ["deletes", message] => self.event(&Incoming::Deleted {
                mid: format!("m{message}"),
                at,
            }),
            _ => return None,
        })
    }

    fn set_policy(&mut self, text: &str) -> Outcome {
        let currency = self.shop.seller.currency;
        let money = |text: &str| {
            Money::parse(text, currency)
                .map(|m| m.minor)
                .map_err(|e| e.to_string())
        };
        let basis_points = |text: &str| -> Result<u32, String> {
            let number = text.trim_end_matches('%');
            number
                .parse::<u32>()
                .map(|n| n * 100)
                .map_err(|e| e.to_string())
        };
        for part in text.split(", ") {
            let words: Vec<_> = part.split_whitespace().collect();
            match words[..] {
                ["phone"] => self.policy.require_phone = true,
                ["address"] => self.policy.require_address = true,
                ["name"] => self.policy.require_name = true,
                ["oversell"] => self.policy.oversell = true,
                ["wait", seconds] => {
                    self.policy.settle_ms = seconds.parse::<i64>().unwrap() * Timestamp::SECOND;
                }
                ["draft_only"] => self.policy.confirmation = Confirmation::DraftOnly,
                ["auto_confirm", least, "up", "to", most] => {
                    self.policy.confirmation = Confirmation::AutoConfirm {
                        min_confidence: least.parse().unwrap(),
                        max_total_minor: money(most)?,
                    };
                }
                ["delivery", fee] => {
                    let free_from_minor =
                        self.policy.charges.delivery.and_then(|d| d.free_from_minor);
                    self.policy.charges.delivery = Some(Delivery {
                        fee_minor: money(fee)?,
                        free_from_minor,
                    });
                }
                ["free", "delivery", "from", sum] => {
                    let fee_minor = self.policy.charges.delivery.map_or(0, |d| d.fee_minor);
                    self.policy.charges.delivery = Some(Delivery {
                        fee_minor,
                        free_from_minor: Some(money(sum)?),
                    });
                }
                ["discount", share] => {
                    self.policy.charges.discount = Some(Discount::Share {
                        basis_points: basis_points(share)?,
                    });
                }
                ["tax", rate] | ["tax", rate, "included"] => {
                    self.policy.charges.tax = Some(Tax {
                        basis_points: basis_points(rate)?,
                        inclusive: words.len() == 3,
                    });
                }
                _ => return Err(format!("`{part}` is no policy")),
            }
        }
        Ok(())
    }

    /// Checks a line that says what must have come of it. `None`: it is not such a line.
    fn expects(&mut self, line: &str) -> Option<Outcome> {
        let last = self.last.clone();
        let (word, rest) = line.split_once(": ").unwrap_or((line, ""));
        Some(match word {
            "shop" => self.shop_said(rest),
            "shop says nothing" => match last.filter(|d| !d.replies.is_empty()) {
                Some(d) => Err(format!("the shop said: {}", d.replies[0].text)),
                None => Ok(()),
            },
            "draft" => self.draft_is(rest),
            "closed" => {
                let stage = self.closed.as_ref().map(|d| d.stage.as_str());
                same(stage.unwrap_or("none"), rest)
            }
            "order" => {
                let Some(order) = last.and_then(|d| d.order) else {
                    return Some(Err("no order was made".to_owned()));
                };
                let lines: Vec<_> = order
                    .lines
                    .iter()
                    .map(|l| OrderLine {
                        product: l.product.clone(),
                        quantity: l.quantity,
                        options: l.options.clone(),
                    })
                    .collect();
                let shown = self.shop.all_shown(lines.iter());
                same(&format!("{shown} | {}", amount(order.totals.total)), rest)
            }
            "no order" => match last.and_then(|d| d.order) {
                Some(_) => Err("an order was made".to_owned()),
                None => Ok(()),
            },
            "seller is told" => {
                let told: Vec<_> = last
                    .iter()
                    .flat_map(|d| &d.notices)
                    .map(notice_name)
                    .collect();
                if told.iter().any(|t| t == rest) {
                    Ok(())
                } else {
                    Err(format!("the seller was told {told:?}"))
                }
            }
            "details" => {
                let known = [
                    DetailKind::Name,
                    DetailKind::Phone,
                    DetailKind::Email,
                    DetailKind::Address,
                ]
                .into_iter()
                .filter_map(|kind| Some((kind, self.state.details.value(kind)?)))
                .map(|(kind, value)| format!("{} {value}", kind.as_str()))
                .collect::<Vec<_>>()
                .join(", ");
                same(if known.is_empty() { "none" } else { &known }, rest)
            }
            "refused" => {
                let refused = last
                    .iter()
                    .flat_map(|d| &d.transitions)
                    .find(|t| t.to.is_none());
                same(refused.map_or("nothing", |t| t.event.as_str()), rest)
            }
            _ => return None,
        })
    }

    fn shop_said(&mut self, wanted: &str) -> Outcome {
        let Some(last) = self.last.as_ref().filter(|_| self.untold > 0) else {
            return Err("the shop said nothing (more)".to_owned());
        };
        let reply = &last.replies[last.replies.len() - self.untold];
        self.untold -= 1;
        let mut parts = wanted.split(" [");
        let text = parts.next().unwrap_or_default();
        let mut rest = reply.text.as_str();
        for part in text.split('…').map(str::trim).filter(|p| !p.is_empty()) {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return Err(format!("`{part}` is missing in: {}", reply.text)),
            }
        }
        for title in parts.map(|p| p.trim_end().trim_end_matches(']')) {
            if !reply.buttons.iter().any(|b| b.title.starts_with(title)) {
                return Err(format!(
                    "button [{title}] is missing: {}",
                    titles(&reply.buttons)
                ));
            }
        }
        Ok(())
    }

    fn draft_is(&self, wanted: &str) -> Outcome {
        match &self.state.draft {
            None => same("none", wanted),
            Some(draft) => {
                let lines = self.shop.all_shown(draft.lines.iter().map(|l| &l.line));
                same(&format!("{lines} | {}", draft.stage), wanted)
            }
        }
    }
}

fn titles(buttons: &[Button]) -> String {
    let titles: Vec<_> = buttons.iter().map(|b| format!("[{}]", b.title)).collect();
    titles.join(" ")
}

fn same(found: &str, wanted: &str) -> Outcome {
    if found == wanted {
        Ok(())
    } else {
        Err(format!("it is: {found}"))
    }
}

fn notice_name(notice: &domain::conversation::Notice) -> String {
    let value = serde_json::to_value(notice).unwrap();
    value["notice"].as_str().unwrap().to_owned()
}

fn detail_kind(word: &str) -> Option<DetailKind> {
    DetailKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == word)
}

fn unreadable(what: &str) -> Option<UnreadableKind> {
    Some(match what {
        "picture" => UnreadableKind::Image,
        "sticker" => UnreadableKind::Sticker,
        "voice note" => UnreadableKind::Audio,
        "video" => UnreadableKind::Video,
        "file" => UnreadableKind::File,
        "location" => UnreadableKind::Location,
        "contact card" => UnreadableKind::Contacts,
        "something unsupported" => UnreadableKind::Unsupported,
        "story mention" => UnreadableKind::StoryMention,
        _ => return None,
    })
}

/// Words that start a line of the format; anything else is prose.
const STARTS: [&str; 19] = [
    "customer",
    "shop:",
    "shop says",
    "draft:",
    "closed:",
    "order:",
    "no order",
    "seller ",
    "details:",
    "refused:",
    "catalog:",
    "language:",
    "policy:",
    "our echo",
    "sold meanwhile:",
    "restocked:",
    "lost in the race:",
    "time:",
    "seller is told:",
];

fn play(scenario: &Scenario) -> Result<(), String> {
    let mut play = Play::new();
    for (number, line) in &scenario.lines {
        if !STARTS.iter().any(|start| line.starts_with(start)) {
            continue;
        }
        writeln!(play.tale, "  {line}").unwrap();
        let outcome = match play.expects(line) {
            Some(outcome) => outcome,
            None => play
                .happens(line)
                .unwrap_or_else(|| Err("this line is not understood".to_owned())),
        };
        outcome.map_err(|why| {
            format!(
                "{}:{number} {}\n{}  -> {why}\n",
                scenario.file, scenario.name, play.tale
            )
        })?;
    }
    play.all_told().map_err(|why| {
        format!(
            "{} {}\n{}  -> {why}\n",
            scenario.file, scenario.name, play.tale
        )
    })?;
    if std::env::var("EZISELLER_SCENARIO").is_ok() {
        println!("{} {}\n{}", scenario.file, scenario.name, play.tale);
    }
    Ok(())
}

#[test]
fn every_scenario_comes_out_as_told() {
    let only = std::env::var("EZISELLER_SCENARIO").unwrap_or_default();
    let all = scenarios();
    let chosen: Vec<_> = all.iter().filter(|s| s.name.contains(&only)).collect();
    let failures: Vec<_> = chosen.iter().filter_map(|s| play(s).err()).collect();
    assert!(
        failures.is_empty(),
        "{} of {} scenarios came out otherwise:\n\n{}",
        failures.len(),
        chosen.len(),
        failures.join("\n")
    );
    assert!(all.len() >= 60, "only {} scenarios are left", all.len());
}
