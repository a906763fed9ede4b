//! Draft orders on the dashboard: list, detail, confirm, reject, edit.

use axum::extract::{Path, Query, State};
use domain::catalog::{ProductStatus, RetailerId};
use domain::customer::DetailKind;
use domain::draft::Stage;
use domain::order::totals::{Charges, Delivery, Discount};
use domain::policy::Policy;
use domain::reading::{OptionChoice, OrderLine};
use domain::{DraftOrderId, Money};
use engine::ActionError;
use serde::Deserialize;
use store::{Customer, DraftFilter, DraftRow, Message, ProductFilter, SellerStore};

use super::viewer::{Fields, PageError, PageResult, Posted, Viewer, go};
use crate::pages::conversation::ThreadView;
use crate::pages::drafts::{self, DraftView, EditLine, Shown};
use crate::pages::layout::{Page, Tab};
use crate::pages::parts::Note;
use crate::present;
use crate::problem::Problem;
use crate::products;
use crate::settings::policy_of;
use crate::state::AppState;

/// Draft orders of one page: each brings its messages with it.
const PAGE_ROWS: u32 = 20;
/// Messages that are looked through for those of a draft order.
const MESSAGES: u32 = 60;
/// Products that the editor's list offers.
const EDITOR_PRODUCTS: u32 = 1_000;

#[derive(Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    show: String,
    cursor: Option<String>,
}

/// `GET /`
pub(super) async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> PageResult {
    let shown = Shown::parse(&query.show);
    let seller = state.store().seller(viewer.member.seller);
    let stages = match shown {
        Shown::Waiting => vec![Stage::AwaitingSeller],
        Shown::InProgress => {
            vec![
                Stage::Open,
                Stage::AwaitingCustomer,
                Stage::AwaitingConfirmation,
            ]
        }
        Shown::Ended => {
            vec![
                Stage::Confirmed,
                Stage::Rejected,
                Stage::Cancelled,
                Stage::Expired,
            ]
        }
    };
    let filter = DraftFilter {
        stages,
        after: query.cursor,
        limit: PAGE_ROWS,
        ..DraftFilter::default()
    };
    let found = seller.draft_orders(&filter).await?;
    let policy = policy_of(&seller.get().await?);
    let mut views = Vec::with_capacity(found.rows.len());
    for row in &found.rows {
        let (customer, messages) = companions(&seller, row).await?;
        views.push(view(&seller, row, customer.as_ref(), &messages, &policy).await?);
    }
    let connected = !seller.accounts().await?.is_empty();
    let in_progress = seller.counts().await?.drafts_in_progress.unsigned_abs();
    let frame = viewer.frame(&state).await?;
    let body = drafts::list(
        &frame,
        shown,
        &views,
        in_progress,
        found.next.as_deref(),
        connected,
    );
    let page = Page {
        title: "Draft orders",
        tab: Tab::Drafts,
        live: "drafts orders inbox",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

/// The customer and the messages that belong to a draft order.
async fn companions(
    seller: &SellerStore<'_>,
    row: &DraftRow,
) -> Result<(Option<Customer>, Vec<Message>), PageError> {
    let customer = match row.customer_id {
        Some(id) => seller.customer(id).await?,
        None => None,
    };
    Ok((customer, messages_of(seller, row).await?))
}

/// The messages that had a part in a draft order.
pub(super) async fn messages_of(
    seller: &SellerStore<'_>,
    row: &DraftRow,
) -> Result<Vec<Message>, PageError> {
    let Some(conversation) = row.conversation_id else {
        return Ok(Vec::new());
    };
    let mut messages = seller.messages(conversation, None, MESSAGES).await?;
    messages.retain(|message| row.body.mids.contains(&message.mid));
    // A long conversation since: fetch the first ones by name.
    if messages.len() < row.body.mids.len() {
        for mid in row.body.mids.iter().take(12) {
            if !messages.iter().any(|message| message.mid == *mid)
                && let Some(message) = seller.message(conversation, mid).await?
            {
                messages.push(message);
            }
        }
        messages.sort_by_key(|message| message.at);
    }
    Ok(messages)
}

async fn view(
    seller: &SellerStore<'_>,
    row: &DraftRow,
    customer: Option<&Customer>,
    messages: &[Message],
    policy: &Policy,
) -> Result<DraftView, PageError> {
    let draft = &row.body;
    let (quotes, quoted) = present::quotes(messages, &present::draft_keys(draft));
    let (name, handle) = present::customer_name(customer);
    let titles = titles(seller, row).await?;
    let title = |id: &str| {
        let known = titles.iter().find(|(known, _)| known == id);
        known.map_or_else(|| id.to_owned(), |(_, title)| title.clone())
    };
    let lines = draft
        .lines
        .iter()
        .zip(quoted)
        .map(|(line, quoted)| present::draft_line(line, row.currency, quoted));
    let order = match row.order_id {
        Some(id) => seller
            .order(id)
            .await?
            .map(|order| (order.id, order.number.unsigned_abs())),
        None => None,
    };
    let detail = |kind| draft.details.value(kind);
    Ok(DraftView {
        id: row.id,
        stage: row.stage,
        revision: draft.revision,
        name,
        handle,
        channel: present::source_name(&row.message_source),
        conversation: row.conversation_id,
        at: quotes.last().map_or(row.created_at, |quote| quote.at),
        lines: lines.collect(),
        sum: draft.totals.as_ref().map(present::sum_view),
        missing: present::missing_sentences(draft, policy, &title),
        confidence: draft.confidence,
        details: present::fact_rows(DetailKind::ALL.map(|kind| (kind, detail(kind)))),
        reason: draft.reason.clone(),
        order,
        short: Vec::new(),
        quotes,
    })
}

/// The titles of products that doubts speak of.
async fn titles(
    seller: &SellerStore<'_>,
    row: &DraftRow,
) -> Result<Vec<(String, String)>, PageError> {
    use domain::reading::Doubt;
    let mut ids: Vec<&RetailerId> = Vec::new();
    for doubt in &row.body.unresolved {
        match doubt {
            Doubt::AmbiguousProduct {
                candidates: some, ..
            }
            | Doubt::UnknownProduct { nearest: some, .. } => ids.extend(some.iter().take(4)),
            Doubt::UnclearOption { product, .. } => ids.push(product),
        }
    }
    let mut titles = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(found) = seller.product_by_retailer_id(id).await? {
            titles.push((id.to_string(), found.product.title));
        }
    }
    Ok(titles)
}

async fn find(
    state: &AppState,
    viewer: &crate::access::Member,
    id: DraftOrderId,
) -> Result<DraftRow, PageError> {
    let row = state.store().seller(viewer.seller).draft_order(id).await?;
    row.ok_or_else(|| Problem::not_found("draft order").into())
}

/// `GET /drafts/{id}`
pub(super) async fn detail(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<DraftOrderId>,
) -> PageResult {
    let row = find(&state, &viewer.member, id).await?;
    let seller = state.store().seller(viewer.member.seller);
    let policy = policy_of(&seller.get().await?);
    let (customer, messages) = companions(&seller, &row).await?;
    let mut draft = view(&seller, &row, customer.as_ref(), &messages, &policy).await?;
    if !row.stage.is_final() {
        draft.short = products::shortages(&seller, &row).await?;
    }
    let thread = match row.conversation_id {
        Some(conversation) => {
            let keys = present::draft_keys(&row.body);
            let messages = seller.messages(conversation, None, 30).await?;
            Some(ThreadView {
                messages: messages
                    .iter()
                    .map(|m| present::message_view(m, &keys))
                    .collect(),
            })
        }
        None => None,
    };
    let steps = seller.draft_transitions(id).await?;
    let history: Vec<_> = steps
        .iter()
        .map(|s| (s.at, present::draft_step(s)))
        .collect();
    let frame = viewer.frame(&state).await?;
    let body = drafts::detail(&frame, &draft, thread.as_ref(), &history);
    let page = Page {
        title: "Draft order",
        tab: Tab::Drafts,
        live: "drafts orders inbox",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

fn revision(fields: &Fields) -> Option<u32> {
    fields.get("revision").parse().ok()
}

/// Says why an action was not carried out, on the draft order's own page.
fn refused(state: &AppState, id: DraftOrderId, error: ActionError) -> PageResult {
    match error {
        ActionError::Missing(_) | ActionError::Store(_) => Err(error.into()),
        other => {
            let mut text = other.to_string();
            if let Some(first) = text.get(..1) {
                text = format!(
                    "{}{}.",
                    first.to_uppercase(),
                    text[1..].trim_end_matches('.')
                );
            }
            Ok(go(state, &format!("/drafts/{id}"), &Note::bad(text)))
        }
    }
}

/// `POST /drafts/{id}/confirm`
pub(super) async fn confirm(
    State(state): State<AppState>,
    Path(id): Path<DraftOrderId>,
    posted: Posted,
) -> PageResult {
    let oversell = posted.fields.is_on("oversell");
    let engine = state.engine();
    let by = posted.member.by();
    match engine
        .confirm_draft(by, id, revision(&posted.fields), oversell, None)
        .await
    {
        Ok(acted) => {
            let Some((order, number)) = acted.order else {
                return Ok(go(
                    &state,
                    &format!("/drafts/{id}"),
                    &Note::bad("It did not become an order; see what happened below."),
                ));
            };
            let note = Note::good(format!("Order #{number} is confirmed."));
            let page = format!("/orders/{order}");
            Ok(if posted.fields.get("back") == "list" {
                go(&state, "/", &note.with_link("See the order", page))
            } else {
                go(&state, &page, &note)
            })
        }
        Err(error) => refused(&state, id, error),
    }
}

/// `POST /drafts/{id}/reject`
pub(super) async fn reject(
    State(state): State<AppState>,
    Path(id): Path<DraftOrderId>,
    posted: Posted,
) -> PageResult {
    let reason = posted.fields.get("reason");
    let reason = (!reason.is_empty()).then(|| reason.to_owned());
    let by = posted.member.by();
    match state
        .engine()
        .reject_draft(by, id, revision(&posted.fields), reason)
        .await
    {
        Ok(_) => Ok(go(
            &state,
            "/",
            &Note::good("The draft order is rejected.")
                .with_link("See it", format!("/drafts/{id}")),
        )),
        Err(error) => refused(&state, id, error),
    }
}

/// `GET /drafts/{id}/edit`
pub(super) async fn edit_form(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<DraftOrderId>,
) -> PageResult {
    let row = find(&state, &viewer.member, id).await?;
    let mut lines: Vec<EditLine> = row
        .body
        .lines
        .iter()
        .map(|line| EditLine {
            product: line.line.product.to_string(),
            quantity: line.line.quantity.to_string(),
            choices: line
                .line
                .options
                .iter()
                .filter(|choice| !choice.negated)
                .map(|choice| (choice.name.clone(), choice.value.clone()))
                .collect(),
            error: None,
        })
        .collect();
    lines.push(empty_line());
    let (mut delivery, mut discount) = (String::new(), String::new());
    if let Some(charges) = row.body.charges {
        let money = |minor| Money::new(minor, row.currency).decimal();
        delivery = charges
            .delivery
            .map(|d| money(d.fee_minor))
            .unwrap_or_default();
        discount = match charges.discount {
            None => String::new(),
            Some(Discount::Amount { minor }) => money(minor),
            Some(Discount::Share { basis_points }) => {
                format!("{}%", f64::from(basis_points) / 100.0)
            }
        };
    }
    show_editor(&state, &viewer, &row, &lines, &delivery, &discount).await
}

fn empty_line() -> EditLine {
    EditLine {
        product: String::new(),
        quantity: "1".into(),
        choices: Vec::new(),
        error: None,
    }
}

async fn show_editor(
    state: &AppState,
    viewer: &Viewer,
    row: &DraftRow,
    lines: &[EditLine],
    delivery: &str,
    discount: &str,
) -> PageResult {
    if row.stage.is_final() {
        return Ok(go(
            state,
            &format!("/drafts/{}", row.id),
            &Note::bad("This draft order has ended; it cannot be changed any more."),
        ));
    }
    let seller = state.store().seller(viewer.member.seller);
    let filter = ProductFilter {
        status: Some(ProductStatus::Active),
        limit: EDITOR_PRODUCTS,
        ..ProductFilter::default()
    };
    let mut products: Vec<_> = seller
        .products(&filter)
        .await?
        .rows
        .into_iter()
        .map(|row| row.product)
        .collect();
    for line in &row.body.lines {
        if !products.iter().any(|p| p.retailer_id == line.line.product)
            && let Some(found) = seller.product_by_retailer_id(&line.line.product).await?
        {
            products.push(found.product);
        }
    }
    products.sort_by(|a, b| a.title.cmp(&b.title));
    let policy = policy_of(&seller.get().await?);
    let (customer, messages) = companions(&seller, row).await?;
    let draft = view(&seller, row, customer.as_ref(), &messages, &policy).await?;
    let frame = viewer.frame(state).await?;
    let body = drafts::edit(&frame, &draft, &products, lines, delivery, discount);
    let page = Page {
        title: "Change the lines",
        tab: Tab::Drafts,
        live: "",
        body,
    };
    Ok(viewer.show(state, &frame, page))
}

/// `POST /drafts/{id}/edit`
pub(super) async fn edit(
    State(state): State<AppState>,
    Path(id): Path<DraftOrderId>,
    posted: Posted,
) -> PageResult {
    let viewer = posted.viewer();
    let row = find(&state, &viewer.member, id).await?;
    let mut typed = typed_lines(&posted.fields);
    let mut lines = Vec::new();
    let mut wrong = false;
    for line in &mut typed {
        match read_line(line, &row) {
            Ok(read) => lines.extend(read),
            Err(reason) => {
                line.error = Some(reason);
                wrong = true;
            }
        }
    }
    let (delivery, discount) = (posted.fields.get("delivery"), posted.fields.get("discount"));
    let seller = state.store().seller(viewer.member.seller).get().await?;
    let charges = read_charges(delivery, discount, &policy_of(&seller), row.currency);
    let charges = match charges {
        Ok(charges) => charges,
        Err(reason) => {
            if let Some(last) = typed.last_mut() {
                last.error.get_or_insert(reason);
            }
            wrong = true;
            None
        }
    };
    if wrong {
        return show_editor(&state, &viewer, &row, &typed, delivery, discount).await;
    }
    let by = viewer.member.by();
    let engine = state.engine();
    let unchanged = lines == row.body.order_lines();
    if !unchanged
        && let Err(error) = engine
            .edit_draft(by, id, revision(&posted.fields), lines)
            .await
    {
        return refused(&state, id, error);
    }
    if charges != row.body.charges {
        let policy = policy_of(&seller).charges;
        if let Err(error) = engine
            .charge_draft(by, id, None, charges.unwrap_or(policy))
            .await
        {
            return refused(&state, id, error);
        }
    }
    let to = if posted.fields.is_on("more") {
        "/edit"
    } else {
        ""
    };
    Ok(go(
        &state,
        &format!("/drafts/{id}{to}"),
        &Note::good("Saved."),
    ))
}

/// The lines as they were typed: `line.0.product`, `line.0.quantity`, `line.0.option.size`.
fn typed_lines(fields: &Fields) -> Vec<EditLine> {
    let mut lines: Vec<EditLine> = Vec::new();
    for (name, value) in &fields.0 {
        let mut parts = name.splitn(4, '.');
        let (Some("line"), Some(index), Some(what)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let Some(index) = index.parse::<usize>().ok().filter(|i| *i < 200) else {
            continue;
        };
        while lines.len() <= index {
            lines.push(EditLine {
                quantity: String::new(),
                ..empty_line()
            });
        }
        let line = &mut lines[index];
        match (what, parts.next()) {
            ("product", None) => value.trim().clone_into(&mut line.product),
            ("quantity", None) => value.trim().clone_into(&mut line.quantity),
            ("option", Some(option)) if !value.is_empty() => {
                line.choices.push((option.to_owned(), value.clone()));
            }
            _ => {}
        }
    }
    lines
}

/// The order line that was typed; `None`: it is to be dropped.
fn read_line(line: &EditLine, row: &DraftRow) -> Result<Option<OrderLine>, String> {
    if line.product.is_empty() {
        return Ok(None);
    }
    let quantity = match line.quantity.as_str() {
        "" | "0" => return Ok(None),
        text => text
            .parse::<u32>()
            .ok()
            .filter(|n| *n <= 9_999)
            .ok_or("The quantity is a number from 1 to 9,999; 0 drops the line.")?,
    };
    let product = RetailerId::parse(&line.product).map_err(|e| e.to_string())?;
    let before = row.body.lines.iter().find(|l| l.line.product == product);
    let old = before
        .map(|l| l.line.options.as_slice())
        .unwrap_or_default();
    // What the form has no field for ("no onions", "extra", "double") stays as it was read.
    let mut options: Vec<OptionChoice> = old.iter().filter(|c| c.negated).cloned().collect();
    for (name, value) in &line.choices {
        let known = old
            .iter()
            .find(|c| !c.negated && c.name == *name && c.value == *value);
        options.push(known.cloned().unwrap_or_else(|| OptionChoice {
            name: name.clone(),
            value: value.clone(),
            negated: false,
            amount: None,
            count: 1,
        }));
    }
    // A product that was just picked has fields for its options only on the next page.
    options.sort();
    Ok(Some(OrderLine {
        product,
        quantity,
        options,
    }))
}

/// The order's own charges; `None`: as in the policy.
fn read_charges(
    delivery: &str,
    discount: &str,
    policy: &Policy,
    currency: domain::Currency,
) -> Result<Option<Charges>, String> {
    if delivery.is_empty() && discount.is_empty() {
        return Ok(None);
    }
    let amount = |text: &str| {
        Money::parse(text, currency)
            .map_err(|e| e.to_string())
            .and_then(|m| {
                if m.minor < 0 {
                    Err(format!("`{text}` is negative"))
                } else {
                    Ok(m.minor)
                }
            })
    };
    let mut charges = policy.charges;
    if !delivery.is_empty() {
        charges.delivery = Some(Delivery {
            fee_minor: amount(delivery)?,
            free_from_minor: None,
        });
    }
    if let Some(share) = discount.strip_suffix('%') {
        charges.discount = Some(Discount::Share {
            basis_points: basis_points(share)?,
        });
    } else if !discount.is_empty() {
        charges.discount = Some(Discount::Amount {
            minor: amount(discount)?,
        });
    }
    Ok(Some(charges))
}

/// A percentage with at most two decimals, in hundredths of a percent.
pub(super) fn basis_points(text: &str) -> Result<u32, String> {
    let bad = || {
        format!(
            "`{}` is no percentage from 0 to 100, such as 12.5",
            text.trim()
        )
    };
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > 3
        || fraction.len() > 2
        || !digits(whole)
        || !digits(fraction)
    {
        return Err(bad());
    }
    let points: u32 = format!("{whole}{fraction:0<2}")
        .parse()
        .map_err(|_| bad())?;
    if points <= 10_000 {
        Ok(points)
    } else {
        Err(bad())
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, basis_points, read_charges, typed_lines};
    use domain::order::totals::Discount;
    use domain::policy::Policy;

    #[test]
    fn percentages_are_exact() {
        for (text, points) in [
            ("10", 1_000),
            ("12.5", 1_250),
            ("0.25", 25),
            ("100", 10_000),
        ] {
            assert_eq!(basis_points(text), Ok(points));
        }
        for text in ["", "101", "1.234", "-5", "ten", "1e1", "."] {
            assert!(basis_points(text).is_err(), "{text}");
        }
    }

    #[test]
    fn charges_of_an_order_stand_on_the_policys() {
        let lkr = "LKR".parse().unwrap();
        let policy = Policy::default();
        assert_eq!(read_charges("", "", &policy, lkr), Ok(None));
        let charges = read_charges("350", "10%", &policy, lkr).unwrap().unwrap();
        assert_eq!(charges.delivery.unwrap().fee_minor, 35_000);
        assert_eq!(
            charges.discount,
            Some(Discount::Share {
                basis_points: 1_000
            })
        );
        assert!(read_charges("-1", "", &policy, lkr).is_err());
        assert!(read_charges("", "much", &policy, lkr).is_err());
    }

    #[test]
    fn a_form_of_lines_is_read_by_their_numbers() {
        let field = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        let lines = typed_lines(&Fields(vec![
            field("line.1.product", "b"),
            field("line.0.product", "a"),
            field("line.0.quantity", " 2 "),
            field("line.0.option.size", "M"),
            field("line.0.option.top.pings", "egg"),
            field("line.0.option.color", ""),
            field("line.999999.product", "x"),
            field("csrf", "y"),
        ]));
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].quantity, "2");
        assert_eq!(
            lines[0].choices,
            [field("size", "M"), field("top.pings", "egg")]
        );
        assert_eq!(lines[1].product, "b");
    }
}
