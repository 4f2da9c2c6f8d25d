-- The only definition of how a row of the table is read.
CREATE VIEW {row} AS
SELECT t.tableoid::regclass AS leaf, t.ctid AS place, t.xmin AS version, {key_view},
       {content} AS content, {source_bytes} AS source_bytes,
       {new_vector} AS new_vector, {new_model} AS new_model, {new_hash} AS new_hash,
       {old_vector} AS old_vector, {old_model} AS old_model
  FROM {table} AS t{row_part};
COMMENT ON VIEW {row} IS 'pg-reembed: how a row of the table is read.';
