CREATE OR REPLACE FUNCTION reembed.not_null_column(p_name text)
RETURNS TABLE (relation regclass, column_name name, constraint_name name, is_checked boolean, is_validated boolean, is_set boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT t.relation, a.attname, w.name, k.oid IS NOT NULL, coalesce(k.convalidated, false), a.attnotnull
    FROM reembed.campaign AS m
    JOIN reembed.target AS t ON t.name = m.target
    JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attnum = CASE m.phase WHEN 'contract' THEN m.to_attnum ELSE m.from_attnum END
   CROSS JOIN LATERAL (SELECT ('reembed_not_null_' || t.suffix)::name AS name) AS w
    LEFT JOIN pg_constraint AS k ON k.conrelid = t.relation AND k.conname = w.name
   WHERE m.name = p_name AND m.from_relation IS NULL AND m.to_relation IS NULL AND (m.old_column ->> 'not_null')::boolean;
$$;
COMMENT ON FUNCTION reembed.not_null_column IS 'The column that is to become NOT NULL (the new one after contract, the old one after its rollback), and which steps are done; no row when the old column was nullable.';
