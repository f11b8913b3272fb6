-- A task that was put first has another rank, so rank says no more which is the newest.
drop index task_space;
create index task_space on task (space_id, queued_at, rank);
create index task_newest on task (queued_at, rank);
