import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportPage } from '../../src/report/page/document.ts';
import { type Report, readReport } from '../../src/report/read-report.ts';
import { NEW_MODEL, OLD_DIMENSIONS, textOf, vectorText } from './documents.ts';
import { vectorOf } from './provider.ts';
import { createStage, type Stage } from './stage.ts';
import { testEmbedder, validateTable } from './validation.ts';

/** Payloads that would run if they were not escaped. */
export const PAYLOADS = {
  text: '<script>window.ran = 1</script>',
  model: `"><img src=x onerror='window.ran=2'>`,
  value: '</text></svg><script>window.ran = 3</script>',
  filter: '<iframe src=javascript:parent.ran=4>',
  reason: '<style>body { display: none }</style>&amp;',
} as const;

/** A campaign from a model whose name is a payload, with payloads in every text that a user can enter. */
export async function createReportedCampaign(rows: number): Promise<{ stage: Stage; campaign: string }> {
  const stage = await createStage({ [PAYLOADS.model]: OLD_DIMENSIONS });
  const { pool } = stage.db;
  await pool.query(`CREATE TABLE documents (id bigint PRIMARY KEY, content text, lang text, embedding vector(${OLD_DIMENSIONS}))`);
  const ids = Array.from({ length: rows }, (_, i) => i + 1);
  const texts = ids.map((id) => `${textOf(id)} ${PAYLOADS.text}`);
  await pool.query('INSERT INTO documents SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::vector[])', [
    ids,
    texts,
    ids.map((id) => (id % 2 === 0 ? PAYLOADS.value : 'en')),
    texts.map((text) => vectorText(vectorOf(PAYLOADS.model, text, OLD_DIMENSIONS))),
  ]);
  const campaign = await stage.draft({ table: 'documents', from: PAYLOADS.model, to: NEW_MODEL });
  return { stage, campaign };
}

/** Validates the campaign with queries made of its rows, so that every part of a report has content. */
export async function validateReported({ database }: Stage) {
  const result = await validateTable(database, 'documents', {
    queries: { kind: 'generated' },
    embedder: testEmbedder,
    sample: 60,
    audit: 300,
    filters: [`content <> '${PAYLOADS.filter}'`],
    sliceBy: ['lang'],
    cutoffs: [0.5],
    seed: 3,
  });
  // So that the verdict does not depend on how the queries were made.
  await database.pool.query('UPDATE reembed.validation SET lexical_share = 0.9');
  return result;
}

/** Runs `report`, which must succeed, and returns the page. */
export async function pageOf({ workplace }: Stage, args: string[] = []): Promise<string> {
  const { code, stderr } = await workplace.run(['report', '--out', 'page.html', ...args]);
  if (code !== 0 || !/^database: .*\npage\.html\n$/.test(stderr)) throw new Error(`exit code ${code}: ${stderr}`);
  return readFileSync(join(workplace.directory, 'page.html'), 'utf8');
}

/** What `report --json` prints. */
export async function dataOf({ workplace }: Stage, args: string[] = []): Promise<Report> {
  const { code, stdout, stderr } = await workplace.run(['report', '--json', ...args]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Report;
}

/** The data of a report of table documents, without a process of its own. */
export function readHere({ db }: Stage, withText = false): Promise<Report> {
  return readReport(db.pool, { target: 'documents', withText, lowest: 10 });
}

/** The page that is made of that data. */
export async function pageHere(stage: Stage, withText = false): Promise<string> {
  return reportPage(await readHere(stage, withText));
}

/** A text as it must stand in the page. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}
