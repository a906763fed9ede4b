//! Meta's clock, by the `Date` header that every HTTP answer carries (RFC 9110, 6.6.1).

use reqwest::header::DATE;

use super::client::Graph;

impl Graph {
    /// What time it is at Meta, in milliseconds since 1970, to the second. Makes a call without a
    /// token whose answer does not matter; `None` when none comes.
    pub async fn server_time_ms(&self) -> Option<i64> {
        let url = format!("{}/{}/", self.config().base_url, self.config().version);
        let answer = self.http().get(url).send().await.ok()?;
        parse_http_date(answer.headers().get(DATE)?.to_str().ok()?)
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` as milliseconds since 1970.
fn parse_http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut parts = text.split_once(", ")?.1.split(' ');
    let day: i64 = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? + 1;
    let year: i64 = parts.next()?.parse().ok()?;
    let time = parts.next()?;
    super::people::parse_time(&format!("{year:04}-{month:02}-{day:02}T{time}+0000"))
}

#[cfg(test)]
mod tests {
    use super::parse_http_date;

    #[test]
    fn reads_the_date_header() {
        assert_eq!(
            parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(784_111_777_000)
        );
        assert_eq!(parse_http_date("today"), None);
        assert_eq!(parse_http_date("Sun, 06 Now 1994 08:49:37 GMT"), None);
    }
}
