-- The whole of the first schema. The same tables and columns as its twin for the other database (a test holds
-- them together). Ids are UUIDs, times UTC milliseconds, money minor units,
-- JSON text (packed where it is large and changes often: a draft order's body, a conversation's state).

CREATE TABLE sellers (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    country TEXT NOT NULL,
    currency TEXT NOT NULL,
    language TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    domain TEXT UNIQUE,
    policy TEXT NOT NULL,
    catalog_version BIGINT NOT NULL,
    last_order_number BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- An admin of the whole server may belong to no seller.
CREATE TABLE members (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID REFERENCES sellers (id) ON DELETE CASCADE,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    admin BOOLEAN NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    signed_in_at BIGINT
);
CREATE INDEX members_seller ON members (seller_id);

CREATE TABLE sessions (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    member_id UUID NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    csrf TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    idle_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_member ON sessions (member_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE api_keys (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    key_hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_keys_seller ON api_keys (seller_id);

CREATE TABLE channel_accounts (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    username TEXT,
    instagram_account_id TEXT,
    app_scoped_id TEXT,
    page_id TEXT,
    whatsapp_phone_number_id TEXT,
    whatsapp_business_account_id TEXT,
    business_id TEXT,
    login TEXT NOT NULL,
    access_token BYTEA,
    user_token BYTEA,
    verify_token BYTEA,
    scopes TEXT NOT NULL,
    token_expires_at BIGINT,
    data_access_expires_at BIGINT,
    refreshed_at BIGINT,
    state TEXT NOT NULL,
    state_reason TEXT,
    settings TEXT NOT NULL,
    last_event_at BIGINT,
    checked_at BIGINT,
    sweep TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX channel_accounts_seller ON channel_accounts (seller_id);

-- Every id that Meta may name an account by. An event is routed by any of them.
CREATE TABLE channel_account_ids (
    external_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    account_id UUID NOT NULL REFERENCES channel_accounts (id) ON DELETE CASCADE,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    PRIMARY KEY (external_id, kind)
);
CREATE INDEX channel_account_ids_account ON channel_account_ids (account_id);

-- The hot table: no index that intake or the claim does not need. `dedup` begins with the time of the event, so
-- that its index grows at one end.
CREATE TABLE inbound_events (
    id UUID NOT NULL PRIMARY KEY,
    received_at BIGINT NOT NULL,
    occurred_at BIGINT,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    account_ids TEXT NOT NULL,
    party_id TEXT,
    lane TEXT NOT NULL,
    dedup BYTEA NOT NULL UNIQUE,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    seller_id UUID
);
CREATE INDEX inbound_events_due ON inbound_events (due_at, id) WHERE state = 'pending';
CREATE INDEX inbound_events_put_off ON inbound_events (lane, id) WHERE state = 'pending' AND due_at > received_at;
CREATE INDEX inbound_events_kept ON inbound_events (state, id) WHERE state IN ('unrouted', 'failed', 'kept');

-- One row a conversation, for workers to lock; written by workers only, so that intake never waits.
CREATE TABLE lanes (
    lane TEXT NOT NULL PRIMARY KEY
);

CREATE TABLE products (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    retailer_id TEXT NOT NULL,
    title TEXT NOT NULL,
    category TEXT,
    status TEXT NOT NULL,
    availability TEXT NOT NULL,
    price_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    search TEXT NOT NULL,
    body TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (seller_id, retailer_id)
);
CREATE INDEX products_title ON products (seller_id, status, title, id);
CREATE INDEX products_revision ON products (seller_id, revision);

-- What is counted and held. A product without variants has one row under its own retailer_id.
CREATE TABLE variants (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    product_id UUID NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    retailer_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    stock BIGINT,
    stock_reserved BIGINT NOT NULL,
    UNIQUE (seller_id, retailer_id)
);
CREATE INDEX variants_product ON variants (product_id, position);

CREATE TABLE images (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    digest BYTEA NOT NULL,
    content_type TEXT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (seller_id, digest)
);

-- Which products a post, reel or story shows.
CREATE TABLE media_products (
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    media_id TEXT NOT NULL,
    retailer_id TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (seller_id, media_id, retailer_id)
);

CREATE TABLE customers (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    account_id UUID REFERENCES channel_accounts (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    external_id TEXT,
    username TEXT,
    profile_name TEXT,
    profiled_at BIGINT,
    language TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, external_id)
);
CREATE INDEX customers_seller ON customers (seller_id, id);

-- Phone, e-mail, name, address, and where each came from.
CREATE TABLE customer_details (
    customer_id UUID NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    value TEXT NOT NULL,
    source TEXT NOT NULL,
    mid TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (customer_id, kind)
);

CREATE TABLE conversations (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    account_id UUID NOT NULL REFERENCES channel_accounts (id) ON DELETE CASCADE,
    customer_id UUID NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    lane TEXT NOT NULL,
    state BYTEA NOT NULL,
    version BIGINT NOT NULL,
    language TEXT,
    window_until BIGINT,
    hand_over_until BIGINT,
    wake_at BIGINT,
    unread BIGINT NOT NULL,
    last_message_at BIGINT NOT NULL,
    last_text TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, customer_id)
);
CREATE INDEX conversations_customer ON conversations (customer_id);
CREATE INDEX conversations_recent ON conversations (seller_id, last_message_at);
CREATE INDEX conversations_wake ON conversations (wake_at) WHERE wake_at IS NOT NULL;

-- `mid_key` is a digest of Meta's message id, which belongs to one conversation; led by the conversation, so that
-- its index also reads a conversation.
CREATE TABLE messages (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    conversation_id UUID NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    mid_key BYTEA NOT NULL,
    mid TEXT NOT NULL,
    event_id UUID,
    outbox_id UUID,
    direction TEXT NOT NULL,
    sender TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT,
    content TEXT,
    reading TEXT,
    language TEXT,
    state TEXT NOT NULL,
    reason TEXT,
    at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (conversation_id, mid_key)
);

CREATE TABLE draft_orders (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    account_id UUID REFERENCES channel_accounts (id) ON DELETE SET NULL,
    conversation_id UUID REFERENCES conversations (id) ON DELETE SET NULL,
    customer_id UUID REFERENCES customers (id) ON DELETE SET NULL,
    message_source TEXT NOT NULL,
    stage TEXT NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    currency TEXT NOT NULL,
    total_minor BIGINT,
    body BYTEA NOT NULL,
    order_id UUID,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX draft_orders_seller ON draft_orders (seller_id, id);
-- Of a conversation there is one in progress; and what a seller has in progress is found by it.
CREATE UNIQUE INDEX draft_orders_open ON draft_orders (seller_id, conversation_id)
    WHERE stage IN ('open', 'awaiting_customer', 'awaiting_confirmation', 'awaiting_seller');
CREATE INDEX draft_orders_customer ON draft_orders (customer_id);

CREATE TABLE draft_order_transitions (
    id UUID NOT NULL PRIMARY KEY,
    draft_order_id UUID NOT NULL REFERENCES draft_orders (id) ON DELETE CASCADE,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    from_stage TEXT,
    event TEXT NOT NULL,
    to_stage TEXT,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    why TEXT NOT NULL
);
CREATE INDEX draft_order_transitions_draft ON draft_order_transitions (draft_order_id, id);

CREATE TABLE orders (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    draft_order_id UUID NOT NULL UNIQUE,
    account_id UUID REFERENCES channel_accounts (id) ON DELETE SET NULL,
    conversation_id UUID REFERENCES conversations (id) ON DELETE SET NULL,
    customer_id UUID REFERENCES customers (id) ON DELETE SET NULL,
    message_source TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    subtotal_minor BIGINT NOT NULL,
    discount_minor BIGINT NOT NULL,
    delivery_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    tax_inclusive BOOLEAN NOT NULL,
    total_minor BIGINT NOT NULL,
    customer_name TEXT,
    phone TEXT,
    email TEXT,
    address TEXT,
    note TEXT,
    oversold BOOLEAN NOT NULL,
    confirmed_by TEXT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (seller_id, number)
);
CREATE INDEX orders_seller ON orders (seller_id, status, id);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_conversation ON orders (conversation_id);

CREATE TABLE order_lines (
    order_id UUID NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    product TEXT NOT NULL,
    variant TEXT,
    title TEXT NOT NULL,
    options TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    unit_minor BIGINT NOT NULL,
    total_minor BIGINT NOT NULL,
    PRIMARY KEY (order_id, position)
);

CREATE TABLE order_transitions (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    order_id UUID NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    from_status TEXT,
    to_status TEXT NOT NULL,
    refused BOOLEAN NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    why TEXT NOT NULL
);
CREATE INDEX order_transitions_order ON order_transitions (order_id, id);

-- What confirmed orders hold of the stock until they are shipped, cancelled or returned:
-- variants.stock_reserved is their sum.
CREATE TABLE stock_holds (
    order_id UUID NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    retailer_id TEXT NOT NULL,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    quantity BIGINT NOT NULL,
    oversold BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (order_id, retailer_id)
);
CREATE INDEX stock_holds_item ON stock_holds (seller_id, retailer_id);

CREATE TABLE waiting_list (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    retailer_id TEXT NOT NULL,
    customer_id UUID NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    conversation_id UUID REFERENCES conversations (id) ON DELETE CASCADE,
    draft_order_id UUID,
    quantity BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    notified_at BIGINT,
    UNIQUE (retailer_id, customer_id, seller_id)
);
CREATE INDEX waiting_list_item ON waiting_list (seller_id, retailer_id, id);
CREATE INDEX waiting_list_untold ON waiting_list (seller_id, retailer_id) WHERE notified_at IS NULL;

CREATE TABLE outbox (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    account_id UUID NOT NULL REFERENCES channel_accounts (id) ON DELETE CASCADE,
    conversation_id UUID REFERENCES conversations (id) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT,
    body TEXT NOT NULL,
    by_person BOOLEAN NOT NULL,
    window_until BIGINT,
    state TEXT NOT NULL,
    reason TEXT,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    claimed_at BIGINT,
    sent_at BIGINT,
    mid TEXT,
    echoed_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE state = 'pending';
CREATE INDEX outbox_claimed ON outbox (claimed_at) WHERE state IN ('sending', 'unknown');
CREATE INDEX outbox_conversation ON outbox (conversation_id, state, id);
CREATE INDEX outbox_unechoed ON outbox (conversation_id, id)
    WHERE echoed_at IS NULL AND state IN ('sending', 'unknown', 'sent');
CREATE INDEX outbox_kept ON outbox (seller_id, id) WHERE state IN ('unknown', 'failed', 'cancelled');

CREATE TABLE notifications (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    subject_kind TEXT,
    subject_id TEXT,
    created_at BIGINT NOT NULL,
    read_at BIGINT
);
CREATE INDEX notifications_seller ON notifications (seller_id, id);

CREATE TABLE catalogs (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    account_id UUID REFERENCES channel_accounts (id) ON DELETE SET NULL,
    external_id TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT,
    auto_sync BOOLEAN NOT NULL,
    sync_interval BIGINT NOT NULL,
    next_sync_at BIGINT,
    synced_version BIGINT NOT NULL,
    settings TEXT NOT NULL,
    lease TEXT,
    lease_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (seller_id, external_id)
);
CREATE INDEX catalogs_due ON catalogs (next_sync_at) WHERE next_sync_at IS NOT NULL;

-- `content_hash` is what the product is now, `sent_hash` what is under way, `accepted_hash` what Meta took last.
CREATE TABLE catalog_items (
    catalog_id UUID NOT NULL REFERENCES catalogs (id) ON DELETE CASCADE,
    retailer_id TEXT NOT NULL,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    group_id TEXT,
    content_hash BYTEA,
    sent_hash BYTEA,
    accepted_hash BYTEA,
    sent_handle TEXT,
    external_id TEXT,
    state TEXT NOT NULL,
    review TEXT,
    messages TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    checked_at BIGINT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (catalog_id, retailer_id)
);
CREATE INDEX catalog_items_state ON catalog_items (catalog_id, state, retailer_id);

CREATE TABLE sync_runs (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    catalog_id UUID NOT NULL REFERENCES catalogs (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    total BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    held_back BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    resume_at BIGINT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX sync_runs_catalog ON sync_runs (catalog_id, id);
CREATE INDEX sync_runs_seller ON sync_runs (seller_id, id);
CREATE UNIQUE INDEX sync_runs_running ON sync_runs (catalog_id) WHERE status = 'running';

CREATE TABLE sync_run_log (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    run_id UUID NOT NULL REFERENCES sync_runs (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    level TEXT NOT NULL,
    retailer_id TEXT,
    message TEXT NOT NULL
);
CREATE INDEX sync_run_log_run ON sync_run_log (run_id, id);

CREATE TABLE sync_batches (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    catalog_id UUID NOT NULL REFERENCES catalogs (id) ON DELETE CASCADE,
    run_id UUID NOT NULL REFERENCES sync_runs (id) ON DELETE CASCADE,
    handle TEXT,
    state TEXT NOT NULL,
    items TEXT NOT NULL,
    reason TEXT,
    sent_at BIGINT NOT NULL,
    checked_at BIGINT,
    ended_at BIGINT
);
CREATE INDEX sync_batches_open ON sync_batches (catalog_id, id) WHERE ended_at IS NULL;
CREATE INDEX sync_batches_run ON sync_batches (run_id, id);

CREATE TABLE rate_limits (
    key TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX rate_limits_updated ON rate_limits (updated_at);

CREATE TABLE oauth_states (
    state_hash BYTEA NOT NULL PRIMARY KEY,
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    member_id UUID,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE health_counters (
    name TEXT NOT NULL,
    hour BIGINT NOT NULL,
    count BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    detail TEXT,
    PRIMARY KEY (name, hour)
);

CREATE TABLE data_deletion_requests (
    id UUID NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    external_id TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT,
    requested_at BIGINT NOT NULL,
    completed_at BIGINT
);

CREATE TABLE message_words (
    seller_id UUID NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (seller_id, language, key)
);

CREATE TABLE audit (
    id UUID NOT NULL PRIMARY KEY,
    seller_id UUID REFERENCES sellers (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT
);
CREATE INDEX audit_seller ON audit (seller_id, id);

-- Small facts of the installation itself (which key encrypts now, when a sweep ran last).
CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
