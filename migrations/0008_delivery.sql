-- Lifecycles that act by themselves, tasks that are planned for later, and what dashboards look for.

-- Releases that their lifecycle must look at: they are new, or have succeeded somewhere. A row stays until that is done.
create table promotion_due (
    release_id text primary key,
    at_ms bigint not null
);

-- Deployments that lifecycles have made: once for each release and environment.
create table automatic_deployment (
    release_id text not null,
    environment_id text not null,
    at_ms bigint not null,
    primary key (release_id, environment_id)
);

-- due_at: a planned task, which enters the queue of its tag then; 0 = it is there, or was. expires_at: a task that has
-- not started by then ends as TimedOut; 0 = it waits as long as it takes.
alter table task add column due_at bigint not null default 0;
alter table task add column expires_at bigint not null default 0;
create index task_due on task (due_at) where due_at > 0 and state = 'Queued';
create index task_expiry on task (expires_at) where expires_at > 0 and state = 'Queued';

-- The newest task of a kind of a project in an environment.
create index task_latest on task (project_id, environment_id, kind, rank);
