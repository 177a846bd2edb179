-- What documents of one index depend on without an event: rows of what, its place in the input, fact as JSON.
-- $1 text[] tables as schema, unit separator, name; $2 text the publication;
-- $3 int4[], $4 text[], $5 bool[], $6 bool[] columns: place of the table, name, whether the type's modifier
-- counts, whether NOT NULL does;
-- $7 text[], $8 text[] labels of enums: type as schema, unit separator, name; label;
-- $9 text[], $10 text[] functions: name; schema, null where it is on the search path;
-- $11 text[] the search path; $12 text[] names of operators; $13 text[] every name that a query holds.
with recursive tables as (
  select w.place::int4 as place, c.*, c.xmin::text::int8 as version
  from unnest($1::text[]) with ordinality w(rel, place)
  join pg_namespace n on n.nspname = split_part(w.rel, e'\x1f', 1)
  join pg_class c on c.relnamespace = n.oid and c.relname = split_part(w.rel, e'\x1f', 2)
), columns as (
  select w.place::int4 as place, w.modified, w.excludes_null, a.*, a.xmin::text::int8 as version
  from unnest($3::int4[], $4::text[], $5::bool[], $6::bool[])
    with ordinality w(relation, name, modified, excludes_null, place)
  join tables t on t.place = w.relation
  join pg_attribute a on a.attrelid = t.oid and a.attname = w.name and a.attnum > 0 and not a.attisdropped
), parts(oid) as (
  -- The types of the columns with all that their values are made of.
  select c.atttypid from columns c
  union
  select inner_part.oid from parts p join pg_type t on t.oid = p.oid cross join lateral (
    select t.typbasetype where t.typbasetype <> 0
    union all select t.typelem where t.typelem <> 0
    union all select a.atttypid from pg_attribute a
      where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
  ) inner_part(oid)
)
select 'publication' as what, 0 as place, json_build_object(
  'oid', p.oid::int8, 'xmin', p.xmin::text::int8, 'owner', p.pubowner::int8, 'via_root', p.pubviaroot,
  'sends', array_remove(array[case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
    case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end], null))::text as fact
from pg_publication p where p.pubname = $2
union all
select 'table', t.place, json_build_object(
  'oid', t.oid::int8, 'file', t.relfilenode::int8, 'class_xmin', t.version, 'identity', t.relreplident,
  'published', (
    select coalesce(r.oid, s.oid, case when p.puballtables then p.oid end)::int8 from pg_publication p
    left join pg_publication_rel r on r.prpubid = p.oid and r.prrelid = t.oid
    left join pg_publication_namespace s on s.pnpubid = p.oid and s.pnnspid = t.relnamespace
    where p.pubname = $2),
  'children', (select coalesce(json_agg(json_build_object(
      'oid', i.inhrelid::int8, 'xmin', i.xmin::text::int8)), '[]')
    from pg_inherits i where i.inhparent = t.oid),
  'layout', (select coalesce(json_agg(a.attname order by a.attnum), '[]') from pg_attribute a
    where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''),
  'indexes', (select coalesce(json_agg(json_build_object(
      'identity', case t.relreplident when 'i' then x.indisreplident when 'd' then x.indisprimary else false end,
      'columns', (select json_agg(a.attname order by k.place)
        from unnest(x.indkey::int2[]) with ordinality k(num, place)
        join pg_attribute a on a.attrelid = t.oid and a.attnum = k.num
        where k.place <= x.indnkeyatts))), '[]')
    from pg_index x
    where x.indrelid = t.oid and x.indisunique and x.indimmediate and x.indisvalid and x.indisready
      and x.indislive and x.indpred is null and x.indexprs is null))::text
from tables t
union all
select 'column', c.place, json_build_object(
  'num', c.attnum, 'type_oid', c.atttypid::int8, 'modifier', case when c.modified then c.atttypmod end,
  'not_null', c.excludes_null and (c.attnotnull or (
    with recursive domains as (
      select y.typtype, y.typbasetype, y.typnotnull from pg_type y where y.oid = c.atttypid
      union all
      select y.typtype, y.typbasetype, y.typnotnull from domains d join pg_type y on y.oid = d.typbasetype
      where d.typtype = 'd')
    select bool_or(d.typnotnull) from domains d)),
  'default_xmin', (select d.xmin::text::int8 from pg_attrdef d
    where c.attgenerated <> '' and d.adrelid = c.attrelid and d.adnum = c.attnum),
  'xmin', c.version, 'has_missing', c.atthasmissing,
  -- What an ALTER changes without a rewrite; the default by its oid, because another one is another row.
  'tuning', concat_ws('|', coalesce(c.attstattarget::text, ''), coalesce(c.attoptions::text, ''),
    coalesce(c.attacl::text, ''), c.attstorage::text, c.attcompression::text, c.attnotnull::text,
    c.attidentity::text, coalesce((select d.oid::text from pg_attrdef d
      where c.attgenerated = '' and d.adrelid = c.attrelid and d.adnum = c.attnum), '')))::text
from columns c
union all
select 'label', w.place::int4, e.oid::int8::text
from unnest($7::text[], $8::text[]) with ordinality w(type, label, place)
join pg_namespace n on n.nspname = split_part(w.type, e'\x1f', 1)
join pg_type t on t.typnamespace = n.oid and t.typname = split_part(w.type, e'\x1f', 2)
join pg_enum e on e.enumtypid = t.oid and e.enumlabel = w.label
union all
select 'function', 0, json_build_object(
  'signature', n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
  'xmin', p.xmin::text::int8)::text
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and (
  exists (select from unnest($9::text[], $10::text[]) w(name, schema)
    where w.name = p.proname and (w.schema = n.nspname or w.schema is null and n.nspname = any($11::text[])))
  or exists (select from pg_operator o join pg_namespace m on m.oid = o.oprnamespace
    where o.oprcode = p.oid and o.oprname = any($12::text[])
      and (m.nspname = any($11::text[]) or m.nspname = any($13::text[])))
  -- A cast is not always written: it counts where a user's type of it comes up, and between types of
  -- Postgres itself always.
  or exists (select from pg_cast k where k.castfunc = p.oid and (
    exists (select from pg_type y where y.oid in (k.castsource, k.casttarget)
      and y.typnamespace <> 'pg_catalog'::regnamespace
      and (y.typname = any($13::text[]) or y.oid in (select parts.oid from parts)))
    or not exists (select from pg_type y where y.oid in (k.castsource, k.casttarget)
      and y.typnamespace <> 'pg_catalog'::regnamespace))))
