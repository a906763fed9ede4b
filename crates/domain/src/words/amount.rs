//! Amounts as customers of a currency write them: its symbol, its grouping, no decimals where they
//! are zero.

use crate::Money;

struct Style {
    /// Before the amount, with its space where there is one.
    before: &'static str,
    group: char,
    point: char,
    /// Lakhs and crores: groups of two above the thousand.
    indian: bool,
}

const fn style(before: &'static str) -> Style {
    Style {
        before,
        group: ',',
        point: '.',
        indian: false,
    }
}

const fn comma(before: &'static str) -> Style {
    Style {
        before,
        group: '.',
        point: ',',
        indian: false,
    }
}

const fn indian(before: &'static str) -> Style {
    Style {
        before,
        group: ',',
        point: '.',
        indian: true,
    }
}

fn style_of(code: &str) -> Option<Style> {
    Some(match code {
        "INR" => indian("₹"),
        "LKR" => style("Rs "),
        "PKR" | "NPR" => indian("Rs "),
        "BDT" => indian("৳"),
        "PHP" => style("₱"),
        "IDR" => comma("Rp "),
        "MYR" => style("RM "),
        "SGD" => style("S$"),
        "USD" | "MXN" => style("$"),
        "COP" | "CLP" | "ARS" => comma("$"),
        "BRL" => comma("R$ "),
        "EUR" => comma("€"),
        "GBP" => style("£"),
        "NGN" => style("₦"),
        "GHS" => style("GH₵"),
        "KES" => style("KSh "),
        "TZS" => style("TSh "),
        "UGX" => style("USh "),
        "ZAR" => style("R "),
        "JPY" => style("¥"),
        "VND" => comma("₫"),
        "THB" => style("฿"),
        _ => return None,
    })
}

/// `₹1,23,456`, `Rs 2,500`, `Rp 50.000`, `R$ 25,90`, else `KWD 1.250`.
#[must_use]
pub fn amount(money: Money) -> String {
    let code = money.currency.code();
    style_of(code).map_or_else(
        || written(money, &format!("{code} "), &style("")),
        |style| written(money, style.before, &style),
    )
}

fn written(money: Money, before: &str, style: &Style) -> String {
    let decimal = money.decimal();
    let digits = decimal.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = String::with_capacity(digits.len() + 12);
    if money.minor < 0 {
        out.push('-');
    }
    out.push_str(before);
    for (i, digit) in whole.chars().enumerate() {
        let left = whole.len() - i;
        let at_group = if style.indian && left > 3 {
            (left - 3).is_multiple_of(2)
        } else {
            left.is_multiple_of(3)
        };
        if i > 0 && at_group {
            out.push(style.group);
        }
        out.push(digit);
    }
    if fraction.bytes().any(|b| b != b'0') {
        out.push(style.point);
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::amount;
    use crate::Money;

    #[test]
    fn each_currency_in_its_own_manner() {
        for (code, decimal, want) in [
            ("INR", "1234567.50", "₹12,34,567.50"),
            ("INR", "450", "₹450"),
            ("LKR", "2500", "Rs 2,500"),
            ("IDR", "50000", "Rp 50.000"),
            ("BRL", "1025.90", "R$ 1.025,90"),
            ("JPY", "120000", "¥120,000"),
            ("KWD", "1.250", "KWD 1.250"),
            ("AED", "-15", "-AED 15"),
            ("NGN", "1000000", "₦1,000,000"),
            ("EUR", "0.05", "€0,05"),
        ] {
            let money = Money::parse(decimal, code.parse().unwrap()).unwrap();
            assert_eq!(amount(money), want, "{code} {decimal}");
        }
    }
}
