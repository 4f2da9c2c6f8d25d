/** A validation that passes by the evidence it holds: 200 judged queries, equally good in both models, that the index serves exactly. $1 is the campaign. */
export const PASSING_VALIDATION = `
  WITH run AS (
    INSERT INTO reembed.validation (campaign, started_at, finished_at, query_source, queries, judged_queries, k, overlap, index_recall, coverage, missing_rows, just_changed_rows, verdict)
    VALUES ($1, clock_timestamp(), clock_timestamp(), 'test', 200, 200, 10, 1, 1, 1, 0, 0, 'pass') RETURNING id)
  INSERT INTO reembed.validation_query (validation, ordinal, query, overlap, index_recall, ndcg_before, ndcg_after, grade, query_hash)
  SELECT run.id, i, 'query ' || i, 1, 1, 1, 1, 'people', sha256(convert_to('query ' || i, 'UTF8')) FROM run, generate_series(1, 200) AS i`;

/** What makes runs on made-up models pass: people judge the results of both models to be equally good. */
export const JUDGED_EQUAL = "UPDATE reembed.validation_query SET grade = 'people', ndcg_before = 1, ndcg_after = 1";
