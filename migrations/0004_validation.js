// Validation that can be trusted: every figure with its interval, by slice and at filters; what the vectors themselves show;
// where cut-offs move; and a log of live queries to compare with.

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const up = (pgm) => {
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';

ALTER TABLE reembed.setting
  ADD COLUMN min_filtered_rows numeric NOT NULL DEFAULT 0.9,
  ADD COLUMN max_latency_ratio numeric DEFAULT 3,
  ADD COLUMN min_truth_audit numeric NOT NULL DEFAULT 0.98,
  ADD COLUMN min_audit_similarity numeric NOT NULL DEFAULT 0.999,
  ADD COLUMN max_shared_vectors numeric NOT NULL DEFAULT 0.05,
  ADD COLUMN max_odd_norms numeric NOT NULL DEFAULT 0.05,
  ADD COLUMN max_changed_old_rows bigint,
  ADD COLUMN query_log_percent numeric NOT NULL DEFAULT 0,
  ADD COLUMN query_log_rows integer NOT NULL DEFAULT 10000,
  ADD CONSTRAINT min_filtered_rows_is_a_share CHECK (min_filtered_rows BETWEEN 0 AND 1),
  ADD CONSTRAINT max_latency_ratio_is_positive CHECK (max_latency_ratio > 0),
  ADD CONSTRAINT min_truth_audit_is_a_share CHECK (min_truth_audit BETWEEN 0 AND 1),
  ADD CONSTRAINT min_audit_similarity_is_at_most_one CHECK (min_audit_similarity BETWEEN -1 AND 1),
  ADD CONSTRAINT max_shared_vectors_is_a_share CHECK (max_shared_vectors BETWEEN 0 AND 1),
  ADD CONSTRAINT max_odd_norms_is_a_share CHECK (max_odd_norms BETWEEN 0 AND 1),
  ADD CONSTRAINT max_changed_old_rows_is_not_negative CHECK (max_changed_old_rows >= 0),
  ADD CONSTRAINT query_log_percent_is_a_percentage CHECK (query_log_percent BETWEEN 0 AND 100),
  ADD CONSTRAINT query_log_rows_is_positive CHECK (query_log_rows > 0);
COMMENT ON COLUMN reembed.setting.max_ndcg_drop IS 'How much nDCG@10 may fall, where judgements are given. A fall that chance alone may explain (the 95 % interval of the difference holds 0) is told, but fails nothing.';
COMMENT ON COLUMN reembed.setting.min_filtered_rows IS 'Smallest mean share of the rows wanted that a search with a filter must bring, 0 to 1; with an iterative scan, where pgvector has it.';
COMMENT ON COLUMN reembed.setting.max_latency_ratio IS 'The median search of the new model may take so many times what that of the old one takes, differences up to 10 ms aside, in a validation and in shadow reads; null: no matter how long.';
COMMENT ON COLUMN reembed.setting.min_truth_audit IS 'Smallest share of audited rows whose stored new vector is the one that the provider gives now, 0 to 1.';
COMMENT ON COLUMN reembed.setting.min_audit_similarity IS 'How similar a stored and a fresh vector must be to count as the same, -1 to 1.';
COMMENT ON COLUMN reembed.setting.max_shared_vectors IS 'Largest share of new vectors that rows of different texts have in common, 0 to 1.';
COMMENT ON COLUMN reembed.setting.max_odd_norms IS 'Largest share of new vectors whose length is far off that of the others, 0 to 1.';
COMMENT ON COLUMN reembed.setting.max_changed_old_rows IS 'Most rows whose old vector may have changed without their text since the checksum was taken; null: such rows are told, but fail nothing.';
COMMENT ON COLUMN reembed.setting.query_log_percent IS 'Share of the queries given to reembed.log_query() that are kept, in percent; 0: none.';
COMMENT ON COLUMN reembed.setting.query_log_rows IS 'Most queries kept in reembed.query_log, the newest ones.';

ALTER TABLE reembed.validation
  ADD COLUMN seed integer,
  ADD COLUMN known_items boolean NOT NULL DEFAULT false,
  ADD COLUMN just_changed_rows bigint,
  ADD COLUMN searches_use_index boolean,
  ADD COLUMN planner_chooses_index boolean,
  ADD COLUMN index_setting text,
  ADD COLUMN audit_problem text,
  ADD COLUMN warnings text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN reembed.validation.query_source IS 'Where the queries came from: rows, generated, log, a file or a table.';
COMMENT ON COLUMN reembed.validation.passed IS 'Whether every threshold was met when the run ended. The gate to the switch judges the figures anew: see judge_validation().';
COMMENT ON COLUMN reembed.validation.seed IS 'Number that samples and intervals follow from; with the same rows it gives the same run.';
COMMENT ON COLUMN reembed.validation.known_items IS 'Whether the relevant row of each query is the one it was generated from.';
COMMENT ON COLUMN reembed.validation.just_changed_rows IS 'Missing rows that the application had changed in the last 30 seconds; null in a run whose figures cannot be judged anew.';
COMMENT ON COLUMN reembed.validation.searches_use_index IS 'Whether a search in the order of distance can be served by the new index; null without one.';
COMMENT ON COLUMN reembed.validation.planner_chooses_index IS 'Whether the planner takes the new index of its own accord; on a small table it may well not.';
COMMENT ON COLUMN reembed.validation.index_setting IS 'The search setting of the index during the run.';
COMMENT ON COLUMN reembed.validation.audit_problem IS 'Why no vector was compared with a fresh one; null when that was done, or not asked for.';
COMMENT ON COLUMN reembed.validation.warnings IS 'What is worth knowing but fails nothing.';

ALTER TABLE reembed.validation_query
  ADD COLUMN query_length integer,
  ADD COLUMN slices jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN jaccard double precision,
  ADD COLUMN rank_biased_overlap double precision,
  ADD COLUMN kendall_tau double precision,
  ADD COLUMN reciprocal_rank_before double precision,
  ADD COLUMN reciprocal_rank_after double precision,
  ADD COLUMN recall_before double precision,
  ADD COLUMN recall_after double precision,
  ADD COLUMN search_ms_before double precision,
  ADD COLUMN search_ms_after double precision,
  ADD COLUMN results_before text[],
  ADD COLUMN results_after text[],
  ADD COLUMN scores_before double precision[],
  ADD COLUMN scores_after double precision[];
COMMENT ON COLUMN reembed.validation_query.query_length IS 'Characters of the query, or of the row it was drawn from.';
COMMENT ON COLUMN reembed.validation_query.slices IS 'Values of the columns by which the run was sliced.';
COMMENT ON COLUMN reembed.validation_query.jaccard IS 'Rows both models return, as a share of those that either returns.';
COMMENT ON COLUMN reembed.validation_query.rank_biased_overlap IS 'Likeness of the two rankings, the first ranks counting most, 0 to 1.';
COMMENT ON COLUMN reembed.validation_query.kendall_tau IS 'Rank correlation of the two rankings over all rows in either, -1 to 1.';
COMMENT ON COLUMN reembed.validation_query.reciprocal_rank_before IS 'One divided by the rank of the first relevant row, old model.';
COMMENT ON COLUMN reembed.validation_query.reciprocal_rank_after IS 'The same, new model.';
COMMENT ON COLUMN reembed.validation_query.recall_before IS 'Share of the relevant rows among the k nearest, old model.';
COMMENT ON COLUMN reembed.validation_query.recall_after IS 'The same, new model.';
COMMENT ON COLUMN reembed.validation_query.search_ms_before IS 'Milliseconds a search of the old model took on the server, warm; null where it was not measured.';
COMMENT ON COLUMN reembed.validation_query.search_ms_after IS 'The same, new model.';
COMMENT ON COLUMN reembed.validation_query.results_before IS 'Keys of the k nearest rows, nearest first, old model.';
COMMENT ON COLUMN reembed.validation_query.results_after IS 'The same, new model.';
COMMENT ON COLUMN reembed.validation_query.scores_before IS 'Scores of these rows, old model: cosine similarity or inner product; of a model with distance l2, the distance with a minus sign.';
COMMENT ON COLUMN reembed.validation_query.scores_after IS 'The same, new model.';

CREATE TABLE reembed.validation_metric (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  metric text NOT NULL,
  slice text NOT NULL DEFAULT '',
  slice_value text NOT NULL DEFAULT '',
  queries integer NOT NULL,
  before double precision,
  after double precision,
  value double precision NOT NULL,
  low double precision,
  high double precision,
  PRIMARY KEY (validation, metric, slice, slice_value),
  CONSTRAINT interval_is_in_order CHECK (low <= high)
);
COMMENT ON TABLE reembed.validation_metric IS 'The figures of a validation over all its queries, and over slices of them.';
COMMENT ON COLUMN reembed.validation_metric.validation IS 'The run.';
COMMENT ON COLUMN reembed.validation_metric.metric IS 'overlap, jaccard, rank_biased_overlap, kendall_tau, index_recall; of each model: ndcg, mrr, recall, search_p50_ms, search_p95_ms.';
COMMENT ON COLUMN reembed.validation_metric.slice IS 'Column by whose value the queries were divided, or length; empty: all queries.';
COMMENT ON COLUMN reembed.validation_metric.slice_value IS 'Value that the queries of the slice have.';
COMMENT ON COLUMN reembed.validation_metric.queries IS 'Queries it is the mean of.';
COMMENT ON COLUMN reembed.validation_metric.before IS 'Old model; null for a metric that compares the two.';
COMMENT ON COLUMN reembed.validation_metric.after IS 'New model.';
COMMENT ON COLUMN reembed.validation_metric.value IS 'The mean; for a metric of each model, after minus before.';
COMMENT ON COLUMN reembed.validation_metric.low IS 'Lower end of the 95 % interval of the value, by a paired bootstrap over the queries.';
COMMENT ON COLUMN reembed.validation_metric.high IS 'Upper end.';

CREATE TABLE reembed.validation_filter (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  filter text NOT NULL,
  iterative_scan text NOT NULL,
  queries integer NOT NULL,
  wanted_rows double precision NOT NULL,
  returned_rows double precision NOT NULL,
  short_queries integer NOT NULL,
  index_recall double precision NOT NULL,
  PRIMARY KEY (validation, filter, iterative_scan)
);
COMMENT ON TABLE reembed.validation_filter IS 'What searches of the new index bring when rows are filtered.';
COMMENT ON COLUMN reembed.validation_filter.validation IS 'The run.';
COMMENT ON COLUMN reembed.validation_filter.filter IS 'The condition, as it was given. It is shown, and never run again.';
COMMENT ON COLUMN reembed.validation_filter.iterative_scan IS 'hnsw.iterative_scan or ivfflat.iterative_scan during the searches: off, strict_order or relaxed_order.';
COMMENT ON COLUMN reembed.validation_filter.queries IS 'Queries searched for.';
COMMENT ON COLUMN reembed.validation_filter.wanted_rows IS 'Mean number of rows there are to find: k, or all that pass the filter where these are fewer.';
COMMENT ON COLUMN reembed.validation_filter.returned_rows IS 'Mean number of rows that came back.';
COMMENT ON COLUMN reembed.validation_filter.short_queries IS 'Queries that got fewer rows than there are to find.';
COMMENT ON COLUMN reembed.validation_filter.index_recall IS 'Mean share of the exact nearest rows that pass the filter which the index returned.';

CREATE TABLE reembed.validation_integrity (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  role text NOT NULL,
  model text NOT NULL,
  rows bigint NOT NULL,
  zero_rows bigint NOT NULL,
  not_finite_rows bigint NOT NULL,
  wrong_dimensions_rows bigint NOT NULL,
  unit_length_rows bigint NOT NULL,
  odd_norm_rows bigint NOT NULL,
  norm_min double precision,
  norm_median double precision,
  norm_max double precision,
  shared_vector_rows bigint NOT NULL,
  checksum_at timestamptz,
  unchanged_rows bigint,
  set_aside_rows bigint,
  changed_rows bigint,
  PRIMARY KEY (validation, role),
  CONSTRAINT role_is_known CHECK (role IN ('old', 'new'))
);
COMMENT ON TABLE reembed.validation_integrity IS 'What the stored vectors of each model show.';
COMMENT ON COLUMN reembed.validation_integrity.validation IS 'The run.';
COMMENT ON COLUMN reembed.validation_integrity.role IS 'new or old.';
COMMENT ON COLUMN reembed.validation_integrity.model IS 'The model.';
COMMENT ON COLUMN reembed.validation_integrity.rows IS 'Rows with a vector.';
COMMENT ON COLUMN reembed.validation_integrity.zero_rows IS 'Vectors of nothing but zeros: no search by cosine finds them.';
COMMENT ON COLUMN reembed.validation_integrity.not_finite_rows IS 'Vectors with NaN or infinity in them.';
COMMENT ON COLUMN reembed.validation_integrity.wrong_dimensions_rows IS 'Vectors that have not as many dimensions as the model.';
COMMENT ON COLUMN reembed.validation_integrity.unit_length_rows IS 'Vectors whose length is 1, to a hundredth.';
COMMENT ON COLUMN reembed.validation_integrity.odd_norm_rows IS 'Vectors whose length is beyond three interquartile ranges of the middle half, and by more than a hundredth of the median.';
COMMENT ON COLUMN reembed.validation_integrity.norm_min IS 'Shortest vector.';
COMMENT ON COLUMN reembed.validation_integrity.norm_median IS 'Median length.';
COMMENT ON COLUMN reembed.validation_integrity.norm_max IS 'Longest vector.';
COMMENT ON COLUMN reembed.validation_integrity.shared_vector_rows IS 'Rows whose vector is, bit for bit, also that of a row with another text.';
COMMENT ON COLUMN reembed.validation_integrity.checksum_at IS 'When the checksum was taken that the vectors are compared with; null where there is none.';
COMMENT ON COLUMN reembed.validation_integrity.unchanged_rows IS 'Rows whose group has its texts and, bit for bit, its vectors as they were then.';
COMMENT ON COLUMN reembed.validation_integrity.set_aside_rows IS 'Rows whose group says nothing, because a row of it came, went, changed its text or gained a vector.';
COMMENT ON COLUMN reembed.validation_integrity.changed_rows IS 'Rows whose group has its texts as they were, but not its vectors.';

CREATE TABLE reembed.truth_audit (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  role text NOT NULL,
  ordinal integer NOT NULL,
  key jsonb NOT NULL,
  similarity double precision NOT NULL,
  PRIMARY KEY (validation, role, ordinal),
  CONSTRAINT role_is_known CHECK (role IN ('old', 'new'))
);
COMMENT ON TABLE reembed.truth_audit IS 'Rows drawn at random whose text was embedded anew, to see whether what is stored is what the model gives.';
COMMENT ON COLUMN reembed.truth_audit.validation IS 'The run.';
COMMENT ON COLUMN reembed.truth_audit.role IS 'new or old: whose vectors.';
COMMENT ON COLUMN reembed.truth_audit.ordinal IS 'Position in the sample, from 1.';
COMMENT ON COLUMN reembed.truth_audit.key IS 'Primary key of the row, as an object of column and value.';
COMMENT ON COLUMN reembed.truth_audit.similarity IS 'Cosine similarity of the stored and the fresh vector; for the distances l2 and inner_product one that counts the lengths too.';

CREATE TABLE reembed.old_vector_checksum (
  migration text PRIMARY KEY REFERENCES reembed.migration ON DELETE CASCADE,
  taken_at timestamptz NOT NULL DEFAULT now(),
  phase text NOT NULL,
  groups bigint NOT NULL,
  rows bigint NOT NULL
);
COMMENT ON TABLE reembed.old_vector_checksum IS 'Checksums of the old vectors, taken once in a campaign, to show later that nobody touched them.';
COMMENT ON COLUMN reembed.old_vector_checksum.migration IS 'The campaign.';
COMMENT ON COLUMN reembed.old_vector_checksum.taken_at IS 'When the table was read.';
COMMENT ON COLUMN reembed.old_vector_checksum.phase IS 'The phase the campaign was in.';
COMMENT ON COLUMN reembed.old_vector_checksum.groups IS 'How many groups the rows were divided into, by the hash of their key; about eight rows each.';
COMMENT ON COLUMN reembed.old_vector_checksum.rows IS 'Rows with a text.';

CREATE TABLE reembed.old_vector_group (
  migration text NOT NULL REFERENCES reembed.old_vector_checksum ON DELETE CASCADE,
  number bigint NOT NULL,
  rows bigint NOT NULL,
  lacking_rows bigint NOT NULL,
  texts bigint NOT NULL,
  vectors bigint NOT NULL,
  PRIMARY KEY (migration, number)
);
COMMENT ON TABLE reembed.old_vector_group IS 'The checksums, one a group of rows.';
COMMENT ON COLUMN reembed.old_vector_group.migration IS 'The campaign.';
COMMENT ON COLUMN reembed.old_vector_group.number IS 'The group.';
COMMENT ON COLUMN reembed.old_vector_group.rows IS 'Its rows with a text.';
COMMENT ON COLUMN reembed.old_vector_group.lacking_rows IS 'Those of them that have no old vector.';
COMMENT ON COLUMN reembed.old_vector_group.texts IS 'Hashes of key and text of its rows, xor of all.';
COMMENT ON COLUMN reembed.old_vector_group.vectors IS 'Hashes of key, text and vector of its rows, xor of all.';

CREATE TABLE reembed.score_distribution (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  role text NOT NULL,
  rows text NOT NULL,
  percentile integer NOT NULL,
  score double precision NOT NULL,
  PRIMARY KEY (validation, role, rows, percentile),
  CONSTRAINT role_is_known CHECK (role IN ('old', 'new')),
  CONSTRAINT rows_are_known CHECK (rows IN ('nearest', 'random'))
);
COMMENT ON TABLE reembed.score_distribution IS 'Which scores the rows of each model have: applications cut at a score, and another model has others.';
COMMENT ON COLUMN reembed.score_distribution.validation IS 'The run.';
COMMENT ON COLUMN reembed.score_distribution.role IS 'new or old: the model.';
COMMENT ON COLUMN reembed.score_distribution.rows IS 'nearest: the k nearest rows of each query; random: rows drawn at random.';
COMMENT ON COLUMN reembed.score_distribution.percentile IS '0, 10, ... 100.';
COMMENT ON COLUMN reembed.score_distribution.score IS 'Score that so many percent of the rows stay below: cosine similarity or inner product; of a model with distance l2, the distance with a minus sign.';

CREATE TABLE reembed.score_cutoff (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  ordinal integer NOT NULL,
  basis text NOT NULL,
  old_cutoff double precision,
  new_cutoff double precision,
  new_cutoff_low double precision,
  new_cutoff_high double precision,
  share_before double precision NOT NULL,
  share_after double precision,
  precision_before double precision,
  precision_after double precision,
  recall_before double precision,
  recall_after double precision,
  f1_before double precision,
  f1_after double precision,
  PRIMARY KEY (validation, ordinal),
  CONSTRAINT basis_is_known CHECK (basis IN ('same_share', 'best_f1'))
);
COMMENT ON TABLE reembed.score_cutoff IS 'Cut-offs of the old model, and those that take their place in the new one.';
COMMENT ON COLUMN reembed.score_cutoff.validation IS 'The run.';
COMMENT ON COLUMN reembed.score_cutoff.ordinal IS 'Position in the run, from 1.';
COMMENT ON COLUMN reembed.score_cutoff.basis IS 'same_share: the new cut-off keeps the same share of the k nearest rows as the given one; best_f1: each is the best of its model by the judgements.';
COMMENT ON COLUMN reembed.score_cutoff.old_cutoff IS 'Cut-off in the old model: rows of at least this score are shown.';
COMMENT ON COLUMN reembed.score_cutoff.new_cutoff IS 'Cut-off in the new model; null where no row reaches the old one.';
COMMENT ON COLUMN reembed.score_cutoff.new_cutoff_low IS 'Lower end of the 95 % interval of the new cut-off, by a bootstrap over the queries.';
COMMENT ON COLUMN reembed.score_cutoff.new_cutoff_high IS 'Upper end.';
COMMENT ON COLUMN reembed.score_cutoff.share_before IS 'Share of the k nearest rows that the old cut-off keeps.';
COMMENT ON COLUMN reembed.score_cutoff.share_after IS 'Share that the new one keeps.';
COMMENT ON COLUMN reembed.score_cutoff.precision_before IS 'Share of the kept rows that are relevant, old model; null without judgements.';
COMMENT ON COLUMN reembed.score_cutoff.precision_after IS 'The same, new model.';
COMMENT ON COLUMN reembed.score_cutoff.recall_before IS 'Share of the relevant rows that are kept, old model.';
COMMENT ON COLUMN reembed.score_cutoff.recall_after IS 'The same, new model.';
COMMENT ON COLUMN reembed.score_cutoff.f1_before IS 'Harmonic mean of precision and recall, old model.';
COMMENT ON COLUMN reembed.score_cutoff.f1_after IS 'The same, new model.';

CREATE TABLE reembed.query_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  text text NOT NULL,
  model text NOT NULL,
  caller_key text
);
-- No foreign key: its check would lock a row that every search of the application shares.
CREATE INDEX query_log_newest ON reembed.query_log (target, id DESC);
COMMENT ON TABLE reembed.query_log IS 'Live queries of the application, a sample of the newest, as reembed.log_query() brought them.';
COMMENT ON COLUMN reembed.query_log.id IS 'Position in the order of all queries.';
COMMENT ON COLUMN reembed.query_log.target IS 'What was searched.';
COMMENT ON COLUMN reembed.query_log.at IS 'When.';
COMMENT ON COLUMN reembed.query_log.text IS 'What was searched for, the first 8000 characters.';
COMMENT ON COLUMN reembed.query_log.model IS 'The model that was read then.';
COMMENT ON COLUMN reembed.query_log.caller_key IS 'Who searched, where the application says so, the first 200 characters.';

-- Who may store a validation may store its parts.
DO $$
DECLARE
  v_grantee text;
BEGIN
  FOR v_grantee IN
    SELECT DISTINCT quote_ident(pg_get_userbyid(g.grantee)) FROM pg_class AS c, aclexplode(c.relacl) AS g
     WHERE c.oid = 'reembed.validation'::regclass AND g.privilege_type = 'INSERT' AND g.grantee NOT IN (0, c.relowner)
  LOOP
    EXECUTE format('GRANT SELECT, INSERT ON reembed.validation_metric, reembed.validation_filter, reembed.validation_integrity, reembed.truth_audit, '
      'reembed.old_vector_checksum, reembed.old_vector_group, reembed.score_distribution, reembed.score_cutoff TO %s', v_grantee);
    EXECUTE format('GRANT SELECT ON reembed.query_log TO %s', v_grantee);
    EXECUTE format('GRANT UPDATE (passed, reasons, warnings) ON reembed.validation TO %s', v_grantee);
  END LOOP;
END $$;
`);
};

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const down = (pgm) => {
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';

-- Taken down with everything else, or not at all: the gate to the switch reads these tables.
DO $$
BEGIN
  IF EXISTS (SELECT FROM reembed.migration) THEN
    RAISE EXCEPTION 'campaigns are still recorded in reembed.migration'
      USING ERRCODE = 'RE001', HINT = 'Take each campaign down first: npm run migrate down';
  END IF;
END $$;

DROP TABLE reembed.query_log, reembed.score_cutoff, reembed.score_distribution, reembed.old_vector_group, reembed.old_vector_checksum,
  reembed.truth_audit, reembed.validation_integrity, reembed.validation_filter, reembed.validation_metric;
ALTER TABLE reembed.validation_query DROP COLUMN query_length, DROP COLUMN slices, DROP COLUMN jaccard, DROP COLUMN rank_biased_overlap,
  DROP COLUMN kendall_tau, DROP COLUMN reciprocal_rank_before, DROP COLUMN reciprocal_rank_after, DROP COLUMN recall_before,
  DROP COLUMN recall_after, DROP COLUMN search_ms_before, DROP COLUMN search_ms_after, DROP COLUMN results_before,
  DROP COLUMN results_after, DROP COLUMN scores_before, DROP COLUMN scores_after;
ALTER TABLE reembed.validation DROP COLUMN seed, DROP COLUMN known_items, DROP COLUMN just_changed_rows, DROP COLUMN searches_use_index,
  DROP COLUMN planner_chooses_index, DROP COLUMN index_setting, DROP COLUMN audit_problem, DROP COLUMN warnings;
ALTER TABLE reembed.setting DROP COLUMN min_filtered_rows, DROP COLUMN max_latency_ratio, DROP COLUMN min_truth_audit,
  DROP COLUMN min_audit_similarity, DROP COLUMN max_shared_vectors, DROP COLUMN max_odd_norms, DROP COLUMN max_changed_old_rows,
  DROP COLUMN query_log_percent, DROP COLUMN query_log_rows;
`);
};
