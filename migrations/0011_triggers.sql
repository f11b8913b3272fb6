-- When scheduled triggers are due next, UTC milliseconds. A trigger that is switched off, or never due again, has no row.
create table trigger_due (
    trigger_id text primary key,
    due_at bigint not null
);
create index trigger_due_at on trigger_due (due_at);
