//! The dashboard's pages: what they show, as functions of plain view data.

pub(crate) mod catalog_pages;
pub(crate) mod conversation;
pub(crate) mod drafts;
pub(crate) mod layout;
pub(crate) mod order_pages;
pub(crate) mod order_view;
pub(crate) mod parts;
pub(crate) mod people_pages;
pub(crate) mod product_pages;
pub(crate) mod settings_pages;
pub(crate) mod shop_front_page;
pub(crate) mod sign_in;
pub(crate) mod waiting;
