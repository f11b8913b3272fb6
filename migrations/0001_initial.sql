-- Configuration, people, audit. Times are UTC milliseconds; flags are 0 or 1; {{C}} compares by bytes.

-- The next number of each kind of id.
create table counter (
    name text primary key,
    value bigint not null
);

create table setting (
    name text primary key,
    value text not null
);

-- One row per configuration resource. number: the digits at the end of its id, for its order. scope: the owner within
-- which name and slug are unique, '' = the space. name_key, slug_key: filled only where they must be unique.
create table document (
    id text {{C}} primary key,
    number bigint not null,
    kind text not null,
    space_id text not null,
    owner_id text not null,
    name text not null,
    name_fold text {{C}} not null,
    name_key text,
    slug text not null,
    slug_key text,
    scope text not null,
    sort bigint not null,
    row_version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    doc text not null
);
create unique index document_name_key on document (kind, space_id, scope, name_key);
create unique index document_slug_key on document (kind, space_id, scope, slug_key);
create index document_name on document (kind, space_id, name_fold);
create index document_slug on document (kind, space_id, slug);
create index document_number on document (kind, number);
create index document_owner on document (owner_id, kind);

-- from_id names to_id in its member. restricts: to_id cannot be deleted while this row is there.
create table reference (
    from_id text not null,
    member text not null,
    to_id text not null,
    restricts smallint not null,
    primary key (from_id, member, to_id)
);
create index reference_to on reference (to_id, member);

-- The audit; rows are only added.
create table event (
    number bigint primary key,
    space_id text not null,
    category text not null,
    user_id text not null,
    username text not null,
    occurred_at bigint not null,
    message text not null,
    details text
);
create index event_space on event (space_id, number);

create table event_related (
    related_id text not null,
    number bigint not null,
    primary key (related_id, number)
);
create index event_related_number on event_related (number);

create table app_user (
    id text primary key,
    number bigint not null,
    username text not null,
    username_fold text {{C}} not null,
    display_name text not null,
    display_name_fold text not null,
    email text not null,
    password_hash text not null,
    is_admin smallint not null,
    is_service smallint not null,
    is_active smallint not null,
    row_version bigint not null,
    created_at bigint not null,
    updated_at bigint not null
);
create unique index app_user_username on app_user (username_fold);

-- hash: SHA-256 of the key, hexadecimal. expires_at: 0 = never.
create table api_key (
    id text primary key,
    user_id text not null,
    hash text not null,
    hint text not null,
    purpose text not null,
    created_at bigint not null,
    expires_at bigint not null
);
create unique index api_key_hash on api_key (hash);
create index api_key_user on api_key (user_id);
