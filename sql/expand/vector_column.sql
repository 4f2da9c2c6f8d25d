-- The one place that knows where the vectors of which model are, in every phase.
CREATE OR REPLACE VIEW reembed.vector_column AS
WITH current_migration AS (
  SELECT DISTINCT ON (m.target) m.*
    FROM reembed.migration AS m
   ORDER BY m.target, (m.phase <> 'contract') DESC, m.created_at DESC
)
SELECT m.target,
       m.name AS migration,
       'new' AS role,
       m.to_model AS model,
       CASE WHEN m.phase = 'contract' AND m.to_relation IS NULL THEN t.column_name ELSE m.to_column END AS column_name,
       CASE WHEN m.phase = 'contract' AND m.to_relation IS NULL THEN (t.column_name || '_model_version')::name ELSE m.to_version_column END AS version_column,
       s.read_model = m.to_model AS is_read,
       true AS is_maintained,
       coalesce(m.to_relation, t.relation) AS relation,
       m.to_relation IS NOT NULL AS is_side_table
  FROM current_migration AS m
  JOIN reembed.target AS t ON t.name = m.target
  JOIN reembed.setting AS s ON s.target = m.target
UNION ALL
SELECT m.target, m.name, 'old', m.from_model, m.from_column, m.from_version_column, s.read_model = m.from_model, s.keep_old_current,
       coalesce(m.from_relation, t.relation), m.from_relation IS NOT NULL
  FROM current_migration AS m
  JOIN reembed.target AS t ON t.name = m.target
  JOIN reembed.setting AS s ON s.target = m.target
 WHERE m.phase <> 'contract';
COMMENT ON VIEW reembed.vector_column IS 'Where the vectors of which model of a target are, whether they are read, and whether workers keep them current.';
COMMENT ON COLUMN reembed.vector_column.target IS 'The target.';
COMMENT ON COLUMN reembed.vector_column.migration IS 'The campaign that gave it.';
COMMENT ON COLUMN reembed.vector_column.role IS 'new or old.';
COMMENT ON COLUMN reembed.vector_column.model IS 'The model of the vectors.';
COMMENT ON COLUMN reembed.vector_column.column_name IS 'The column.';
COMMENT ON COLUMN reembed.vector_column.version_column IS 'The column that names the model row by row; null where there is none.';
COMMENT ON COLUMN reembed.vector_column.is_read IS 'Whether the live view shows it.';
COMMENT ON COLUMN reembed.vector_column.is_maintained IS 'Whether workers keep it current.';
COMMENT ON COLUMN reembed.vector_column.relation IS 'The table of the column: the target''s own, or a side table.';
COMMENT ON COLUMN reembed.vector_column.is_side_table IS 'Whether that table holds nothing but vectors, a row for each row of the target that has one.';
