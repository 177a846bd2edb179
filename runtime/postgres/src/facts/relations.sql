-- Relations with their columns, the identities of their partitions and their enums: one row each.
-- $1 text[]: the named relations as schema, unit separator, name. One that does not exist has no row.
with recursive want as (
  select c.* from unnest($1::text[]) as each(rel)
  join pg_namespace n on n.nspname = split_part(rel, e'\x1f', 1)
  join pg_class c on c.relnamespace = n.oid and c.relname = split_part(rel, e'\x1f', 2)
), parts(type, part) as (
  -- Each type of a column with all that its values are made of.
  select distinct a.atttypid, a.atttypid from want w
  join pg_attribute a on a.attrelid = w.oid and a.attnum > 0 and not a.attisdropped
  union
  select p.type, inner_part.oid from parts p join pg_type t on t.oid = p.part cross join lateral (
    select t.typbasetype where t.typtype = 'd'
    union all select t.typelem where t.typtype = 'b' and t.typcategory = 'A' and t.typelem <> 0
    union all select a.atttypid from pg_attribute a
      where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
  ) inner_part(oid)
), bases(type, base) as (
  -- Each type with the one below any domains.
  select distinct p.part, p.part from parts p
  union
  select b.type, t.typbasetype from bases b join pg_type t on t.oid = b.base where t.typtype = 'd'
), abilities as materialized (
  -- A container, a range and an enum have the operators of their kind; other types those of their default
  -- operator class, their own or that of a type with the same bytes. 403 is btree, 405 hash. The operators of
  -- enums take no domain over one.
  select p.type, json_agg(format_type(p.part, null)) filter (where p.part <> p.type) as made_of,
    bool_and(t.typtype in ('d', 'c', 'e', 'r', 'm') or t.typcategory = 'A' or o.any_class)
      and not d.of_enum as equality,
    bool_and(t.typtype in ('d', 'c', 'e', 'r', 'm') or t.typcategory = 'A' or o.btree)
      and not d.of_enum as order
  from parts p join pg_type t on t.oid = p.part cross join lateral (
    select count(*) > 0 as any_class, coalesce(bool_or(k.opcmethod = 403), false) as btree
    from pg_opclass k
    where k.opcdefault and k.opcmethod in (403, 405) and (k.opcintype = t.oid or exists (
      select from pg_cast s where s.castsource = t.oid and s.casttarget = k.opcintype
        and s.castmethod = 'b' and s.castcontext = 'i'))
  ) o cross join lateral (
    select u.typtype = 'd' and exists (select from bases b join pg_type e on e.oid = b.base
      where b.type = u.oid and e.typtype = 'e') as of_enum
    from pg_type u where u.oid = p.type
  ) d
  group by p.type, d.of_enum
)
select c.oid, n.nspname::text, c.relname::text, json_build_object(
  'oid', c.oid::int8, 'kind', c.relkind, 'persistence', c.relpersistence, 'identity', c.relreplident,
  'is_partition', c.relispartition, 'rls_active', row_security_active(c.oid),
  'rows', c.reltuples, 'owned', pg_has_role(c.relowner, 'USAGE'),
  'usage', has_schema_privilege(n.oid, 'USAGE'), 'select', has_table_privilege(c.oid, 'SELECT'),
  'inherits', not c.relispartition and exists (select from pg_inherits i where i.inhrelid = c.oid),
  'children', (
    select json_agg(json_build_object(
      'schema', ln.nspname, 'name', l.relname, 'identity', l.relreplident, 'partition', l.relispartition
    ) order by ln.nspname, l.relname)
    from (
      with recursive t as (
        select inhrelid from pg_inherits where inhparent = c.oid
        union select i.inhrelid from pg_inherits i join t on i.inhparent = t.inhrelid
      ) select inhrelid from t
    ) t
    join pg_class l on l.oid = t.inhrelid
    join pg_namespace ln on ln.oid = l.relnamespace
    where c.relhassubclass
  ),
  'columns', (
    select json_agg(json_build_object(
      'name', a.attname, 'num', a.attnum, 'type', format_type(a.atttypid, a.atttypmod),
      'base', case when b.elem <> e.oid and b.typcategory = 'A'
        then format_type(e.oid, case when e.typmod >= 0 then e.typmod end) || '[]'
        else format_type(b.oid, case when b.typmod >= 0 then b.typmod else a.atttypmod end) end,
      'base_kind', b.typtype, 'category', b.typcategory,
      'element', case when b.elem <> 0 then format_type(b.elem, null) end,
      'type_schema', b.typnsp, 'made_of', y.made_of, 'equality', y.equality, 'order', y.order, 'not_null', a.attnotnull or b.notnull, 'generated', a.attgenerated,
      'identity', a.attidentity, 'collation', nullif(a.attcollation, 0)::int8,
      'collation_deterministic', coalesce(
        (select l.collisdeterministic from pg_collation l where l.oid = a.attcollation), true),
      -- Dependencies of the column, or of its default (oid 2604 is pg_attrdef, 1259 pg_class).
      'generated_from', (
        select json_agg(distinct s.attname)
        from pg_depend d
        join pg_attribute s on s.attrelid = c.oid and s.attnum = d.refobjsubid
        where a.attgenerated <> '' and d.refclassid = 1259 and d.refobjid = c.oid and d.refobjsubid > 0
          and d.refobjsubid <> a.attnum
          and ((d.classid = 1259 and d.objid = c.oid and d.objsubid = a.attnum)
            or (d.classid = 2604 and d.objid in (
              select f.oid from pg_attrdef f where f.adrelid = c.oid and f.adnum = a.attnum)))),
      'select', has_column_privilege(c.oid, a.attnum, 'SELECT')) order by a.attnum)
    from pg_attribute a join abilities y on y.type = a.atttypid cross join lateral (
      with recursive d as (
        select t.oid, t.typtype, t.typbasetype, t.typtypmod, t.typnotnull, t.typcategory, t.typelem,
          t.typnamespace, -1 as typmod
        from pg_type t where t.oid = a.atttypid
        union all
        select t.oid, t.typtype, t.typbasetype, t.typtypmod, t.typnotnull or d.typnotnull, t.typcategory,
          t.typelem, t.typnamespace, d.typtypmod
        from d join pg_type t on t.oid = d.typbasetype where d.typtype = 'd'
      )
      select d.oid, d.typtype, d.typmod, d.typnotnull as notnull, d.typcategory,
        case when d.typcategory = 'A' then d.typelem
          else coalesce((select r.rngsubtype from pg_range r where d.oid in (r.rngtypid, r.rngmultitypid)), 0)
        end as elem,
        (select nspname from pg_namespace where oid = d.typnamespace) as typnsp
      from d where d.typtype <> 'd'
    ) b cross join lateral (
      -- The element below any domains.
      with recursive d as (
        select b.elem as oid, -1 as typmod
        union all
        select t.typbasetype, t.typtypmod from d join pg_type t on t.oid = d.oid where t.typtype = 'd'
      )
      select d.oid, d.typmod from d left join pg_type t on t.oid = d.oid where t.typtype is distinct from 'd'
    ) e
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  ),
  'enums', (
    select json_object_agg(format_type(e.oid, null), (
      select json_agg(enumlabel order by enumsortorder) from pg_enum where enumtypid = e.oid))
    from pg_type e
    where e.typtype = 'e' and e.oid in (
      select ep.part from pg_attribute ea join parts ep on ep.type = ea.atttypid
      where ea.attrelid = c.oid and ea.attnum > 0 and not ea.attisdropped)
  )
)::text
from want c join pg_namespace n on n.oid = c.relnamespace
order by 2, 3
