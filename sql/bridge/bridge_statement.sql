-- For roles that may search and may not read the tables of pg-reembed. What the scans of the indexes set lasts until the end of the transaction.
CREATE OR REPLACE FUNCTION reembed.bridge_statement(p_target text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_campaign constant text := (SELECT b.campaign FROM reembed.bridge AS b JOIN reembed.campaign AS m ON m.name = b.campaign WHERE m.target = reembed.resolve_target(p_target) AND reembed.may_read(m.target));
  v_names jsonb;
BEGIN
  IF v_campaign IS NULL THEN
    RETURN NULL;
  END IF;
  v_names := reembed.bridge_names(v_campaign, '{"old_space_vector": "{old_space_vector}", "new_vector": "{new_vector}", "k": "{k}::integer", "candidates": "{candidates}::integer"}');
  v_names := v_names || jsonb_build_object(
    'filter', '{filter}',
    'columns', '{columns}',
    'has_new_index', (SELECT reembed.valid_index(coalesce(m.to_relation, t.relation), reembed.main_index(m.name)) IS NOT NULL
                        FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target WHERE m.name = v_campaign),
    'predicted', v_names ->> 'mapped_prediction');
  RETURN rtrim(reembed.render((SELECT p.body FROM reembed.template AS p WHERE p.name = 'bridge_statement'), v_names
    || jsonb_build_object('candidates_sql', rtrim(reembed.render((SELECT p.body FROM reembed.template AS p WHERE p.name = 'bridge_candidates'), v_names), E'\n'))), E'\n');
END;
$$;
COMMENT ON FUNCTION reembed.bridge_statement IS 'The search over the bridge of a target as a statement to which an application adds its filter: with {columns} and {filter} over the alias d, and {old_space_vector}, {new_vector}, {k}, {candidates}, which are to be replaced outside of quotes only. Null where there is no bridge, and for roles that may not read the live view.';
