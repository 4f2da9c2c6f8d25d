CREATE OR REPLACE FUNCTION reembed.forget(p_target text, p_discards_vectors boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  v_target text := reembed.find_target(p_target);
  v_lost record;
  m reembed.campaign;
  v_statement text;
  v_statements text[];
BEGIN
  IF NOT p_discards_vectors AND NOT EXISTS (SELECT FROM reembed.damage AS d WHERE d.target = v_target AND (d.is_final OR d.code = 'replaced_table')) THEN
    v_lost := reembed.lost_by_forget(v_target);
    IF v_lost.vectors > 0 OR v_lost.archived > 0 OR cardinality(v_lost.readers) > 0 THEN
      RAISE EXCEPTION 'forget() is refused: it would discard % new vectors and % archived ones of %, and drop the live view, which has % known readers', v_lost.vectors, v_lost.archived, v_target, cardinality(v_lost.readers)
        USING ERRCODE = 'RE001', HINT = format('npm run migrate down goes back step by step. To discard them: SELECT reembed.forget(%L, true)', v_target);
    END IF;
  END IF;
  -- The names are gone once the target is.
  v_statements := ARRAY(
    SELECT reembed.render(CASE WHEN v.storage = 'side_table' THEN 'DROP TABLE {relation}' WHEN v.version_column IS NULL THEN 'ALTER TABLE {relation} DROP COLUMN {column}'
                               ELSE 'ALTER TABLE {relation} DROP COLUMN {column}, DROP COLUMN {version}' END,
                          jsonb_build_object('relation', v.relation::text, 'column', quote_ident(v.column_name), 'version', quote_ident(v.version_column)))
      FROM reembed.own_vectors(v_target) AS v);
  FOR m IN SELECT * FROM reembed.campaign WHERE target = v_target LOOP
    PERFORM reembed.forget_batches(m.name);
  END LOOP;
  PERFORM reembed.release_objects(v_target, 'forget');
  -- Without CASCADE: an object of the user's that needs them is named in the error and not dropped.
  FOREACH v_statement IN ARRAY v_statements LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.forget IS 'Gives up a target in any phase and removes everything of pg-reembed: from its table if that is still there, otherwise what is left. p_discards_vectors: although paid vectors, an archive or a live view that is read are lost. Its migration files are ignored from then on.';
