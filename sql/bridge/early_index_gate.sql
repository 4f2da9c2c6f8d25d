-- Without the index of the updated column, an update of the backfill can be HOT; with it, each of them would write to every index of the table. A side table
-- gets new rows instead, which every index of it has to take in anyway.
CREATE OR REPLACE FUNCTION reembed.early_index_gate(p_campaign text) RETURNS TABLE (code text, condition text, remedy text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_least_share constant numeric := 0.1;
  m reembed.campaign;
  t reembed.target;
  v_rows bigint;
BEGIN
  SELECT * INTO m FROM reembed.campaign WHERE name = p_campaign;
  SELECT * INTO t FROM reembed.target WHERE name = m.target;
  IF NOT EXISTS (SELECT FROM reembed.bridge AS b WHERE b.campaign = p_campaign) THEN
    RETURN QUERY SELECT 'no_bridge', format('campaign %s has no bridge, and other searches do not use the index before the switch', p_campaign), 'npm run bridge fit';
  ELSIF m.phase <> 'backfill' THEN
    RETURN QUERY SELECT 'no_backfill', format('campaign %s is in phase %s; an index is built early in phase backfill', p_campaign, m.phase), 'npm run status';
  ELSIF m.to_relation IS NULL THEN
    RETURN QUERY SELECT 'new_column', 'the new vectors are in a column of the table: with an index on it, no update of the backfill would be HOT any more, and each would write to every index of the table',
                        'let phase index build it, or create the campaign with --storage side-table';
  ELSIF reembed.is_partitioned(t.relation) OR reembed.main_index(p_campaign) IS NULL THEN
    RETURN QUERY SELECT 'no_single_index', format('searches over all rows of %s have no single index that could be built early', t.relation), 'let phase index build the indexes: npm run migrate up';
  ELSE
    EXECUTE reembed.render('SELECT count(*) FROM {table}', jsonb_build_object('table', m.to_relation::text)) INTO v_rows;
    IF v_rows < v_least_share * m.rows_with_text THEN
      RETURN QUERY SELECT 'too_few_rows', format('%s of %s rows have a new vector; an index is built early from %s %% on', reembed.count_text(v_rows), reembed.count_text(m.rows_with_text), round(100 * v_least_share)), 'npm run worker, and run the command again later';
    END IF;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.early_index_gate IS 'Why the index on the new vectors of a campaign may not be built during the backfill; no row when it may.';
