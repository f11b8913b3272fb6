-- Lists are narrowed by plain values too: those stand in `reference` beside the ids, folded. What a space has had from the
-- start gets its rows here; until now there was nothing else that lists are narrowed by.
insert into reference (from_id, member, to_id, restricts)
    select id, 'FeedType', 'builtin', 0 from document where kind = 'Feeds';
insert into reference (from_id, member, to_id, restricts)
    select id, 'IsDefault', 'true', 0 from document where kind in ('WorkerPools', 'MachinePolicies');
-- the built-in feed stands before all others
update document set sort = -1 where kind = 'Feeds';
