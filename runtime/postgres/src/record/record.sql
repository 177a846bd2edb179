-- What documents of one index depend on without an event: rows of what, its place in the input, fact.
-- $1 text[] tables as schema, unit separator, name; $2 text the publication;
-- $3 int4[], $4 text[], $5 bool[] columns: place of the table, name, whether the type's modifier counts;
-- $6 text[], $7 text[] labels of enums: type as schema, unit separator, name; label.
with tables as (
  select w.place::int4 as place, c.oid, c.relfilenode, c.relreplident
  from unnest($1::text[]) with ordinality w(rel, place)
  join pg_namespace n on n.nspname = split_part(w.rel, e'\x1f', 1)
  join pg_class c on c.relnamespace = n.oid and c.relname = split_part(w.rel, e'\x1f', 2)
), columns as (
  select w.place::int4 as place, w.modified, a.*, a.xmin::text as version
  from unnest($3::int4[], $4::text[], $5::bool[]) with ordinality w(relation, name, modified, place)
  join tables t on t.place = w.relation
  join pg_attribute a on a.attrelid = t.oid and a.attname = w.name and a.attnum > 0 and not a.attisdropped
)
select 'table' as what, place, 'oid ' || oid as fact from tables
union all
select 'file', place, relfilenode::text from tables
union all
select 'identity', t.place, t.relreplident::text || coalesce(' index ' || (
  select x.indexrelid::text from pg_index x
  where x.indrelid = t.oid and case t.relreplident when 'i' then x.indisreplident when 'd' then x.indisprimary end
), '')
from tables t
union all
select 'children', t.place, string_agg(i.inhrelid || '/' || i.xmin::text, ' ' order by i.inhrelid)
from tables t join pg_inherits i on i.inhparent = t.oid group by t.place
union all
select 'publication', t.place, 'publication ' || p.oid || '/' || p.xmin::text || coalesce(' member ' || r.oid, '')
from tables t
join pg_publication p on p.pubname = $2
left join pg_publication_rel r on r.prpubid = p.oid and r.prrelid = t.oid
where r.oid is not null or p.puballtables or exists (
  select from pg_publication_namespace pn join pg_class c on c.relnamespace = pn.pnnspid
  where pn.pnpubid = p.oid and c.oid = t.oid)
union all
select 'column', place, attnum || ' ' || format_type(atttypid, case when modified then atttypmod end)
  || ' (' || atttypid || ')'
from columns
union all
select 'version', c.place, c.version || coalesce('/' || (
  select d.xmin::text from pg_attrdef d
  where c.attgenerated <> '' and d.adrelid = c.attrelid and d.adnum = c.attnum), '')
from columns c
union all
select 'label', w.place::int4, e.oid::text
from unnest($6::text[], $7::text[]) with ordinality w(type, label, place)
join pg_namespace n on n.nspname = split_part(w.type, e'\x1f', 1)
join pg_type t on t.typnamespace = n.oid and t.typname = split_part(w.type, e'\x1f', 2)
join pg_enum e on e.enumtypid = t.oid and e.enumlabel = w.label
