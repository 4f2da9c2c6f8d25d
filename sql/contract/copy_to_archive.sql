-- A procedure, because it commits every portion: a long transaction would keep VACUUM from its work.
CREATE OR REPLACE PROCEDURE reembed.copy_to_archive(p_name text)
LANGUAGE plpgsql
AS $$
DECLARE
  m reembed.migration;
  t reembed.target;
  v_statement text;
  v_block bigint := 0;
  v_blocks bigint;
  v_portion constant bigint := 1000;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  IF m.phase = 'contract' THEN
    RETURN;
  END IF;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  -- What comes into the table from here on is written down as changed.
  v_blocks := pg_relation_size(t.relation) / current_setting('block_size')::bigint;
  v_statement := format($q$
    INSERT INTO reembed.%1$I
    SELECT %2$s, t.%3$I, reembed.text_hash((%4$s)::text)
      FROM %5$s AS t
     WHERE t.ctid >= format('(%%s,0)', $1)::tid AND t.ctid < format('(%%s,0)', $2)::tid AND t.%3$I IS NOT NULL AND NOT (%6$s)
    ON CONFLICT DO NOTHING
  $q$, reembed.archive_name(p_name), reembed.key_columns_sql(t.name, 't'), m.from_column, reembed.row_text_sql(t.name), t.relation,
       reembed.has_failed_sql(t.name, m.from_model));
  WHILE v_block < v_blocks LOOP
    EXECUTE v_statement USING v_block, v_block + v_portion;
    COMMIT;
    v_block := v_block + v_portion;
  END LOOP;
  EXECUTE format('ANALYZE reembed.%I', reembed.archive_name(p_name) || '_late');
END;
$$;
COMMENT ON PROCEDURE reembed.copy_to_archive IS 'Copies the old vectors to the archive, with the hash of the text they belong to; can be interrupted and run again.';
