//! A conversation in a test: a small catalogue, a clock to move, and a reader of a toy language
//! instead of the parser (`+2 mug; tel 0771234567`), so that the decisions alone are tested.

#![allow(dead_code, clippy::unwrap_used)]

use std::fmt::Write as _;

use domain::catalog::{CatalogSnapshot, OptionValue, Product, ProductOption, RetailerId, Variant};
use domain::conversation::{
    Context, ConversationState, Decision, Incoming, PayloadKey, Purpose, SellerAction, World,
    advance,
};
use domain::draft::book::plain_choice;
use domain::draft::{DraftOrder, Stage};
use domain::policy::Policy;
use domain::reading::{
    Change, Doubt, Found, Intent, Mention, OrderLine, ReadLine, Reading, Span, Standing,
};
use domain::seller::SellerProfile;
use domain::words::Words;
use domain::{ConversationId, DraftOrderId, Money, OrderId, Timestamp};

pub(crate) fn id(text: &str) -> RetailerId {
    RetailerId::parse(text).unwrap()
}

fn price(minor: i64) -> Money {
    Money::new(minor, "LKR".parse().unwrap())
}

fn product(sku: &str, title: &str, minor: i64, stock: Option<i64>) -> Product {
    Product {
        stock,
        ..Product::simple(id(sku), title, price(minor))
    }
}

/// mug and cup (uncounted), bowl (3 left), vase (none left), shirt (size required, L dearer),
/// lamp (variants by color: red 1 left, blue none).
pub(crate) fn catalog() -> CatalogSnapshot {
    let value = |value: &str, surcharge_minor| OptionValue {
        value: value.to_owned(),
        aliases: vec![],
        surcharge_minor,
    };
    let mut shirt = product("shirt", "Linen shirt", 250_000, None);
    shirt.options = vec![ProductOption {
        name: "size".to_owned(),
        multiple: false,
        required: true,
        values: vec![value("S", 0), value("M", 0), value("L", 50_000)],
    }];
    let mut lamp = product("lamp", "Lamp", 900_000, None);
    lamp.options = vec![ProductOption {
        name: "color".to_owned(),
        multiple: false,
        required: true,
        values: vec![value("red", 0), value("blue", 0)],
    }];
    let variant = |sku: &str, color: &str, stock| Variant {
        retailer_id: id(sku),
        values: vec![("color".to_owned(), color.to_owned())],
        price: None,
        stock: Some(stock),
        image_url: None,
    };
    lamp.variants = vec![
        variant("lamp-red", "red", 1),
        variant("lamp-blue", "blue", 0),
    ];
    let mut snapshot = CatalogSnapshot::new([
        product("mug", "Blue mug", 120_000, None),
        product("cup", "Tea cup", 80_000, None),
        product("bowl", "Bowl", 150_000, Some(3)),
        product("vase", "Vase", 400_000, Some(0)),
        shirt,
        lamp,
    ]);
    snapshot.know_meta_id("7300000000000021", id("mug"));
    snapshot
}

fn line(text: &str) -> ReadLine {
    let (text, confidence) = text.split_once('@').unwrap_or((text, "0.95"));
    let mut words = text.split_whitespace();
    let quantity = words.next().unwrap().parse().unwrap();
    let product = id(words.next().unwrap());
    let options = words
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            plain_choice(name, value)
        })
        .collect();
    ReadLine {
        line: OrderLine {
            product,
            quantity,
            options,
        },
        confidence: confidence.parse().unwrap(),
        spans: vec![],
        missing: vec![],
    }
}

const SPAN: Span = Span { start: 0, end: 0 };

fn found(text: &str) -> Found<String> {
    Found {
        value: text.to_owned(),
        span: SPAN,
    }
}

fn ids(text: &str) -> Vec<RetailerId> {
    text.split('|').filter(|t| !t.is_empty()).map(id).collect()
}

/// Reads the toy language: clauses between `;`.
///
/// `+2 mug size=M@0.4` adds, `=0 3 mug` replaces line 0, `-0` removes it, `clear`;
/// `which 2 mug|cup the blue one` and `unknown 1 mug| teapot` and `unclear shirt size S|M medium`
/// doubt; `yes`, `yes@0.3`, `cancel`, `price mug`, `hours`, `amend`, `hi`, `huh`;
/// `tel`, `addr`, `name` with a value; `lang hi`.
pub(crate) fn read(text: &str, standing: &Standing) -> Reading {
    let mut reading = Reading::nothing();
    reading.confidence = 0.95;
    for clause in text.split(';').map(str::trim) {
        read_clause(clause, standing, &mut reading);
    }
    if reading.intent == Intent::Other && !reading.contact.is_empty() {
        reading.intent = Intent::Contact;
    }
    reading
}

fn read_clause(clause: &str, standing: &Standing, reading: &mut Reading) {
    let (word, rest) = clause.split_once(' ').unwrap_or((clause, ""));
    let change = |reading: &mut Reading, change: Change| {
        reading.changes.push(change);
        reading.intent = if standing.lines.is_empty() {
            Intent::Order
        } else {
            Intent::Amend
        };
    };
    let doubt = |reading: &mut Reading, doubt: Doubt| {
        reading.doubts.push(doubt);
        if reading.intent == Intent::Other {
            reading.intent = Intent::Order;
        }
    };
    match word {
        "which" | "unknown" => {
            let mut parts = rest.splitn(3, ' ');
            let quantity = parts.next().unwrap().parse().unwrap();
            let candidates = ids(parts.next().unwrap().trim_end_matches('|'));
            let words = parts.next().unwrap_or("it").to_owned();
            let span = SPAN;
            doubt(
                reading,
                if word == "which" {
                    Doubt::AmbiguousProduct {
                        words,
                        span,
                        quantity,
                        options: vec![],
                        candidates,
                    }
                } else {
                    Doubt::UnknownProduct {
                        words,
                        span,
                        quantity,
                        nearest: candidates,
                    }
                },
            );
        }
        "unclear" => {
            let parts: Vec<_> = rest.splitn(4, ' ').collect();
            doubt(
                reading,
                Doubt::UnclearOption {
                    product: id(parts[0]),
                    option: parts[1].to_owned(),
                    words: parts[3].to_owned(),
                    span: SPAN,
                    values: parts[2].split('|').map(str::to_owned).collect(),
                },
            );
        }
        "price" => {
            reading.intent = Intent::Question;
            reading.focus = vec![Mention {
                products: ids(rest),
                quantity: None,
                options: vec![],
            }];
        }
        "this" => {
            for mention in &standing.focus {
                for product in &mention.products {
                    let line = line(&format!("1 {product}"));
                    change(reading, Change::Add { line });
                }
            }
        }
        "ask" => reading.intent = Intent::Question,
        "hours" => reading.intent = Intent::Question,
        "amend" => reading.intent = Intent::Amend,
        "cancel" => {
            reading.intent = Intent::Cancel;
            reading.changes.push(Change::Clear);
        }
        "clear" => change(reading, Change::Clear),
        "tel" => reading.contact.phone = Some(found(rest)),
        "addr" => reading.contact.address = Some(found(rest)),
        "name" => reading.contact.name = Some(found(rest)),
        "lang" => rest.clone_into(&mut reading.language),
        "huh" => reading.confidence = 0.2,
        _ if word.starts_with("yes") => {
            reading.intent = Intent::Confirm;
            reading.intent_confidence = word
                .split_once('@')
                .map_or(0.95, |(_, c)| c.parse().unwrap());
        }
        _ if word.starts_with('+') => {
            let line = line(&clause[1..]);
            reading.focus = vec![Mention {
                products: vec![line.line.product.clone()],
                quantity: Some(line.line.quantity),
                options: vec![],
            }];
            change(reading, Change::Add { line });
        }
        _ if word.starts_with('=') => {
            if let Ok(index) = word[1..].parse()
                && index < standing.lines.len()
            {
                let line = line(rest);
                change(reading, Change::Replace { index, line });
            }
        }
        _ if word.starts_with('-') => {
            if let Ok(index) = word[1..].parse()
                && index < standing.lines.len()
            {
                let spans = vec![];
                change(reading, Change::Remove { index, spans });
            }
        }
        _ => {}
    }
}

/// A conversation under way.
pub(crate) struct Talk {
    pub(crate) state: ConversationState,
    pub(crate) policy: Policy,
    pub(crate) seller: SellerProfile,
    pub(crate) catalog: CatalogSnapshot,
    pub(crate) words: Words,
    pub(crate) key: PayloadKey,
    pub(crate) now: Timestamp,
    pub(crate) last: Option<Decision>,
    pub(crate) messages: u32,
    /// Every draft order ever written, by its last version.
    pub(crate) drafts: Vec<DraftOrder>,
    fresh: u128,
}

impl Talk {
    pub(crate) fn new() -> Self {
        Self {
            state: ConversationState::default(),
            policy: Policy {
                require_phone: false,
                require_address: false,
                ..Policy::default()
            },
            seller: SellerProfile {
                name: "Potworks".to_owned(),
                currency: "LKR".parse().unwrap(),
                country: "LK".to_owned(),
                language: "en".to_owned(),
            },
            catalog: catalog(),
            words: Words::default(),
            key: PayloadKey::new(&[7; 32], ConversationId(uuid::Uuid::from_u128(1))),
            now: Timestamp(1_793_000_000_000),
            last: None,
            messages: 0,
            drafts: Vec::new(),
            fresh: 1,
        }
    }

    pub(crate) fn with(policy: impl FnOnce(&mut Policy)) -> Self {
        let mut talk = Self::new();
        policy(&mut talk.policy);
        talk
    }

    /// Decides without keeping anything.
    pub(crate) fn decide(&self, incoming: &Incoming) -> Decision {
        let world = World {
            read: &read,
            catalog: &self.catalog,
            media_products: &|media| ids(media.strip_prefix("shows-").unwrap_or("")),
            policy: &self.policy,
            seller: &self.seller,
            words: &self.words,
            key: &self.key,
            draft_id: DraftOrderId(uuid::Uuid::from_u128(self.fresh)),
            order_id: OrderId(uuid::Uuid::from_u128(self.fresh)),
        };
        advance(&self.state, incoming, &world, self.now)
    }

    pub(crate) fn happen(&mut self, incoming: &Incoming) -> &Decision {
        let decision = self.decide(incoming);
        self.keep(decision)
    }

    pub(crate) fn keep(&mut self, decision: Decision) -> &Decision {
        self.fresh += 1;
        self.state = decision.state.clone();
        for draft in &decision.drafts {
            match self.drafts.iter_mut().find(|d| d.id == draft.id) {
                Some(known) => *known = draft.clone(),
                None => self.drafts.push(draft.clone()),
            }
        }
        self.now = self.now.plus(1_000);
        self.last.insert(decision)
    }

    fn mid(&mut self) -> String {
        self.messages += 1;
        format!("m{}", self.messages)
    }

    pub(crate) fn say(&mut self, text: &str) -> &Decision {
        self.say_about(text, Context::default())
    }

    pub(crate) fn say_about(&mut self, text: &str, context: Context) -> &Decision {
        let incoming = Incoming::Text {
            mid: self.mid(),
            at: self.now,
            text: text.to_owned(),
            context,
        };
        self.happen(&incoming)
    }

    /// Taps the button of the last replies whose title starts so.
    pub(crate) fn tap(&mut self, title: &str) -> &Decision {
        let button = self
            .last
            .iter()
            .flat_map(|d| &d.replies)
            .flat_map(|r| &r.buttons)
            .find(|b| b.title.starts_with(title))
            .unwrap_or_else(|| panic!("no button {title}: {:?}", self.texts()))
            .clone();
        self.tap_payload(&button.payload, &button.title)
    }

    pub(crate) fn tap_payload(&mut self, payload: &str, title: &str) -> &Decision {
        let incoming = Incoming::Choice {
            mid: self.mid(),
            at: self.now,
            payload: payload.to_owned(),
            title: title.to_owned(),
        };
        self.happen(&incoming)
    }

    pub(crate) fn seller(&mut self, action: SellerAction) -> &Decision {
        self.happen(&Incoming::Seller {
            action,
            member: None,
        })
    }

    pub(crate) fn confirm(&mut self) -> &Decision {
        self.seller(SellerAction::Confirm {
            oversell: false,
            note: None,
        })
    }

    pub(crate) fn edit(&mut self, mid: &str, text: &str) -> &Decision {
        let at = self.now;
        self.happen(&Incoming::Edited {
            mid: mid.to_owned(),
            at,
            text: text.to_owned(),
        })
    }

    pub(crate) fn delete(&mut self, mid: &str) -> &Decision {
        let at = self.now;
        self.happen(&Incoming::Deleted {
            mid: mid.to_owned(),
            at,
        })
    }

    pub(crate) fn wait(&mut self, millis: i64) -> &Decision {
        self.now = self.now.plus(millis);
        self.happen(&Incoming::Timer)
    }

    pub(crate) fn stage(&self) -> Option<Stage> {
        self.state.stage()
    }

    /// `2 mug, 1 shirt size=M`.
    pub(crate) fn lines(&self) -> String {
        let Some(draft) = &self.state.draft else {
            return String::new();
        };
        let shown: Vec<_> = draft
            .lines
            .iter()
            .map(|l| {
                let mut text = format!("{} {}", l.line.quantity, l.line.product);
                for o in &l.line.options {
                    let _ = write!(text, " {}={}", o.name, o.value);
                }
                text
            })
            .collect();
        shown.join(", ")
    }

    pub(crate) fn texts(&self) -> Vec<&str> {
        self.last
            .iter()
            .flat_map(|d| &d.replies)
            .map(|r| r.text.as_str())
            .collect()
    }

    pub(crate) fn purposes(&self) -> Vec<Purpose> {
        self.last
            .iter()
            .flat_map(|d| &d.replies)
            .map(|r| r.purpose)
            .collect()
    }

    /// The stage of the draft order that was last written.
    pub(crate) fn last_draft_stage(&self) -> Option<Stage> {
        self.drafts.last().map(|d| d.stage)
    }
}
