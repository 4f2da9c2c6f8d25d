-- Storage PLAIN would refuse vectors that no longer fit a page. A side table chooses its storage itself.
CREATE OR REPLACE FUNCTION reembed.carry_properties(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_relation regclass;
  v_column name;
  v_new jsonb;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  v_relation := coalesce(m.to_relation, t.relation);
  v_column := reembed.column_name(v_relation, m.to_attnum);
  v_new := reembed.describe_column(v_relation, v_column);
  UPDATE reembed.campaign SET old_column = old_column || jsonb_build_object('successor', v_new) WHERE name = p_name;
  PERFORM reembed.set_column_properties(v_relation, v_column, m.old_column || jsonb_build_object(
    'storage', CASE WHEN m.to_relation IS NOT NULL OR m.from_relation IS NOT NULL THEN v_new ->> 'storage'
                    WHEN m.old_column ->> 'storage' = 'p' AND (
                         SELECT n.dimensions * w.bytes_per_dimension > o.dimensions * v.bytes_per_dimension
                           FROM reembed.model AS n JOIN reembed.element_type AS w ON w.name = n.element_type,
                                reembed.model AS o JOIN reembed.element_type AS v ON v.name = o.element_type
                          WHERE n.name = m.to_model AND o.name = m.from_model) THEN 'm'
                    ELSE m.old_column ->> 'storage' END));
  PERFORM reembed.set_index_properties(i.index, p.final_name, (SELECT k.value FROM jsonb_array_elements(m.old_column -> 'indexes') AS k WHERE k.value ->> 'name' = p.old_name))
     FROM reembed.planned_index AS p CROSS JOIN LATERAL (SELECT reembed.valid_index(coalesce(p.leaf, v_relation), p.name) AS index) AS i
    WHERE p.campaign = p_name AND i.index IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION reembed.carry_properties IS 'Gives the new column and its indexes comment, statistics target and storage of the old ones, and the indexes their final names.';
