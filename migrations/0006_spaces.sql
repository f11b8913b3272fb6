-- Spaces whose task queue is stopped. A deleted space (deleted_at > 0) stays stopped until nothing of it is left.
create table space_stop (
    space_id text primary key,
    deleted_at bigint not null default 0
);
create index document_space on document (space_id);
create index artifact_space on artifact (space_id);
insert into setting (name, value) select 'default-space', id from document where kind = 'Spaces' and id = 'Spaces-1';

-- held: 1 while the queue of its space is stopped. A held task is never the head of its tag.
alter table task add column held smallint not null default 0;
drop index task_waiting;
create index task_waiting on task (tag, held, rank) where state = 'Queued';
