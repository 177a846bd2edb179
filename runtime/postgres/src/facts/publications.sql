-- Which publications a relation is in: by itself, its schema, all tables, or a partition root.
-- $1 oid[]: the relations that exist.
select want.oid as rel, json_build_object(
  'publication', p.pubname,
  'how', case when p.puballtables then 'all' when pr.oid is not null then 'table'
    when pn.oid is not null then 'schema' else 'ancestor' end,
  'columns', (
    select json_agg(a.attname order by a.attnum) from unnest(pr.prattrs::int2[]) u(num)
    join pg_attribute a on a.attrelid = want.oid and a.attnum = u.num),
  'filtered', pr.prqual is not null)::text as fact
from (
  select oid, relnamespace, relkind, relispartition, relpersistence from pg_class where oid = any ($1::oid[])
) want
cross join pg_publication p
left join pg_publication_rel pr on pr.prpubid = p.oid and pr.prrelid = want.oid
left join pg_publication_namespace pn on pn.pnpubid = p.oid and pn.pnnspid = want.relnamespace
where pr.oid is not null or pn.oid is not null
  or (p.puballtables and want.relkind in ('r', 'p') and want.relpersistence = 'p')
  or (want.relispartition and exists (
    select from pg_partition_ancestors(want.oid) x(relid)
    join pg_publication_rel q on q.prrelid = x.relid and q.prpubid = p.oid))
order by want.oid, p.pubname
