-- Tasks of the server itself have a cap of their own, so that they neither wait for people's work nor hold it up.
alter table task_tag add column system smallint not null default 0;
drop index task_tag_ready;
create index task_tag_ready on task_tag (system, head_rank) where running_task is null and head_rank is not null;
