-- What a person has to answer for: who searches the old column leaves no trace that is certain. Codes and numbers of statements, so that an acceptance is void
-- when there are others.
CREATE OR REPLACE FUNCTION reembed.unknown_readers(p_name text) RETURNS TABLE (code text, condition text, evidence jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  s reembed.setting;
  v_relation regclass;
  v_column text;
  v_since timestamptz;
  v_scans bigint;
  v_unread bigint;
  v_tells_statements boolean;
  v_reasons text[] := '{}';
  v_sentences text[] := '{}';
  v_statements jsonb;
  v_shown text;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT s FROM reembed.setting WHERE target = m.target;
  IF m.phase = 'contract' THEN
    RETURN;
  END IF;
  SELECT coalesce(m.from_relation, t.relation) INTO STRICT v_relation FROM reembed.target AS t WHERE t.name = m.target;
  v_column := format('%s.%I', v_relation, reembed.column_name(v_relation, m.from_attnum));
  v_since := greatest(m.switched_at, now() - s.soak);
  v_tells_statements := reembed.statement_statistics() IS NOT NULL AND NOT reembed.shares_its_name(v_relation);

  IF reembed.has_equal_dimensions(p_name) THEN
    v_reasons := v_reasons || 'equal-dimensions'::text;
    v_sentences := v_sentences || format('%s and %s have the same dimensions, so a client that was not changed gets wrong answers from %s after contract, and no error', m.from_model, m.to_model, v_column);
  END IF;

  SELECT jsonb_agg(k.queryid::text ORDER BY k.queryid), string_agg(format('%s at %s: %s', k.queryid, to_char(k.called_at, 'YYYY-MM-DD HH24:MI:SS'), left(k.statement, 100)), '; ' ORDER BY k.called_at DESC) FILTER (WHERE k.place <= 3)
    INTO v_statements, v_shown
    FROM (SELECT c.*, row_number() OVER (ORDER BY c.called_at DESC) AS place FROM reembed.column_statement AS c WHERE c.campaign = p_name AND c.called_at > v_since) AS k;
  IF v_statements IS NOT NULL THEN
    v_sentences := v_sentences || format('%s %s (%s)', reembed.counted(jsonb_array_length(v_statements), 'statement names', 'statements name'), v_column, v_shown);
  END IF;

  -- A client that searches a table without a vector index leaves no other trace than the number of its scans. PostgreSQL adds those of our own workers and
  -- commands to it and does not tell them apart.
  SELECT u.seq_scan - m.table_scans INTO v_scans FROM pg_stat_user_tables AS u WHERE u.relid = v_relation;
  IF NOT v_tells_statements AND v_scans <> 0 AND NOT EXISTS (SELECT FROM reembed.vector_indexes(v_relation, reembed.column_name(v_relation, m.from_attnum))) THEN
    v_reasons := v_reasons || 'searched-sequentially'::text;
    v_sentences := v_sentences || format('sequential scans of %s since the switch: %s, those of pg-reembed among them; without a vector index and pg_stat_statements it is not known whose the others are', v_relation, reembed.count_text(v_scans));
  END IF;

  SELECT count(*) INTO v_unread FROM reembed.written_vector AS w
   WHERE w.target = m.target AND w.written_at > v_since AND w.audited_at IS NULL AND reembed.has_equal_dimensions(p_name);
  IF v_unread > 0 AND NOT EXISTS (SELECT FROM reembed.written_vector AS w WHERE w.target = m.target AND w.audited_at > clock_timestamp() - interval '10 minutes') THEN
    v_reasons := v_reasons || 'vectors-not-compared'::text;
    v_sentences := v_sentences || format('%s that the application wrote into %s could not be compared with the models yet', reembed.counted(v_unread, 'vector'), v_column);
  END IF;

  IF cardinality(v_sentences) > 0 THEN
    RETURN QUERY SELECT 'unknown-readers', array_to_string(v_sentences, '; '),
                        jsonb_strip_nulls(jsonb_build_object('reasons', to_jsonb(v_reasons), 'statements', v_statements));
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.unknown_readers IS 'What suggests that a client still uses the old column, or prevents that it is found out, in the form of a harm; no row when there is nothing.';
