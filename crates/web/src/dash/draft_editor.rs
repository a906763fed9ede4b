//! The editor of a draft order: its lines and its own charges.

use axum::extract::{Path, State};
use domain::catalog::{ProductStatus, RetailerId};
use domain::order::totals::{Charges, Delivery, Discount};
use domain::policy::Policy;
use domain::reading::{OptionChoice, OrderLine};
use domain::{DraftOrderId, Money};
use store::{DraftRow, ProductFilter};

use super::drafts::{companions, find, refused, revision, view};
use super::viewer::{Fields, PageResult, Posted, Viewer, go};
use crate::pages::drafts::{self, EditLine};
use crate::pages::layout::{Page, Tab};
use crate::pages::parts::Note;
use crate::settings::policy_of;
use crate::state::AppState;

/// Products that the editor's list offers.
const EDITOR_PRODUCTS: u32 = 1_000;

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
