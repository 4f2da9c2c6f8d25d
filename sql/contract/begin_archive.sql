-- The old vectors are copied without a lock, for as long as that takes. What changes meanwhile is written down by a trigger,
-- so that under the lock that ends it only those rows are looked at. Run again, it goes on with what is there.
CREATE OR REPLACE FUNCTION reembed.begin_archive(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET client_min_messages = warning
AS $begin$
DECLARE
  m reembed.migration;
  t reembed.target;
  v_archive name := reembed.archive_name(p_name);
  v_late name := reembed.archive_name(p_name) || '_late';
  v_function name;
  v_trigger name;
  v_keys text;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  v_function := 'late_' || reembed.capture_suffix(t.name);
  v_trigger := 'zz_reembed_archive_' || left(t.column_name, 39);
  IF m.phase = 'contract'
     OR to_regclass(format('reembed.%I', v_late)) IS NOT NULL AND EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = t.relation AND g.tgname = v_trigger AND g.tgenabled = 'A') THEN
    RETURN;
  END IF;
  v_keys := reembed.key_columns_sql(t.name);
  EXECUTE format('DROP TABLE IF EXISTS reembed.%I, reembed.%I', v_archive, v_late);
  EXECUTE format('CREATE TABLE reembed.%I AS SELECT %s, t.%I AS archived_vector, 0::bigint AS archived_text_hash FROM %s AS t WITH NO DATA',
                 v_archive, reembed.key_columns_sql(t.name, 't'), m.from_column, t.relation);
  EXECUTE format('ALTER TABLE reembed.%I ADD PRIMARY KEY (%s)', v_archive, v_keys);
  EXECUTE format('COMMENT ON TABLE reembed.%I IS %L', v_archive, format('Vectors of %s that %s held until contract of %s. Dropped by: npm run purge', m.from_model, m.target, p_name));
  EXECUTE format('CREATE TABLE reembed.%I AS SELECT %s FROM %s AS t WITH NO DATA', v_late, reembed.key_columns_sql(t.name, 't'), t.relation);
  EXECUTE format('COMMENT ON TABLE reembed.%I IS %L', v_late, format('Rows of %s that changed while their old vectors were being archived.', m.target));
  EXECUTE format($body$
    CREATE OR REPLACE FUNCTION reembed.%1$I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $f$
    BEGIN
      INSERT INTO reembed.%2$I (%3$s) VALUES (%4$s);
      RETURN NULL;
    END $f$
  $body$, v_function, v_late, v_keys, reembed.key_columns_sql(t.name, 'NEW'));
  EXECUTE format('REVOKE ALL ON FUNCTION reembed.%I() FROM PUBLIC', v_function);
  EXECUTE format('COMMENT ON FUNCTION reembed.%I IS %L', v_function, format('Writes down the rows of %s that change while its old vectors are being archived.', t.name));
  -- Anew, also where an abandoned one is there: its lock waits for all writes that it did not see.
  EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', v_trigger, t.relation);
  EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION reembed.%I()', v_trigger, t.relation, v_function);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.relation, v_trigger);
  EXECUTE format('COMMENT ON TRIGGER %I ON %s IS %L', v_trigger, t.relation, 'pg-reembed: writes down what changes while the old vectors are being archived.');
END;
$begin$;
COMMENT ON FUNCTION reembed.begin_archive IS 'Makes the archive of the old vectors, empty, and writes down from now on which rows change.';
