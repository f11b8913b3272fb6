-- Who is signed in, and what people are asked to join with.

-- hash: SHA-256 of the secret that the client holds, hexadecimal. idle: how long it lives unused, in ms; 0 = a token,
-- which ends at expires_at. keys_until: what API keys made with it may not outlive; 0 = nothing.
create table session (
    hash text {{C}} primary key,
    user_id text not null,
    idle bigint not null,
    created_at bigint not null,
    expires_at bigint not null,
    keys_until bigint not null
);
create index session_by_user on session (user_id);
create index session_by_expiry on session (expires_at);

-- A row is deleted when it is used. team_ids: JSON.
create table invitation (
    id text primary key,
    hash text {{C}} not null,
    team_ids text not null,
    created_by text not null,
    created_at bigint not null,
    expires_at bigint not null
);
create unique index invitation_hash on invitation (hash);

-- warned: what was said of its end: 0 nothing, 1 at 20 days, 2 at 10 days, 3 that it has expired.
alter table api_key add column warned smallint not null default 0;
create index api_key_expires on api_key (expires_at);

-- What other systems call the user; JSON, kept as it was sent.
alter table app_user add column identities text not null default '[]';
