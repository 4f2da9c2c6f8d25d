-- CREATE INDEX IF NOT EXISTS accepts the INVALID index of an interrupted build, so validity is checked here.
CREATE OR REPLACE FUNCTION reembed.finish_restore(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.campaign;
  v record;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  FOR v IN
    SELECT c.relname AS name, n.nspname AS schema, i.indisvalid, k.old_index ->> 'comment' AS comment
      FROM reembed.target AS t
      JOIN pg_index AS i ON i.indrelid = t.relation
      JOIN pg_class AS c ON c.oid = i.indexrelid
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
      JOIN jsonb_array_elements(m.old_column -> 'indexes') AS k(old_index) ON k.old_index ->> 'name' = c.relname
     WHERE t.name = m.target
  LOOP
    IF NOT v.indisvalid THEN
      RAISE EXCEPTION 'index % is INVALID', v.name USING ERRCODE = 'RE001', HINT = 'Run again: npm run migrate down';
    END IF;
    EXECUTE reembed.render('COMMENT ON INDEX {index} IS {comment}', jsonb_build_object('index', format('%I.%I', v.schema, v.name), 'comment', quote_nullable(v.comment)));
  END LOOP;
  UPDATE reembed.campaign SET old_column = NULL WHERE name = p_name;
END;
$$;
COMMENT ON FUNCTION reembed.finish_restore IS 'Finishes the rollback of contract: raises RE001 while an old index is INVALID, restores the comments of the indexes.';
