-- Server, role, publications and slots: one row of JSON.
-- $1 text[]: the named relations as schema, unit separator, name.
-- Runs for a role with nothing but CONNECT, and waits for no lock on a table.
with named as (
  select rel, split_part(rel, e'\x1f', 1) as schema, split_part(rel, e'\x1f', 2) as name
  from unnest($1::text[]) as each(rel)
), missing as (
  select named.* from named
  where not exists (
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = named.schema and c.relname = named.name
  )
)
select json_build_object(
  'version', current_setting('server_version_num')::int,
  'in_recovery', pg_is_in_recovery(),
  'database', current_database(),
  'encoding', getdatabaseencoding(),
  'collate', (select datcollate from pg_database where datname = current_database()),
  'system_identifier', (select system_identifier::text from pg_control_system()),
  'settings', (
    select json_object_agg(name, setting order by name) from pg_settings
    where name = any (array[
      'wal_level', 'max_replication_slots', 'max_wal_senders', 'max_slot_wal_keep_size', 'wal_sender_timeout',
      'logical_decoding_work_mem', 'synchronous_standby_names', 'idle_replication_slot_timeout',
      'deadlock_timeout', 'default_transaction_read_only', 'password_encryption', 'ssl'])
  ),
  'wal_senders', (select count(*) from pg_stat_replication),
  'role', (
    select json_build_object(
      'name', rolname, 'superuser', rolsuper, 'replication', rolreplication, 'bypassrls', rolbypassrls,
      'login', rolcanlogin, 'connect', has_database_privilege(current_database(), 'CONNECT'),
      'create_in_database', has_database_privilege(current_database(), 'CREATE'),
      'member_of', (
        select json_agg(g.rolname order by 1)
        from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid))
    from pg_roles r where rolname = current_user
  ),
  'extensions', (select json_object_agg(extname, extversion order by extname) from pg_extension),
  'publications', (
    select json_agg(json_build_object(
      'name', pubname, 'owner', pg_get_userbyid(pubowner), 'owned', pg_has_role(pubowner, 'USAGE'),
      'insert', pubinsert, 'update', pubupdate, 'delete', pubdelete,
      'truncate', pubtruncate, 'via_root', pubviaroot,
      'schemas', (
        select json_agg(n.nspname order by 1)
        from pg_publication_namespace pn join pg_namespace n on n.oid = pn.pnnspid where pn.pnpubid = p.oid)
    ) order by pubname)
    from pg_publication p
  ),
  'slots', (
    select json_agg(json_build_object(
      'name', slot_name, 'plugin', plugin, 'type', slot_type, 'database', database, 'active', active,
      'wal_status', wal_status) order by slot_name)
    from pg_replication_slots
  ),
  'names_elsewhere', (
    select json_agg(json_build_array(w.schema, w.name, w.schemas)) from (
      select missing.schema, missing.name, json_agg(n.nspname order by n.nspname) as schemas
      from missing
      join pg_class c on c.relname = missing.name and c.relkind in ('r', 'p', 'v', 'm', 'f')
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname not in ('pg_catalog', 'information_schema')
      group by 1, 2
    ) w
  ),
  'tables_near', (
    select json_agg(json_build_array(n.nspname, c.relname) order by n.nspname, c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname in (select schema from missing)
  )
)::text
