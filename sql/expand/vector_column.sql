-- The one place that knows which column holds which model's vectors, in every phase.
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
       CASE WHEN m.phase = 'contract' THEN t.column_name ELSE m.to_column END AS column_name,
       CASE WHEN m.phase = 'contract' THEN (t.column_name || '_model_version')::name ELSE m.to_version_column END AS version_column,
       s.read_model = m.to_model AS is_read,
       true AS is_maintained
  FROM current_migration AS m
  JOIN reembed.target AS t ON t.name = m.target
  JOIN reembed.setting AS s ON s.target = m.target
UNION ALL
SELECT m.target, m.name, 'old', m.from_model, m.from_column, m.from_version_column, s.read_model = m.from_model, s.keep_old_current
  FROM current_migration AS m
  JOIN reembed.setting AS s ON s.target = m.target
 WHERE m.phase <> 'contract';
COMMENT ON VIEW reembed.vector_column IS 'Which column of a target holds the vectors of which model, whether it is read, and whether workers keep it current.';
COMMENT ON COLUMN reembed.vector_column.target IS 'The target.';
COMMENT ON COLUMN reembed.vector_column.migration IS 'The campaign that gave it.';
COMMENT ON COLUMN reembed.vector_column.role IS 'new or old.';
COMMENT ON COLUMN reembed.vector_column.model IS 'The model of the vectors.';
COMMENT ON COLUMN reembed.vector_column.column_name IS 'The column.';
COMMENT ON COLUMN reembed.vector_column.version_column IS 'The column that names the model row by row; null where there is none.';
COMMENT ON COLUMN reembed.vector_column.is_read IS 'Whether the live view shows it.';
COMMENT ON COLUMN reembed.vector_column.is_maintained IS 'Whether workers keep it current.';
