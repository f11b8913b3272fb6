-- How the author of an event was known, with what and from where it was done; what the message names.
-- agent: kind of the client; document_type: kind of what the event is about; name_at, name_length: where the message names
-- it, in UTF-16 units.
alter table event add column identity text not null default '';
alter table event add column user_agent text not null default '';
alter table event add column ip_address text not null default '';
alter table event add column is_service smallint not null default 0;
alter table event add column agent text not null default '';
alter table event add column subject_id text not null default '';
alter table event add column document_type text not null default '';
alter table event add column name_at bigint not null default 0;
alter table event add column name_length bigint not null default 0;
create index event_category on event (category, number);
create index event_user on event (user_id, number);
create index event_type on event (document_type, number);

-- What a task asks a person. form, answers, teams: JSON.
create table interruption (
    id text primary key,
    number bigint not null,
    space_id text not null,
    task_id text not null,
    correlation_id text not null,
    kind text not null,
    title text not null,
    form text not null,
    teams text not null,
    user_id text,
    answers text,
    is_pending smallint not null,
    created_at bigint not null
);
create unique index interruption_number on interruption (number);
create index interruption_task on interruption (task_id);
create index interruption_space on interruption (space_id, number);

-- interruptions: kinds of those that are pending, with commas.
alter table task add column interruptions text not null default '';
create index task_interrupted on task (rank) where interruptions <> '';
