-- Table indexes, and foreign keys both ways.
-- $1 oid[]: the relations that exist.
select 'index' as what, x.indrelid as rel, json_build_object(
  'name', ic.relname, 'primary', x.indisprimary, 'unique', x.indisunique, 'immediate', x.indimmediate,
  'valid', x.indisvalid and x.indisready and x.indislive, 'identity', x.indisreplident,
  'method', am.amname, 'partial', x.indpred is not null, 'expressions', x.indexprs is not null,
  'nkeys', x.indnkeyatts,
  'columns', (
    select json_agg(a.attname order by k.ord)
    from unnest(x.indkey::int2[]) with ordinality k(num, ord)
    left join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.num))::text as fact
from pg_index x
join pg_class ic on ic.oid = x.indexrelid
join pg_am am on am.oid = ic.relam
where x.indrelid = any ($1::oid[])
union all
-- A foreign key of a partitioned table has a copy for each partition: conparentid tells them apart.
select 'fk', k.conrelid, json_build_object(
  'name', k.conname, 'from', json_build_array(fn.nspname, f.relname), 'to', json_build_array(tn.nspname, t.relname),
  'columns', (
    select json_agg(a.attname order by u.ord) from unnest(k.conkey) with ordinality u(num, ord)
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num),
  'references', (
    select json_agg(a.attname order by u.ord) from unnest(k.confkey) with ordinality u(num, ord)
    join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num),
  'valid', k.convalidated, 'deferrable', k.condeferrable)::text
from pg_constraint k
join pg_class f on f.oid = k.conrelid
join pg_namespace fn on fn.oid = f.relnamespace
join pg_class t on t.oid = k.confrelid
join pg_namespace tn on tn.oid = t.relnamespace
where k.contype = 'f' and k.conparentid = 0
  and (k.conrelid = any ($1::oid[]) or k.confrelid = any ($1::oid[]))
order by 1, 2, 3
