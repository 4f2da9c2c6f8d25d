import type pg from 'pg';

/** Values by column. */
export type Row = Record<string, unknown>;

/** Judged queries to store. */
export interface Queries {
  queries?: number;
  /** number of the first query: the same numbers are the same queries */
  first?: number;
  before?: number;
  /** mean and standard deviation of the differences */
  mean?: number;
  sd?: number;
  grade?: 'people' | 'model' | 'rows';
  recall?: number;
  more?: Row;
}

/** Judged queries whose differences have the given mean and, if their number is even, standard deviation. */
export function judged({
  queries = 200,
  first = 1,
  before = 0.64,
  mean = 0,
  sd = 0,
  grade = 'people',
  recall = 1,
  more = {},
}: Queries = {}): Row[] {
  const step = sd * Math.sqrt((queries - 1) / queries);
  return Array.from({ length: queries }, (_, i) => ({
    ordinal: i + 1,
    query: `${grade} ${first + i}`,
    overlap: 0.5,
    index_recall: recall,
    ndcg_before: before,
    ndcg_after: before + mean + (i % 2 === 0 ? step : -step),
    grade,
    ...more,
  }));
}

/** What a run comes to: codes by outcome. */
export interface Judged {
  verdict: string;
  fail: string[];
  unsure: string[];
  warning: string[];
  /** sentences of all of them */
  reasons: string;
}

/** What judge() returns for a run that passes without warnings. */
export const PASS: Judged = { verdict: 'pass', fail: [], unsure: [], warning: [], reasons: '' };

/** Stores made-up runs of the campaign move_documents and judges them. */
export function createVerdicts(pool: () => pg.Pool) {
  /** Stores a run whose figures are good but for those given, and returns its number. */
  async function runOf(figures: Row = {}, parts: Record<string, Row[]> = { validation_query: judged() }): Promise<string> {
    const run = {
      campaign: 'move_documents',
      started_at: new Date(),
      query_source: 'test',
      queries: 200,
      judged_queries: 200,
      k: 10,
      overlap: 0.05,
      index_recall: 1,
      searches_use_index: true,
      planner_chooses_index: true,
      index_setting: 'hnsw.ef_search = 40',
      coverage: 1,
      missing_rows: 0,
      just_changed_rows: 0,
      verdict: 'pass',
      ...figures,
    };
    const id = await insert('validation', run, 'RETURNING id::text AS id');
    for (const [table, rows] of Object.entries(parts))
      await insertAll(
        table,
        rows.map((row) => ({ validation: id, ...row })),
      );
    return id;
  }

  /** The same, with another part. */
  async function partsOf(parts: Record<string, Row[]>, figures: Row = {}): Promise<string> {
    return runOf(figures, { validation_query: judged(), ...parts });
  }

  async function insert(table: string, row: Row, returning = ''): Promise<string> {
    const columns = Object.keys(row);
    const { rows } = await pool().query<{ id: string }>(
      `INSERT INTO reembed.${table} (${columns.join(', ')}) VALUES (${columns.map((_, i) => `$${i + 1}`).join(', ')}) ${returning}`,
      Object.values(row),
    );
    return rows[0]?.id ?? '';
  }

  async function insertAll(table: string, rows: Row[]): Promise<void> {
    const columns = Object.keys(rows[0] ?? {}).join(', ');
    if (columns === '') return;
    await pool().query(
      `INSERT INTO reembed.${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::reembed.${table}, $1)`,
      [JSON.stringify(rows)],
    );
  }

  async function judge(id: string): Promise<Judged> {
    const { rows } = await pool().query<{ outcome: string; code: string; reason: string; remedy: string; verdict: string }>(
      'SELECT j.*, v AS verdict FROM reembed.verdict($1) AS v LEFT JOIN reembed.judge_validation($1) AS j ON true',
      [id],
    );
    const codes = (outcome: string) => rows.filter((row) => row.outcome === outcome).map(({ code }) => code);
    return {
      verdict: rows[0]?.verdict ?? '',
      fail: codes('fail'),
      unsure: codes('unsure'),
      warning: codes('warning'),
      reasons: rows.map(({ reason }) => reason).join('\n'),
    };
  }

  const forget = () => pool().query('DELETE FROM reembed.validation; DELETE FROM reembed.batch');

  /** Does something while a setting has another value. */
  async function withSetting<T>(setting: string, work: () => Promise<T>): Promise<T> {
    const [name = ''] = setting.split('=');
    const { rows } = await pool().query(`SELECT ${name} AS value FROM reembed.setting`);
    await pool().query(`UPDATE reembed.setting SET ${setting}`);
    try {
      return await work();
    } finally {
      await pool().query(`UPDATE reembed.setting SET ${name} = $1`, [rows[0]?.value]);
    }
  }

  return { runOf, partsOf, insert, judge, forget, withSetting };
}
