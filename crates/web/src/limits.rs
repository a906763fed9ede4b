//! Every limit of the HTTP face, with its reason. Unit and qualifier stand last in each name.

use std::time::Duration;

/// Meta documents 3 MB for a WhatsApp batch; 4 MiB leaves room and bounds memory.
pub const WEBHOOK_BODY_BYTES_MAX: usize = 4 << 20;
/// Forms and JSON bodies: the largest honest one is a product with a long description.
pub const BODY_BYTES_MAX: usize = 256 << 10;
/// A product file: 100,000 rows of an export are below this.
pub const IMPORT_BODY_BYTES_MAX: usize = 64 << 20;
/// A picture file, and the form around it.
pub const PICTURE_BODY_BYTES_MAX: usize = engine::pictures::PICTURE_BYTES_MAX + (64 << 10);
/// Rows of one page of a list when the caller names no number.
pub const PAGE_ROWS_DEFAULT: u32 = 50;
/// Rows of one page of a list at most.
pub const PAGE_ROWS_MAX: u32 = 200;
/// A session ends after this long without a request.
pub const SESSION_IDLE_MILLIS_MAX: i64 = 14 * domain::Timestamp::DAY;
/// A session ends after this long in any case.
pub const SESSION_MILLIS_MAX: i64 = 60 * domain::Timestamp::DAY;
/// A session's last use is written at most this often: a page view is not a database write.
pub const SESSION_TOUCH_MILLIS_MIN: i64 = 10 * domain::Timestamp::MINUTE;
/// Password checks at once: each takes 19 MiB and about 30 ms of one core.
pub const PASSWORD_CHECKS_MAX: usize = 2;
/// Password checks waiting for their turn; beyond it the answer is 503.
pub const PASSWORD_QUEUE_MAX: usize = 32;
/// Sign-in attempts a minute for one address and name.
pub const SIGN_INS_PER_MINUTE_MAX: u32 = 6;
/// Sign-in attempts a minute for one address, whatever the name: an office may share one.
pub const SIGN_INS_PER_ADDRESS_MINUTE_MAX: u32 = 30;
/// The shortest password (NIST SP 800-63B asks for 8 or more; 10 costs a phone user little).
pub const PASSWORD_CHARS_MIN: usize = 10;
/// The longest password that is hashed, so that hashing cannot be fed megabytes.
pub const PASSWORD_CHARS_MAX: usize = 200;
/// Live connections of a server; a browser tab holds one, and each is a task and a socket.
pub const LIVE_CONNECTIONS_MAX: usize = 2_000;
/// A comment line is sent this often on a quiet live connection, so that proxies keep it.
pub const LIVE_KEEP_ALIVE: Duration = Duration::from_secs(20);
/// The answer of an idempotent request is remembered this long (Stripe's window).
pub const IDEMPOTENCY_MILLIS: i64 = domain::Timestamp::DAY;
