import { setTimeout as sleep } from 'node:timers/promises';
import type { Gloss, JudgedQuery } from '../corpus.ts';
import type { Embed } from './embed.ts';
import { startReader } from './reader.ts';
import { buildTable, NEW, OLD, type Stage, TABLE, writeJudgements } from './stage.ts';
import { activeModel, caughtUp, switchBack, switchOver } from './steps.ts';
import { BOTH_COLUMNS, countLostWrites, startWriter } from './writer.ts';

/** Inputs of the story. */
export interface Cast {
  stage: Stage;
  embed: Embed;
  glosses: Gloss[];
  spare: Gloss[];
  judged: JudgedQuery[];
  say(line: string): void;
}

/** Results of the story; every figure is measured in this run. */
export interface Summary {
  rows: number;
  reads: number;
  failed_reads: number;
  writes: number;
  lost_writes: number;
  ndcg_before: number;
  ndcg_after: number;
  overlap: number;
  switch_ms: number;
  rollback_ms: number;
}

/** Moves the table forward, back and forward again while a reader and a writer use it. */
export async function playStory({ stage, embed, glosses, spare, judged, say }: Cast): Promise<Summary> {
  const { pool, reembed } = stage;
  say(
    `A table of ${glosses.length} WordNet glosses, embedded with ${OLD.name} (${OLD.dimensions} dimensions), on ${stage.embedded ? 'an embedded PostgreSQL' : 'your PostgreSQL'}.`,
  );
  await buildTable(
    pool,
    glosses,
    await embed(
      OLD.name,
      glosses.map(({ gloss }) => gloss),
    ),
  );

  say(`\n1. create: five migration files that move it to ${NEW.name} (${NEW.dimensions} dimensions). Nothing is changed yet.`);
  await reembed(['migrate', 'create', '--table', TABLE, '--text', 'gloss']);

  say('2. up: adds a column, triggers and the view to search through, plans the backfill, and stops at a gate:');
  const firstUp = JSON.parse(await reembed(['migrate', 'up', '--json'], 3)) as Up;
  say(`   "${firstUp.waiting[0]?.conditions[0]?.condition}"`);

  say('   A reader and a writer start to use the table and run until the end.');
  const reader = startReader(pool, embed, judged);
  const writer = startWriter(pool, spare, glosses);
  const lost: number[] = [];
  let stopWorker = async () => {};
  try {
    say('3. worker: a small subset first, then the rest, then the rows written meanwhile.');
    await reembed(['worker', '--limit', '50']);
    stopWorker = stage.startWorker();
    say('   up --wait: processes the queue, builds the index CONCURRENTLY, and stops: the results have not been compared.');
    await reembed(['migrate', 'up', '--wait'], 3);
    const { rows } = await pool.query<{ done: string; tokens: string; live_rows: string }>(
      'SELECT done, tokens, live_rows FROM reembed.progress',
    );
    say(`   ${rows[0]?.done} rows re-embedded, ${rows[0]?.live_rows} vectors for rows the writer touched, ${rows[0]?.tokens} tokens.`);

    say(`4. validate: ${judged.length} queries with a known right answer.`);
    const files = writeJudgements(stage.folder, judged);
    const validation = JSON.parse(
      await reembed(['validate', '--queries', files.queries, '--judgements', files.judgements, '--json']),
    ) as Validation;
    say(
      `   nDCG@10 ${validation.ndcg_before.toFixed(3)} -> ${validation.ndcg_after.toFixed(3)}, though only ${Math.round(validation.overlap * 100)} % of the results are the same. PASS.`,
    );

    const switchMs = await switchOver(stage);
    say(`5. switch: the live view reads ${NEW.name} after ${switchMs} ms. ${await activeModel(stage)} answers now.`);
    await sleep(1500);
    lost.push(await lostSoFar(BOTH_COLUMNS));

    const rollbackMs = await switchBack(stage);
    say(`   down: a rollback. ${await activeModel(stage)} answers again after ${rollbackMs} ms, with the rows written meanwhile.`);
    await sleep(1000);
    await switchOver(stage);
    say(`   up: forward again. ${await activeModel(stage)} answers.`);

    say('6. contract: the soak time (7 days, here none) is over; old vectors go to an archive, the new column takes the old name.');
    await reembed(['setting', 'soak=0']);
    await reembed(['migrate', 'up']);
    await sleep(1000);
    lost.push(await lostSoFar([{ column: 'embedding', model: NEW.name }]));

    say('   down: contract can be undone too. Column, vectors and index return from the archive.');
    await reembed(['migrate', 'down']);
    lost.push(await lostSoFar(BOTH_COLUMNS));
    return {
      rows: glosses.length,
      ...(await stopAll()),
      lost_writes: Math.max(...lost),
      ndcg_before: rounded(validation.ndcg_before),
      ndcg_after: rounded(validation.ndcg_after),
      overlap: rounded(validation.overlap),
      switch_ms: switchMs,
      rollback_ms: rollbackMs,
    };
  } finally {
    await stopAll();
    await stopWorker();
  }

  /** Pauses the writer and compares its rows with the models' current vectors. */
  async function lostSoFar(columns: { column: string; model: string }[]): Promise<number> {
    await writer.pause();
    await caughtUp(stage);
    const count = await countLostWrites(pool, embed, writer, columns);
    writer.resume();
    return count;
  }

  async function stopAll() {
    await Promise.all([reader.stop(), writer.stop()]);
    for (const reason of reader.reasons.splice(0)) say(`   a read failed: ${reason}`);
    return { reads: reader.reads, failed_reads: reader.failed, writes: writer.writes };
  }
}

interface Up {
  ran: string[];
  durations_ms: Record<string, number>;
  waiting: { file: string; conditions: { condition: string; remedy: string }[] }[];
}

interface Validation {
  ndcg_before: number;
  ndcg_after: number;
  overlap: number;
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
