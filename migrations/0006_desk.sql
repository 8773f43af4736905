-- +goose Up

-- How far each side has read: the seq of the newest event that it saw.
ALTER TABLE sessions ADD COLUMN read_customer bigint NOT NULL DEFAULT 0, ADD COLUMN read_agent bigint NOT NULL DEFAULT 0;

-- The lines in which customers wait for a person.
CREATE TABLE desk_queues (
    id         text     PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{1,40}$'),
    name       text     NOT NULL,
    department text     NOT NULL DEFAULT '',
    -- Languages, and reasons or intents, that go here; an empty list takes all.
    langs      text[]   NOT NULL DEFAULT '{}',
    topics     text[]   NOT NULL DEFAULT '{}',
    timezone   text     NOT NULL DEFAULT 'UTC',
    -- {"mon":[["09:00","18:00"]]}: from and to on each day; without any day it is always open.
    hours      jsonb    NOT NULL DEFAULT '{}',
    -- How long a customer waits before a contact form is offered.
    patience   interval NOT NULL DEFAULT '5 minutes'
);
INSERT INTO desk_queues (id, name) VALUES ('general', 'General');

-- The people who answer.
CREATE TABLE desk_agents (
    id            text        PRIMARY KEY CHECK (id ~ '^[a-z0-9._-]{1,64}$'),
    -- What customers see.
    name          text        NOT NULL,
    role          text        NOT NULL CHECK (role IN ('agent', 'supervisor', 'admin')),
    -- The queues that the person may see and answer; '*' is all.
    queues        text[]      NOT NULL DEFAULT '{}',
    capacity      int         NOT NULL DEFAULT 4 CHECK (capacity > 0),
    password_hash text        NOT NULL,
    -- Base32; empty while no second factor is set. totp_step is the last time step that was used.
    totp_secret   text        NOT NULL DEFAULT '',
    totp_step     bigint      NOT NULL DEFAULT 0,
    -- Wrong passwords in a row, and until when no further one is looked at.
    failures      int         NOT NULL DEFAULT 0,
    blocked_until timestamptz NOT NULL DEFAULT '-infinity',
    disabled      boolean     NOT NULL DEFAULT false,
    -- Until when the person counts as being at the desk; a console that is open renews it.
    present_until timestamptz NOT NULL DEFAULT '-infinity',
    -- Does not want new conversations just now.
    away          boolean     NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now()
);

-- Logged-in consoles. The cookie is kept as a hash.
CREATE TABLE desk_logins (
    token_hash bytea       PRIMARY KEY,
    agent_id   text        NOT NULL REFERENCES desk_agents ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX desk_logins_agent ON desk_logins (agent_id);

-- What the desk knows of a handoff, written in the transactions that change who answers.
CREATE TABLE desk_cases (
    handoff_id    uuid        PRIMARY KEY REFERENCES handoffs ON DELETE CASCADE,
    session_id    uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    queue_id      text        NOT NULL REFERENCES desk_queues,
    lang          text        NOT NULL DEFAULT '',
    reason        text        NOT NULL,
    note          text        NOT NULL DEFAULT '',
    -- The verified customer; empty for an anonymous visitor.
    customer      text        NOT NULL DEFAULT '',
    status        text        NOT NULL CHECK (status IN ('queued', 'claimed', 'released', 'resolved', 'ticket')),
    -- A conversation whose agent was lost stands before all others.
    urgent        boolean     NOT NULL DEFAULT false,
    waiting_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    asked_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The place in line as a person was asked for, from 1: what estimates learn from.
    place         int         NOT NULL DEFAULT 1,
    -- Who has it, until when without a sign of life.
    agent_id      text        REFERENCES desk_agents,
    lease_until   timestamptz,
    owner_epoch   bigint      NOT NULL,
    first_claim   timestamptz,
    claimed_at    timestamptz,
    closed_at     timestamptz,
    -- Whether the contact form was offered.
    form_offered  boolean     NOT NULL DEFAULT false,
    CHECK ((status = 'claimed') = (lease_until IS NOT NULL)),
    CHECK (status <> 'claimed' OR agent_id IS NOT NULL)
);
CREATE UNIQUE INDEX desk_cases_open ON desk_cases (session_id) WHERE status IN ('queued', 'claimed');
CREATE INDEX desk_cases_queue ON desk_cases (queue_id, urgent DESC, waiting_since) WHERE status = 'queued';
CREATE INDEX desk_cases_lease ON desk_cases (lease_until) WHERE status = 'claimed';
CREATE INDEX desk_cases_agent ON desk_cases (agent_id) WHERE status = 'claimed';
CREATE INDEX desk_cases_claims ON desk_cases (queue_id, first_claim DESC) WHERE first_claim IS NOT NULL;

-- Whispers: what agents tell each other about a conversation. They stand in no log that a customer reads.
CREATE TABLE desk_notes (
    id            uuid        PRIMARY KEY,
    session_id    uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    agent_id      text        NOT NULL,
    author        text        NOT NULL,
    client_msg_id text        NOT NULL,
    text          text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (session_id, agent_id, client_msg_id)
);

CREATE TABLE desk_replies (
    id         text        PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{1,64}$'),
    lang       text        NOT NULL DEFAULT '',
    title      text        NOT NULL,
    text       text        NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO desk_replies (id, lang, title, text) VALUES
    ('hello-en', 'en', 'Greeting', 'Hello, this is {agent}. I have read your conversation, one moment please.'),
    ('hello-zh', 'zh', '问候', '您好，我是{agent}。我已经看过您的对话，请稍等。'),
    ('order-en', 'en', 'Order status', 'Your order {order} is: {order_status}. Expected: {order_eta}.'),
    ('order-zh', 'zh', '订单状态', '您的订单{order}目前状态：{order_status}，预计：{order_eta}。'),
    ('more-en', 'en', 'Anything else', 'Is there anything else that I can do for you?'),
    ('more-zh', 'zh', '还有问题吗', '请问还有什么可以帮您？');

-- What customers left in the contact form.
CREATE TABLE desk_tickets (
    id            bigint      GENERATED ALWAYS AS IDENTITY (START WITH 1001) PRIMARY KEY,
    session_id    uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    handoff_id    uuid        REFERENCES handoffs ON DELETE SET NULL,
    queue_id      text        NOT NULL,
    client_msg_id text        NOT NULL,
    name          text        NOT NULL DEFAULT '',
    email         text        NOT NULL,
    text          text        NOT NULL,
    lang          text        NOT NULL DEFAULT '',
    status        text        NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    closed_by     text        NOT NULL DEFAULT '',
    closed_at     timestamptz,
    UNIQUE (session_id, client_msg_id)
);
CREATE INDEX desk_tickets_open ON desk_tickets (created_at) WHERE status = 'open';

CREATE TABLE desk_satisfaction (
    handoff_id uuid        PRIMARY KEY REFERENCES handoffs ON DELETE CASCADE,
    session_id uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    agent_id   text        NOT NULL,
    score      int         NOT NULL CHECK (score BETWEEN 1 AND 5),
    comment    text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Who saw and did what. Rows are only added.
CREATE TABLE desk_audit (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    agent_id   text        NOT NULL,
    action     text        NOT NULL,
    -- No reference: what was done stays known when a session is erased.
    session_id uuid,
    detail     text        NOT NULL DEFAULT '',
    address    text        NOT NULL DEFAULT ''
);
CREATE INDEX desk_audit_agent ON desk_audit (agent_id, id);

-- +goose Down
DROP TABLE desk_audit, desk_satisfaction, desk_tickets, desk_replies, desk_notes, desk_cases, desk_logins, desk_agents, desk_queues;
ALTER TABLE sessions DROP COLUMN read_customer, DROP COLUMN read_agent;
