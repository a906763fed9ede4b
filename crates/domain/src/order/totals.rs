//! What an order comes to: lines, discount, delivery, tax, in integer minor units.
//!
//! Rounding happens once each for a percentage discount and for the tax, on the whole order, half
//! away from zero. Sums are made in 128 bits; what does not fit 64 in the end is refused.

use serde::{Deserialize, Serialize};

use super::PricedLine;
use crate::{Currency, Money};

/// A reduction of the lines' sum. Never more than the sum itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Discount {
    /// An amount, in minor units.
    Amount {
        /// Zero or more.
        minor: i64,
    },
    /// A share, in hundredths of a percent.
    Share {
        /// 0 to 10,000.
        basis_points: u32,
    },
}

/// What delivery costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The fee, in minor units.
    pub fee_minor: i64,
    /// Free from this sum of lines after discount, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_from_minor: Option<i64>,
}

/// A tax on everything that is charged, delivery included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// The rate, in hundredths of a percent: 1,800 is 18 %.
    pub basis_points: u32,
    /// Whether prices contain it already.
    pub inclusive: bool,
}

/// What comes on top of the lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Charges {
    /// Taken off the lines' sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<Discount>,
    /// Added for delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// Added to or contained in all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax: Option<Tax>,
}

/// The sums of an order. `total = subtotal - discount + delivery (+ tax when it is exclusive)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// The lines.
    pub subtotal: Money,
    /// Taken off; zero or more.
    pub discount: Money,
    /// Added for delivery.
    pub delivery: Money,
    /// The tax, added or contained.
    pub tax: Money,
    /// Whether the tax is contained in the other figures.
    pub tax_inclusive: bool,
    /// What the customer pays.
    pub total: Money,
}

/// Why there are no totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTotals {
    /// A line is in another currency.
    #[error(
        "a line is priced in {found}, but the order is in {wanted}; correct the product's price"
    )]
    Currency {
        /// The line's.
        found: Currency,
        /// The order's.
        wanted: Currency,
    },
    /// It does not fit 64 bits, or a charge is negative or over 100 %.
    #[error("the amounts are out of range; check quantities, delivery fee, discount and tax")]
    OutOfRange,
}

/// Sums an order up.
pub fn totals(
    lines: &[PricedLine],
    charges: &Charges,
    currency: Currency,
) -> Result<Totals, NoTotals> {
    let mut subtotal: i128 = 0;
    for line in lines {
        if line.total.currency != currency {
            return Err(NoTotals::Currency {
                found: line.total.currency,
                wanted: currency,
            });
        }
        subtotal += i128::from(line.unit_price.minor) * i128::from(line.quantity);
    }
    let discount = discount_on(subtotal, charges.discount)?;
    let goods = subtotal - discount;
    let delivery = delivery_on(goods, charges.delivery)?;
    let charged = goods + delivery;
    let (tax, total, tax_inclusive) = match charges.tax {
        None => (0, charged, false),
        Some(tax) if tax.basis_points > 100_000 => return Err(NoTotals::OutOfRange),
        Some(tax) => {
            let rate = i128::from(tax.basis_points);
            if tax.inclusive {
                (rounded(charged * rate, FULL + rate), charged, true)
            } else {
                let tax = rounded(charged * rate, FULL);
                (tax, charged + tax, false)
            }
        }
    };
    let money = |minor: i128| {
        i64::try_from(minor)
            .map(|minor| Money::new(minor, currency))
            .map_err(|_| NoTotals::OutOfRange)
    };
    Ok(Totals {
        subtotal: money(subtotal)?,
        discount: money(discount)?,
        delivery: money(delivery)?,
        tax: money(tax)?,
        tax_inclusive,
        total: money(total)?,
    })
}

/// A hundred percent in basis points.
const FULL: i128 = 10_000;

fn discount_on(subtotal: i128, discount: Option<Discount>) -> Result<i128, NoTotals> {
    let wanted = match discount {
        None => 0,
        Some(Discount::Amount { minor }) if minor >= 0 => i128::from(minor),
        Some(Discount::Share { basis_points }) if basis_points <= 10_000 => {
            rounded(subtotal * i128::from(basis_points), FULL)
        }
        Some(_) => return Err(NoTotals::OutOfRange),
    };
    Ok(wanted.min(subtotal.max(0)))
}

fn delivery_on(goods: i128, delivery: Option<Delivery>) -> Result<i128, NoTotals> {
    match delivery {
        None => Ok(0),
        Some(delivery) if delivery.fee_minor < 0 => Err(NoTotals::OutOfRange),
        Some(delivery) => {
            let free = delivery
                .free_from_minor
                .is_some_and(|from| goods >= i128::from(from));
            Ok(if free {
                0
            } else {
                i128::from(delivery.fee_minor)
            })
        }
    }
}

/// `numerator / denominator`, half away from zero; the denominator is positive.
fn rounded(numerator: i128, denominator: i128) -> i128 {
    let half = denominator / 2;
    if numerator >= 0 {
        (numerator + half) / denominator
    } else {
        (numerator - half) / denominator
    }
}
