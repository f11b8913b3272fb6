-- What the operator sets while servers run.

-- is_cap_set: 1 = max_tasks was set through the API and stays when the node starts again; 0 = it is that of its settings.
alter table node add column is_cap_set smallint not null default 0;
