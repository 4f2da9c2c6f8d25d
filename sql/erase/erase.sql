-- Deletes what a table of pg-reembed holds of a row by its key. Data held by its text is deleted where it quotes the row's present text or p_text. Data that
-- cannot be attributed to a row is deleted entirely.
CREATE OR REPLACE FUNCTION reembed.erase(p_target text, p_key jsonb, p_text text DEFAULT NULL) RETURNS TABLE (place text, rows bigint, remark text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
#variable_conflict use_column
DECLARE
  v_target text := reembed.resolve_target(p_target);
  v_names jsonb;
  v_row record;
  v_role text;
  v_texts text[];
  v_campaigns text[];
  v_digests uuid[];
BEGIN
  SELECT to_jsonb(t) INTO STRICT v_names FROM reembed.target AS t WHERE t.name = v_target;
  IF jsonb_typeof(p_key) IS DISTINCT FROM 'object' OR ARRAY(SELECT jsonb_object_keys(p_key) ORDER BY 1) <> ARRAY(SELECT jsonb_array_elements_text(v_names -> 'key_names') ORDER BY 1) THEN
    RAISE EXCEPTION 'the key of a row of % must be a JSON object with the keys %', v_target, (SELECT string_agg(k.name, ', ') FROM jsonb_array_elements_text(v_names -> 'key_names') AS k(name))
      USING ERRCODE = 'RE004', HINT = 'Write it as reembed.failed_row does, for example {"id": 7}.';
  END IF;
  EXECUTE reembed.render('SELECT * FROM reembed.locate_{suffix}($1)', v_names) INTO v_row USING p_key;
  v_texts := ARRAY(SELECT w.text FROM unnest(ARRAY[v_row.content, p_text]) AS w(text) WHERE reembed.has_text(w.text));
  v_campaigns := ARRAY(SELECT m.name FROM reembed.campaign AS m WHERE m.target = v_target);
  v_digests := ARRAY(SELECT reembed.text_digest(w.text) FROM unnest(v_texts) AS w(text));

  place := 'failed_row';
  DELETE FROM reembed.failed_row AS f WHERE f.target = v_target AND f.key = v_row.key;
  GET DIAGNOSTICS rows = ROW_COUNT;
  RETURN NEXT;

  place := 'written_vector';
  DELETE FROM reembed.written_vector AS w WHERE w.target = v_target AND w.key = v_row.key;
  GET DIAGNOSTICS rows = ROW_COUNT;
  RETURN NEXT;

  place := 'words';
  DELETE FROM reembed.words;
  GET DIAGNOSTICS rows = ROW_COUNT;
  RETURN NEXT;

  place := 'provider_batch_row';
  WITH gone AS (
    DELETE FROM reembed.provider_batch_row AS r USING reembed.provider_batch AS p
     WHERE p.id = r.provider_batch AND p.campaign = ANY (v_campaigns) AND r.key = v_row.key RETURNING r.text_digest
  )
  SELECT count(*), v_digests || array_remove(array_agg(g.text_digest), NULL) INTO rows, v_digests FROM gone AS g;
  remark := CASE WHEN rows > 0 THEN 'the provider keeps the sent texts until its batch ends' END;
  RETURN NEXT;
  remark := NULL;

  -- Batches that wait for the vector embed the text again.
  place := 'repeated_text';
  DELETE FROM reembed.repeated_text AS r WHERE r.campaign = ANY (v_campaigns) AND r.text_digest = ANY (v_digests);
  GET DIAGNOSTICS rows = ROW_COUNT;
  RETURN NEXT;

  place := 'cached_vector';
  DELETE FROM reembed.cached_vector AS c WHERE c.text_digest = ANY (v_digests);
  GET DIAGNOSTICS rows = ROW_COUNT;
  RETURN NEXT;

  RETURN QUERY SELECT q.place, q.rows, NULL::text FROM reembed.erase_queries(v_target, v_row.key, v_row.shown, v_texts) AS q;

  FOR v_role, place IN
    SELECT v.role, v.relation::text FROM reembed.vector_column AS v WHERE v.target = v_target AND v.storage = 'side_table' AND v.column_name IS NOT NULL
  LOOP
    EXECUTE reembed.render('SELECT reembed.forget_{role}_{suffix}(ARRAY[$1])', v_names || jsonb_build_object('role', v_role)) INTO rows USING v_row.key::text;
    remark := CASE WHEN v_row.is_there THEN 'the row still exists: its vector is deleted with it' END;
    RETURN NEXT;
  END LOOP;

  FOR place IN SELECT format('reembed.%I', m.archive) FROM reembed.campaign AS m WHERE m.target = v_target AND m.archive IS NOT NULL LOOP
    rows := 0;
    remark := 'not changed: it may contain the old vector of the row; delete that vector by key_1, or the whole archive with npm run purge';
    RETURN NEXT;
  END LOOP;

  INSERT INTO reembed.event (target, kind, reason) VALUES (v_target, 'erase', nullif(current_setting('reembed.reason', true), ''));
END;
$$;
COMMENT ON FUNCTION reembed.erase IS 'Erases the data of one row that is kept outside the user''s table: key as in failed_row, p_text where the row is deleted or had another text. Returns how many rows of which table.';
