-- The old vectors, each with the hash of its text.
CREATE TABLE {archive} ({key_definitions}, vector {old_type}, text_hash bigint, PRIMARY KEY ({key_list}));
COMMENT ON TABLE {archive} IS {archive_comment};
