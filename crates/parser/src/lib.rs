//! TODO(head).
