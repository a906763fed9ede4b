//! `eziseller export`: a seller's orders, draft orders, messages or customers.

use std::io::{BufWriter, Write};

use anyhow::Result;
use domain::customer::Details;
use domain::{MessageId, Money};
use serde_json::{Value, json};
use store::{
    Customer, CustomerFilter, DraftFilter, DraftRow, Message, OrderFilter, OrderRow, SellerStore,
};

use crate::cli::{ExportArgs, ExportFormat, ExportWhat};
use crate::shell;

const PAGE: u32 = 1_000;

/// Prints everything, page by page, in the order of the ids.
pub(crate) fn run(args: &ExportArgs) -> Result<()> {
    shell::run(async {
        let store = shell::open_store(&args.database.database_url).await?;
        let id = shell::seller(&store, &args.seller).await?;
        let mut out = Output::new(args.format);
        let mut after = None;
        loop {
            let (rows, next) = page(store.seller(id), args.what, after).await?;
            for row in &rows {
                out.write(row)?;
            }
            after = next;
            if after.is_none() {
                return out.finish();
            }
        }
    })
}

async fn page(
    seller: SellerStore<'_>,
    what: ExportWhat,
    after: Option<String>,
) -> Result<(Vec<Value>, Option<String>)> {
    Ok(match what {
        ExportWhat::Orders => {
            let filter = OrderFilter {
                after,
                limit: PAGE,
                ..OrderFilter::default()
            };
            let page = seller.orders(&filter).await?;
            (page.rows.iter().map(order).collect(), page.next)
        }
        ExportWhat::DraftOrders => {
            let filter = DraftFilter {
                after,
                limit: PAGE,
                ..DraftFilter::default()
            };
            let page = seller.draft_orders(&filter).await?;
            (page.rows.iter().map(draft_order).collect(), page.next)
        }
        ExportWhat::Customers => {
            let filter = CustomerFilter {
                after,
                limit: PAGE,
                ..CustomerFilter::default()
            };
            let page = seller.customers(&filter).await?;
            (page.rows.iter().map(customer).collect(), page.next)
        }
        ExportWhat::Messages => {
            let after: Option<MessageId> = after.map(|id| id.parse()).transpose()?;
            let rows = seller.all_messages(after, PAGE).await?;
            let full = rows.len() == PAGE as usize;
            let next = rows.last().filter(|_| full).map(|row| row.id.to_string());
            (rows.iter().map(message).collect(), next)
        }
    })
}

fn money(money: Money) -> Value {
    json!({ "amount": money.decimal(), "currency": money.currency })
}

fn order(row: &OrderRow) -> Value {
    let lines: Vec<Value> = row
        .lines
        .iter()
        .map(|line| {
            json!({
                "product": line.product,
                "variant": line.variant,
                "title": line.title,
                "quantity": line.quantity,
                "options": line.options,
                "unit_price": money(line.unit_price),
                "total": money(line.total),
            })
        })
        .collect();
    json!({
        "id": row.id,
        "number": row.number,
        "status": row.status,
        "draft_order_id": row.draft_order_id,
        "conversation_id": row.conversation_id,
        "customer_id": row.customer_id,
        "message_source": row.message_source,
        "lines": lines,
        "subtotal": money(row.totals.subtotal),
        "discount": money(row.totals.discount),
        "delivery": money(row.totals.delivery),
        "tax": money(row.totals.tax),
        "total": money(row.totals.total),
        "customer": {
            "name": row.customer_name,
            "phone": row.phone,
            "email": row.email,
            "address": row.address,
        },
        "note": row.note,
        "confirmed_at": row.confirmed_at.rfc3339(),
        "updated_at": row.updated_at.rfc3339(),
    })
}

fn draft_order(row: &DraftRow) -> Value {
    let lines: Vec<Value> = row
        .body
        .lines
        .iter()
        .map(|line| {
            json!({
                "product": line.line.product,
                "title": line.title,
                "quantity": line.line.quantity,
                "options": line.line.options,
                "missing": line.missing,
                "confidence": line.confidence,
                "mid": line.added_by.mid(),
            })
        })
        .collect();
    json!({
        "id": row.id,
        "state": row.stage,
        "conversation_id": row.conversation_id,
        "customer_id": row.customer_id,
        "message_source": row.message_source,
        "lines": lines,
        "confidence": row.confidence,
        "total": row.total_minor.map(|minor| money(Money::new(minor, row.currency))),
        "customer": details(&row.body.details),
        "order_id": row.order_id,
        "created_at": row.created_at.rfc3339(),
        "updated_at": row.updated_at.rfc3339(),
    })
}

fn details(details: &Details) -> Value {
    let value =
        |detail: &Option<domain::customer::Detail>| detail.as_ref().map(|d| d.value.clone());
    json!({
        "name": value(&details.name),
        "phone": value(&details.phone),
        "email": value(&details.email),
        "address": value(&details.address),
    })
}

fn customer(row: &Customer) -> Value {
    let mut line = json!({
        "id": row.id,
        "channel": row.channel,
        "external_id": row.external_id,
        "username": row.username,
        "profile_name": row.profile_name,
        "language": row.language,
        "created_at": row.created_at.rfc3339(),
    });
    if let (Some(line), Value::Object(known)) = (line.as_object_mut(), details(&row.details)) {
        line.extend(known);
    }
    line
}

fn message(row: &Message) -> Value {
    json!({
        "id": row.id,
        "mid": row.mid,
        "conversation_id": row.conversation_id,
        "direction": row.direction,
        "sender": row.sender,
        "kind": row.kind,
        "text": row.text,
        "state": row.state,
        "reason": row.reason,
        "language": row.language,
        "at": row.at.rfc3339(),
        "created_at": row.created_at.rfc3339(),
    })
}

enum Output {
    Jsonl(BufWriter<std::io::Stdout>),
    Csv(Box<csv::Writer<std::io::Stdout>>, Option<Vec<String>>),
}

impl Output {
    fn new(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Jsonl => Self::Jsonl(BufWriter::new(std::io::stdout())),
            ExportFormat::Csv => {
                Self::Csv(Box::new(csv::Writer::from_writer(std::io::stdout())), None)
            }
        }
    }

    fn write(&mut self, row: &Value) -> Result<()> {
        match self {
            Self::Jsonl(out) => {
                serde_json::to_writer(&mut *out, row)?;
                out.write_all(b"\n")?;
            }
            Self::Csv(out, header) => {
                let Value::Object(fields) = row else {
                    return Ok(());
                };
                if header.is_none() {
                    let names: Vec<String> = fields.keys().cloned().collect();
                    out.write_record(&names)?;
                    *header = Some(names);
                }
                out.write_record(fields.values().map(cell))?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::Jsonl(mut out) => out.flush()?,
            Self::Csv(mut out, _) => out.flush()?,
        }
        Ok(())
    }
}

/// A cell: texts as they are, but never as a formula that a spreadsheet would run.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            format!("'{text}")
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::cell;
    use serde_json::json;

    #[test]
    fn a_customers_words_never_become_a_formula() {
        assert_eq!(cell(&json!("=HYPERLINK(\"x\")")), "'=HYPERLINK(\"x\")");
        assert_eq!(cell(&json!("+94771234567")), "'+94771234567");
        assert_eq!(cell(&json!("2 mugs")), "2 mugs");
        assert_eq!(cell(&json!(null)), "");
        assert_eq!(cell(&json!([1])), "[1]");
    }
}
