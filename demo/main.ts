import { parseArgs, styleText } from 'node:util';
import { loadGlosses, queries } from './corpus.ts';
import { startEmbeddingServer } from './embedding-server.ts';
import { createEmbed } from './scenario/embed.ts';
import { openStage } from './scenario/stage.ts';
import { cleanUp, look } from './scenario/steps.ts';
import { playStory, type Summary } from './scenario/story.ts';

const HELP = `Moves a live table of WordNet glosses from one real embedding model to another, back, and forward again.

  npm run demo    on an embedded database of its own; nothing remains of it

  --on-database-url    on the server of DATABASE_URL instead: makes schema reembed_demo, installs pg-reembed, and removes both at the end
  --rows N             glosses in the table (default 1500)
  --queries N          judged queries (default 300)
  --json               last line of stdout: the summary as JSON`;

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1500' },
    queries: { type: 'string', default: '300' },
    json: { type: 'boolean', default: false },
    'on-database-url': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

// Rows that the writer adds during the story; taken from the same sample.
const SPARE_ROWS = 400;

const INTERRUPTED = 130;
const interrupted = new AbortController();
let hasBegun = false;
// What the demo made is removed first. A second signal changes nothing.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (!hasBegun) process.exit(INTERRUPTED);
    interrupted.abort(new Error(`stopped by ${signal}; what the demo made was removed`));
  });

try {
  if (values.help) console.log(HELP);
  else await runDemo(wholeNumber('--rows', values.rows), wholeNumber('--queries', values.queries));
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = interrupted.signal.aborted ? INTERRUPTED : 1;
}

async function runDemo(rows: number, judgedQueries: number): Promise<void> {
  const startedAt = Date.now();
  const glosses = loadGlosses(rows + SPARE_ROWS);
  // Every (rows + spare) / spare-th gloss is spare, so that both parts are spread over the whole sample.
  const isSpare = (i: number) => Math.floor(((i + 1) * SPARE_ROWS) / glosses.length) > Math.floor((i * SPARE_ROWS) / glosses.length);
  const table = glosses.filter((_, i) => !isSpare(i));
  const provider = await startEmbeddingServer();
  hasBegun = true;
  const { signal } = interrupted;
  const stage = await openStage(provider.url, { onDatabaseUrl: values['on-database-url'], signal }).catch(async (error) => {
    await provider.close();
    throw error;
  });
  try {
    const before = await look(stage);
    const summary = await playStory({
      stage,
      embed: createEmbed(provider.url, signal),
      glosses: table,
      spare: glosses.filter((_, i) => isSpare(i)),
      judged: queries(table, Math.min(judgedQueries, table.length)),
      say: (line) => console.log(painted(line)),
    })
      .catch((error: unknown) => {
        throw signal.aborted ? signal.reason : error;
      })
      .finally(() => cleanUp(stage, before));
    const seconds = Math.round((Date.now() - startedAt) / 100) / 10;
    if (values.json) console.log(JSON.stringify({ ...summary, seconds }));
    else console.log(closingWords(summary, seconds));
    if (summary.failed_reads > 0 || summary.lost_writes > 0) process.exitCode = 1;
  } finally {
    await stage.close();
    await provider.close();
  }
}

/** Steps and the verdict in colour, where the terminal has any. */
function painted(line: string): string {
  return line.replace(/^\d\. \w+:/m, (step) => styleText('bold', step)).replace(/\bPASS\b/, (verdict) => styleText('green', verdict));
}

function wholeNumber(option: string, value: string): number {
  if (!/^[1-9]\d{0,6}$/.test(value)) throw new Error(`${option} takes a whole number above 0, not ${value}`);
  return Number(value);
}

/** The summary in readable form. */
function closingWords(summary: Summary, seconds: number): string {
  return `
${summary.reads} searches, ${summary.failed_reads} failed. ${summary.writes} writes, ${summary.lost_writes} lost.
nDCG@10 ${summary.ndcg_before} -> ${summary.ndcg_after}, overlap@10 ${summary.overlap}.
Switched in ${summary.switch_ms} ms, rolled back in ${summary.rollback_ms} ms; ${seconds} s in total.`;
}
