import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createWorkplace } from '../test/harness/command.ts';
import { startProvider } from '../test/harness/provider.ts';
import { undoneAtSignal } from '../test/harness/undo-at-signal.ts';
import { watchBlockers } from './blockers.ts';
import { keepBridgeOpen } from './bridge.ts';
import { createConductor } from './conductor.ts';
import { runDdlFaults } from './ddl-faults.ts';
import { runFaults } from './faults.ts';
import { makePeaceful } from './hostile-rows.ts';
import { PASSAGE, tableOf } from './joined-tables.ts';
import { judge, type Verdict } from './oracle.ts';
import { prepare } from './prepare.ts';
import { faultyScript } from './provider-faults.ts';
import { runReloads } from './reloads.ts';
import { runSearcher } from './searcher.ts';
import type { StormServer } from './server.ts';
import { startWorkers, type WorkerFleet } from './workers.ts';
import { createWorld, DIMENSIONS, NEW_MODEL, OLD_MODEL, POISON, type StormOptions, TABLE, type World } from './world.ts';
import { runWriter } from './writer.ts';

/** Activity and findings of a storm. */
export interface StormResult {
  options: StormOptions;
  server: string;
  operations: Record<string, number>;
  faults: Record<string, number>;
  rows: number;
  readsFailed: number;
  wrongAnswers: number;
  writesFailed: number;
  rowsWrong: number;
  writesLost: number;
  rowsNeverEmbedded: number;
  rowsWrongAfterWayBack: number;
  /** longest duration of a single write statement of the application while the server was up, in milliseconds */
  longestStallMs: number;
  stalls: { milliseconds: number; what: string }[];
  longestDrainMs: number;
  workerPeakBytes: number;
  bugs: string[];
  examples: string[];
  /** requirements that were missed, as sentences; empty when the storm passed */
  missed: string[];
}

/**
 * Runs a storm: an application that writes and searches, workers, an operator who moves forward and back, and random
 * faults. Then the system settles and every row is checked.
 *
 * @param logFile log of every notable event with its time, to investigate failures
 */
export async function runStorm(
  server: StormServer,
  options: StormOptions,
  onTick: (world: World, secondsLeft: number) => void,
  logFile?: string,
): Promise<StormResult> {
  const provider = await startProvider({ [OLD_MODEL]: DIMENSIONS, [NEW_MODEL]: DIMENSIONS });
  const workplace = createWorkplace({
    DATABASE_URL: server.url,
    OPENAI_API_KEY: 'storm',
    OPENAI_BASE_URL: provider.url,
    EMBED_TIMEOUT_SECONDS: '2',
    EMBED_PATIENCE_SECONDS: '10',
  });
  const ending = new AbortController();
  const log = (line: string) => logFile && appendFileSync(logFile, `${new Date().toISOString().slice(11, 23)} ${line}\n`);
  const world = createWorld({ options, server, provider, workplace, over: ending.signal, log });
  const state = { isCalm: false, isOut: false };
  let fleet: WorkerFleet | undefined;
  const stopProcesses = undoneAtSignal(async () => {
    ending.abort();
    const stopped = fleet?.close();
    workplace.remove();
    await stopped;
  });
  try {
    await prepare(world);
    provider.script = faultyScript(world, state);
    fleet = startWorkers(world, options.workers);
    const conductor = createConductor(world);
    const actors = [
      ...Array.from({ length: options.writers }, (_, number) => runWriter(world, number)),
      ...Array.from({ length: options.searchers }, (_, number) => runSearcher(world, number)),
      runFaults(world, fleet, state),
      ...(options.bridge ? [keepBridgeOpen(world)] : []),
      ...(options.ddl ? [runDdlFaults(world)] : []),
      ...(options.joins > 0 ? [runReloads(world)] : []),
      watchBlockers(world),
      conductor.run(),
    ];
    const failing = Promise.all(actors);
    const endsAt = Date.now() + options.seconds * 1000;
    while (Date.now() < endsAt) {
      onTick(world, Math.round((endsAt - Date.now()) / 1000));
      await logProgress(world);
      await Promise.race([sleep(1000), failing]);
    }
    ending.abort();
    await failing;

    state.isCalm = true;
    log('calm');
    await world.pool.query("UPDATE reembed.setting SET paused = false, keep_old_current = true, soak = '1 hour'");
    await conductor.bringToSwitch();
    await settle(world, conductor.command);
    const verdict = await judge(world);
    await cure(world);
    await settle(world, conductor.command);
    // The rollback runs without --accept-missing, so it is refused unless every row is complete in the old model.
    const back = await conductor.command(['migrate', 'down']);
    if (back.code !== 0) world.bugs.add(`the rollback was refused: ${back.stderr.slice(-300)}`);
    await settle(world, conductor.command);
    const after = await judge(world);
    await fleet.close();
    return summary(world, fleet, verdict, after, await versionOf(world));
  } finally {
    await stopProcesses();
    await world.close();
    await provider.close();
  }
}

/** A row that the old model refuses cannot be rolled back, so the application replaces its poisoned texts first. */
async function cure(world: World): Promise<void> {
  if (world.options.hostile) await makePeaceful(world);
  for (const [id, state] of world.journal.rows) {
    if (!state.content?.includes(POISON)) continue;
    const content = `cured ${id}`;
    const place = tableOf(id) === PASSAGE ? 'passage SET body' : `${TABLE} SET content`;
    await world.pool.query(`UPDATE ${place} = $2 WHERE id = $1`, [id, content]);
    world.journal.set(id, { ...state, content });
  }
}

/** Processes everything that waits, failed rows included, until nothing is left. */
async function settle(world: World, command: (args: string[]) => Promise<{ code: number | null }>): Promise<void> {
  await command(['retry']);
  for (let tries = 0; tries < 30; tries++) {
    if ((await command(['worker', '--drain'])).code !== 0) continue;
    const { rowCount } = await world.pool.query('SELECT FROM reembed.change LIMIT 1');
    if (rowCount === 0) return;
  }
}

/** Logs the progress, to investigate slow storms. */
async function logProgress(world: World): Promise<void> {
  try {
    const { rows } = await world.pool.query(
      `SELECT (SELECT count(*) FROM reembed.batch WHERE state = 'pending') AS pending, (SELECT count(*) FROM reembed.change) AS changes,
              (SELECT string_agg(state || ' ' || count || ' in ' || wait, ', ') FROM (
                 SELECT state::text, count(*), round(extract(epoch FROM max(start_after) - now())) AS wait
                   FROM reembed_queue.job WHERE state < 'completed' GROUP BY state) AS s) AS jobs,
              (SELECT string_agg(reason, '; ') FROM reembed.health WHERE throttles) AS health`,
    );
    world.log(`progress: ${JSON.stringify(rows[0])}`);
  } catch {
    // The server is restarting.
  }
}

async function versionOf(world: World): Promise<string> {
  const { rows } = await world.pool.query<{ version: string }>(
    "SELECT 'PostgreSQL ' || current_setting('server_version') || ', pgvector ' || extversion AS version FROM pg_extension WHERE extname = 'vector'",
  );
  return rows[0]?.version ?? '';
}

function summary(
  world: World,
  fleet: { longestDrain: number; peakMemory: number },
  verdict: Verdict,
  after: Verdict,
  server: string,
): StormResult {
  const longestStallMs = world.stalls[0]?.milliseconds ?? 0;
  const lost = [...new Set([...verdict.lost, ...after.lost])];
  const figures = {
    readsFailed: world.failedReads.count,
    wrongAnswers: world.wrongAnswers.count,
    writesFailed: world.failedWrites.count,
    rowsWrong: verdict.wrong.length,
    writesLost: world.lostWrites.count + lost.length,
    rowsNeverEmbedded: verdict.neverEmbedded.length,
    rowsWrongAfterWayBack: after.wrong.length + after.neverEmbedded.length,
  };
  const missed = Object.entries(figures)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name}: ${count}`);
  const { longestStall } = world.options;
  if (longestStallMs >= longestStall) missed.push(`a write waited ${longestStallMs} ms, ${longestStall} are allowed`);
  if (world.bugs.count > 0) missed.push(`bugs: ${world.bugs.count}`);
  return {
    options: world.options,
    server,
    operations: world.operations.toJSON(),
    faults: world.faults.toJSON(),
    rows: verdict.rows,
    ...figures,
    longestStallMs,
    stalls: world.stalls,
    longestDrainMs: fleet.longestDrain,
    workerPeakBytes: fleet.peakMemory,
    bugs: world.bugs.examples,
    examples: [
      ...[world.failedReads, world.wrongAnswers, world.failedWrites, world.lostWrites].flatMap(({ examples }) => examples),
      ...[...verdict.wrong, ...verdict.neverEmbedded, ...lost, ...after.wrong, ...after.neverEmbedded].slice(0, 20),
    ],
    missed,
  };
}
