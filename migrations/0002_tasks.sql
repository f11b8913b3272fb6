-- Tasks, their journals and their logs: the hot tables. Times are UTC milliseconds; 0 = not yet.

-- One row per server process that ever ran on this database. PostgreSQL: lease_until is renewed by the node and
-- judged by the database's clock.
create table node (
    id text primary key,
    name text not null,
    incarnation text not null,
    boot_id text not null,
    jobs_path text not null,
    max_tasks bigint not null,
    is_draining smallint not null default 0,
    last_seen bigint not null,
    lease_until bigint not null
);

-- rank: place in the queue, unique. tag: what runs one at a time; a task without one carries its own id.
-- epoch: raised by each claim; every write on behalf of a running task names it (fencing).
-- cleanup: 1 while the worker may still hold folders of this task.
create table task (
    id text primary key,
    rank bigint not null,
    space_id text not null,
    kind text not null,
    description text not null,
    state text not null,
    tag text not null,
    node_id text,
    epoch bigint not null default 0,
    cancel_by text,
    queued_at bigint not null,
    started_at bigint not null default 0,
    completed_at bigint not null default 0,
    updated_at bigint not null,
    error text not null default '',
    has_warnings smallint not null default 0,
    cleanup smallint not null default 0,
    journal_seq bigint not null default 0,
    log_lines bigint not null default 0,
    log_bytes bigint not null default 0,
    project_id text,
    environment_id text,
    runbook_id text,
    subject_id text,
    arguments text not null
);
create unique index task_rank on task (rank);
create index task_waiting on task (tag, rank) where state = 'Queued';
create index task_active on task (node_id) where state in ('Executing', 'Cancelling');
create index task_cleanup on task (node_id) where cleanup = 1;
create index task_space on task (space_id, rank);
create index task_subject on task (subject_id);

-- The queue is per tag: `head_rank` is the first waiting task of the tag, so that ten thousand tasks behind one tag
-- cost as much as one. `running_task` is the one that runs; a tag can have one only.
create table task_tag (
    tag text primary key,
    running_task text,
    head_rank bigint,
    waiting bigint not null
);
create index task_tag_ready on task_tag (head_rank) where running_task is null and head_rank is not null;

create table journal (
    task_id text not null,
    seq bigint not null,
    kind text not null,
    version bigint not null,
    at_ms bigint not null,
    body text not null,
    primary key (task_id, seq)
);

-- Lines of a task's log in compressed chunks. first_line counts over the whole task from 1 without gaps;
-- (invocation, part) makes a chunk of one script's output unique, so that no line is stored twice.
create table log_chunk (
    task_id text not null,
    first_line bigint not null,
    lines bigint not null,
    node text not null,
    invocation text not null,
    part bigint not null,
    bytes bigint not null,
    data {{BLOB}} not null,
    primary key (task_id, first_line)
);
create unique index log_chunk_part on log_chunk (task_id, invocation, part);

-- How far the output of a running script is in the log: written in the transaction of the chunks it describes.
-- percent, message: the progress that the script told last.
create table log_cursor (
    task_id text not null,
    invocation text not null,
    next_fragment bigint not null,
    part bigint not null,
    sealed_state text not null,
    percent bigint not null,
    message text not null,
    primary key (task_id, invocation)
);

-- Secrets that a running script announced, sealed, a row for each turn that brought some: never written again.
create table log_mask (
    task_id text not null,
    invocation text not null,
    part bigint not null,
    sealed text not null,
    primary key (task_id, invocation, part)
);

create table output_variable (
    task_id text not null,
    action text not null,
    name_fold text not null,
    name text not null,
    value text not null,
    is_sensitive smallint not null,
    primary key (task_id, action, name_fold)
);

-- Files that a script asked to keep. content: hash of the collected blob, null until it is collected.
create table artifact (
    id text primary key,
    number bigint not null,
    space_id text not null,
    task_id text not null,
    invocation text not null,
    node text not null,
    path text not null,
    filename text not null,
    source text not null,
    created_at bigint not null,
    size bigint not null default 0,
    content text,
    failure text
);
create index artifact_task on artifact (task_id);
create unique index artifact_number on artifact (number);
