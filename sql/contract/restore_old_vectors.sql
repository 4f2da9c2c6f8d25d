-- A procedure, because it commits every batch: the table is never locked for longer than one of them.
CREATE OR REPLACE PROCEDURE reembed.restore_old_vectors(p_name text, p_batch_rows integer DEFAULT 100)
LANGUAGE plpgsql
AS $$
DECLARE
  m reembed.migration;
  t reembed.target;
  v_keys text;
  v_row_keys text;
  v_statement text;
  v_rows bigint;
  v_started_at timestamptz;
  v_block bigint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  IF m.archive IS NULL THEN
    RETURN;
  END IF;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  IF m.from_relation IS NOT NULL THEN
    v_block := 0;
    WHILE v_block IS NOT NULL LOOP
      v_block := reembed.drop_outdated_vectors(p_name, v_block);
      COMMIT;
    END LOOP;
    v_block := 0;
    WHILE v_block IS NOT NULL LOOP
      v_block := reembed.sweep_portion(p_name, 'old', v_block);
      COMMIT;
    END LOOP;
    UPDATE reembed.migration SET archive = NULL WHERE name = p_name;
    COMMIT;
    RETURN;
  END IF;
  SELECT string_agg(format('%I', k), ', '), string_agg(format('r.%I', k), ', ') INTO v_keys, v_row_keys FROM unnest(t.key_columns) AS k;

  -- Each round takes rows out of the archive, so an interrupted restore goes on where it stopped. Rows the application
  -- holds locked are left for a later round: waiting for them while holding others could deadlock its transaction.
  v_statement := format($q$
    WITH next AS MATERIALIZED (SELECT * FROM reembed.%1$I LIMIT $1),
         locked AS MATERIALIZED (
           SELECT %2$s, reembed.text_hash((%3$s)::text) AS current_text_hash
             FROM %4$s AS t WHERE (%2$s) IN (SELECT %2$s FROM next) FOR NO KEY UPDATE SKIP LOCKED),
         stored AS (
           UPDATE %4$s AS r SET %5$I = n.archived_vector %6$s
             FROM next AS n JOIN locked AS l USING (%2$s)
            WHERE (%7$s) = (%8$s) AND l.current_text_hash IS NOT DISTINCT FROM n.archived_text_hash AND r.%5$I IS NULL)
    DELETE FROM reembed.%1$I AS r
     USING next AS n
     WHERE (%7$s) = (%8$s)
       AND ((%7$s) IN (SELECT %2$s FROM locked) OR (%7$s) NOT IN (SELECT %2$s FROM %4$s AS t WHERE (%2$s) IN (SELECT %2$s FROM next)))
  $q$, m.archive, v_keys, reembed.row_text_sql(t.name), t.relation, m.from_column, CASE WHEN m.from_version_column IS NOT NULL THEN format(', %I = %L', m.from_version_column, m.from_model) ELSE '' END,
       v_row_keys, (SELECT string_agg(format('n.%I', k), ', ') FROM unnest(t.key_columns) AS k));
  LOOP
    v_started_at := clock_timestamp();
    EXECUTE v_statement USING p_batch_rows;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    COMMIT;
    -- About a tenth of a second each: a write of the application may wait for a row of the round.
    p_batch_rows := greatest(10, least(2000, p_batch_rows * 2, p_batch_rows * 0.1 / extract(epoch FROM clock_timestamp() - v_started_at + interval '1 millisecond')));
    IF v_rows = 0 THEN
      PERFORM pg_catalog.pg_sleep(0.1);
    END IF;
    EXECUTE format('SELECT count(*) FROM (SELECT FROM reembed.%I LIMIT 1) AS a', m.archive) INTO v_rows;
    EXIT WHEN v_rows = 0;
  END LOOP;

  -- Rows written since contract have no old vector; the workers bring it where the old model can still be called.
  v_block := 0;
  WHILE v_block IS NOT NULL LOOP
    v_block := reembed.sweep_portion(p_name, 'old', v_block);
    COMMIT;
  END LOOP;
  EXECUTE format('DROP TABLE reembed.%I', m.archive);
  UPDATE reembed.migration SET archive = NULL WHERE name = p_name;
  COMMIT;
END;
$$;
COMMENT ON PROCEDURE reembed.restore_old_vectors IS 'Puts archived vectors back where the text is still the one they belong to, in short transactions; can be interrupted and run again.';
