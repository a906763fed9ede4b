//! How a column becomes a field: the types of `domain` on both databases, and the two macros that
//! make row structs and closed sets of words.

use domain::catalog::RetailerId;
use domain::reading::OptionChoice;
use domain::{
    AccountId, ApiKeyId, CatalogId, Channel, ConversationId, Currency, CustomerId, DraftOrderId,
    EventId, MemberId, MessageId, OrderId, OutboxId, ProductId, SellerId, SyncRunId, Timestamp,
    VariantId,
};
use sqlx::error::BoxDynError;
use uuid::Uuid;

/// A field type that is stored as one of the plain column types.
pub(crate) trait Column: Sized {
    /// What the column holds.
    type Raw;
    /// Reads it.
    fn from_raw(raw: Self::Raw) -> Result<Self, BoxDynError>;
}

macro_rules! plain {
    ($($ty:ty),*) => {$(
        impl Column for $ty {
            type Raw = $ty;
            fn from_raw(raw: $ty) -> Result<Self, BoxDynError> { Ok(raw) }
        }
    )*};
}
plain!(i64, f64, bool, String, Vec<u8>, Uuid);

macro_rules! ids {
    ($($ty:ident),*) => {$(
        impl Column for $ty {
            type Raw = Uuid;
            fn from_raw(raw: Uuid) -> Result<Self, BoxDynError> { Ok(Self(raw)) }
        }
    )*};
}
ids!(
    AccountId,
    ApiKeyId,
    CatalogId,
    ConversationId,
    CustomerId,
    DraftOrderId,
    EventId,
    MemberId,
    MessageId,
    OrderId,
    OutboxId,
    ProductId,
    SellerId,
    SyncRunId,
    VariantId
);

impl Column for Timestamp {
    type Raw = i64;
    fn from_raw(raw: i64) -> Result<Self, BoxDynError> {
        Ok(Self(raw))
    }
}

impl Column for u32 {
    type Raw = i64;
    fn from_raw(raw: i64) -> Result<Self, BoxDynError> {
        Ok(Self::try_from(raw)?)
    }
}

macro_rules! parsed {
    ($($ty:ty),*) => {$(
        impl Column for $ty {
            type Raw = String;
            fn from_raw(raw: String) -> Result<Self, BoxDynError> { Ok(raw.parse::<Self>()?) }
        }
    )*};
}
parsed!(
    Channel,
    Currency,
    domain::draft::Stage,
    domain::order::OrderStatus
);

impl Column for RetailerId {
    type Raw = String;
    fn from_raw(raw: String) -> Result<Self, BoxDynError> {
        Ok(Self::parse(&raw)?)
    }
}

macro_rules! json {
    ($($ty:ty),*) => {$(
        impl Column for $ty {
            type Raw = String;
            fn from_raw(raw: String) -> Result<Self, BoxDynError> {
                Ok(serde_json::from_str(&raw)?)
            }
        }
    )*};
}
json!(
    domain::draft::Actor,
    Vec<String>,
    Vec<OptionChoice>,
    domain::catalog::Product,
    serde_json::Value
);

impl<T: Column> Column for Option<T> {
    type Raw = Option<T::Raw>;
    fn from_raw(raw: Self::Raw) -> Result<Self, BoxDynError> {
        raw.map(T::from_raw).transpose()
    }
}

/// Text that PostgreSQL takes: people's messages may hold a NUL character, its texts may not.
pub(crate) fn text(text: &str) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}")
    } else {
        text.to_owned()
    }
}

/// As [`text`], where there is one.
pub(crate) fn some_text(some: Option<&String>) -> Option<String> {
    some.map(|it| text(it))
}

/// JSON text of a value that always has one (our own types).
pub(crate) fn json_text<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// A struct whose fields are columns of the same name, readable from both databases.
macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $ty:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        $vis struct $name { $($(#[$field_meta])* $field_vis $field: $ty,)* }

        $crate::column::row!(@impl $name, sqlx::sqlite::SqliteRow, $($field: $ty,)*);
        $crate::column::row!(@impl $name, sqlx::postgres::PgRow, $($field: $ty,)*);
    };
    (@impl $name:ident, $row:ty, $($field:ident: $ty:ty,)*) => {
        impl sqlx::FromRow<'_, $row> for $name {
            fn from_row(row: &$row) -> Result<Self, sqlx::Error> {
                Ok(Self {
                    $($field: <$ty as $crate::column::Column>::from_raw(
                        sqlx::Row::try_get(row, stringify!($field))?,
                    ).map_err(|source| sqlx::Error::ColumnDecode {
                        index: stringify!($field).to_owned(),
                        source,
                    })?,)*
                })
            }
        }
    };
}
pub(crate) use row;

/// A closed set of words, stored as text.
macro_rules! words {
    ($($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)*
    })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        $vis enum $name { $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every word there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word used in tables, the API and screens.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    other => Err(format!(
                        "`{}` is none of {}", other,
                        Self::ALL.iter().map(|w| w.as_str()).collect::<Vec<_>>().join(", "),
                    )),
                }
            }
        }

        impl $crate::column::Column for $name {
            type Raw = String;
            fn from_raw(raw: String) -> Result<Self, sqlx::error::BoxDynError> {
                Ok(raw.parse::<Self>()?)
            }
        }
    )*};
}
pub(crate) use words;
