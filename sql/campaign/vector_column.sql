-- The only place that determines where each model's vectors are, in every phase.
CREATE OR REPLACE VIEW reembed.vector_column AS
WITH current_campaign AS (
  SELECT DISTINCT ON (m.target) m.*
    FROM reembed.campaign AS m
   ORDER BY m.target, (m.phase <> 'contract') DESC, m.created_at DESC
), kept AS (
  SELECT m.target, m.name AS campaign, 'new' AS role, m.to_model AS model, true AS is_maintained, m.to_relation AS side_table,
         m.to_attnum AS attnum, m.to_version_attnum AS version_attnum
    FROM current_campaign AS m
  UNION ALL
  SELECT m.target, m.name, 'old', m.from_model, NULL, m.from_relation, m.from_attnum, m.from_version_attnum
    FROM current_campaign AS m WHERE m.phase <> 'contract'
)
SELECT k.target,
       k.campaign,
       k.role,
       k.model,
       a.attname AS column_name,
       w.attname AS version_column,
       s.read_model = k.model AS is_read,
       coalesce(k.is_maintained, s.keep_old_current) AS is_maintained,
       coalesce(k.side_table, t.relation) AS relation,
       CASE WHEN k.side_table IS NULL THEN 'column' ELSE 'side_table' END AS storage,
       k.attnum,
       k.version_attnum
  FROM kept AS k
  JOIN reembed.target AS t ON t.name = k.target
  JOIN reembed.setting AS s ON s.target = k.target
  LEFT JOIN pg_attribute AS a ON a.attrelid = coalesce(k.side_table, t.relation) AND a.attnum = k.attnum AND NOT a.attisdropped
  LEFT JOIN pg_attribute AS w ON w.attrelid = coalesce(k.side_table, t.relation) AND w.attnum = k.version_attnum AND NOT w.attisdropped;
COMMENT ON VIEW reembed.vector_column IS 'Where the vectors of each model of a target are, whether they are read, and whether workers maintain them.';
COMMENT ON COLUMN reembed.vector_column.target IS 'The target.';
COMMENT ON COLUMN reembed.vector_column.campaign IS 'The campaign that it belongs to.';
COMMENT ON COLUMN reembed.vector_column.role IS 'new or old.';
COMMENT ON COLUMN reembed.vector_column.model IS 'The model of the vectors.';
COMMENT ON COLUMN reembed.vector_column.column_name IS 'The column; null when it has been dropped.';
COMMENT ON COLUMN reembed.vector_column.version_column IS 'The column that names the model of each row; null where there is none.';
COMMENT ON COLUMN reembed.vector_column.is_read IS 'Whether the live view shows these vectors.';
COMMENT ON COLUMN reembed.vector_column.is_maintained IS 'Whether workers embed changed rows with this model.';
COMMENT ON COLUMN reembed.vector_column.relation IS 'The table of the column: the target''s own table or a side table.';
COMMENT ON COLUMN reembed.vector_column.storage IS 'column: in the target''s own table; side_table: in a separate table for vectors, with one row for each row of the target that has a vector.';
COMMENT ON COLUMN reembed.vector_column.attnum IS 'Number of the column in its table.';
COMMENT ON COLUMN reembed.vector_column.version_attnum IS 'Number of the column that names the model.';
