import { setTimeout as sleep } from 'node:timers/promises';
import { checkVectors } from './check.ts';
import type { Contender, Copy } from './contender.ts';
import type { BenchOptions, Figures } from './figures.ts';
import { type LoadResult, startLiveLoad } from './live-load.ts';
import { watchServerCpu } from './server-cpu.ts';
import { growthBetween, type Snapshot, sessionsToEnd, takeSnapshot } from './snapshot.ts';

/** Reports progress. */
export interface Voice {
  say(line: string): void;
  /** reports how many of all rows have their vectors */
  rows(done: number, of: number): void;
}

/**
 * Runs one contender on a fresh copy while the application runs, and measures both.
 *
 * The application first runs alone on the same copy. VACUUM precedes that, and a checkpoint precedes each of the two
 * phases, so that every contender pays for the same full-page images.
 *
 * @throws when the contender fails or stores a wrong vector
 */
export async function measure(contender: Contender, copy: Copy, options: BenchOptions, voice: Voice): Promise<Figures> {
  const { client, table } = copy;
  const { readsPerSecond, writesPerSecond, idleSeconds } = options;
  const result = await contender.prepare(copy);
  await client.query('VACUUM ANALYZE');
  const application = await startLiveLoad({ url: copy.url, table, readsPerSecond, writesPerSecond, search: contender.search });
  try {
    const alone = await takeSnapshot(client, 'after a checkpoint');
    if (application) voice.say(`the application alone, ${idleSeconds} s`);
    const idle = await application?.during(() => sleep(idleSeconds * 1000));

    const before = await takeSnapshot(client, 'after a checkpoint');
    voice.say('filling');
    const cpu = watchServerCpu(client);
    let seconds = 0;
    const fill = async () => {
      ({ seconds } = await contender.fill((rows) => voice.rows(rows, table.rows)));
    };
    const during = await (application ? application.during(fill) : fill().then(() => undefined));
    const server = await cpu.stop();
    const usage = await contender.settle();
    await sessionsToEnd(client);
    const after = await takeSnapshot(client);

    voice.say('checking every vector');
    const check = await checkVectors(client, result, table, during?.touched ?? []);
    const applicationWalBytes = walOfApplication(alone, before, after, { idle: idleSeconds, during: seconds });
    const growth = growthBetween(before, after);
    const updates = after.updates - before.updates;
    return {
      contender: contender.letter,
      title: contender.title,
      seconds,
      rowsPerSecond: table.rows / seconds,
      clientCpuMicrosecondsPerRow: usage.cpuMicroseconds / table.rows,
      serverCpuMicrosecondsPerRow: server && server.backendMicroseconds / table.rows,
      autovacuumCpuMicroseconds: server?.autovacuumMicroseconds ?? null,
      walBytesPerRow: (after.wal - before.wal - applicationWalBytes) / table.rows,
      applicationWalBytes,
      growthBytesPerRow: growth.total / table.rows,
      growth,
      hotShare: updates >= table.rows ? (after.hotUpdates - before.hotUpdates) / updates : null,
      updates,
      deadTuples: after.deadTuples,
      autovacuums: after.autovacuums - before.autovacuums,
      peakMemoryBytes: usage.peakMemoryBytes,
      idle: latencies(idle),
      during: latencies(during),
      outdatedRows: check.outdated,
      comparedRows: check.compared,
      more: usage.more,
      ratios: { toRowByRow: null, toFloor: null },
    };
  } finally {
    application?.stop();
  }
}

/**
 * WAL bytes written by the application. Before PostgreSQL 18, which counts them by session, estimated from its rate
 * when it runs alone.
 */
function walOfApplication(alone: Snapshot, before: Snapshot, after: Snapshot, seconds: { idle: number; during: number }): number {
  if (after.walOfApplication !== null) return after.walOfApplication - (before.walOfApplication ?? 0);
  return seconds.idle === 0 ? 0 : ((before.wal - alone.wal) / seconds.idle) * seconds.during;
}

function latencies(result: LoadResult | undefined): Figures['idle'] {
  return result ? { reads: result.reads, writes: result.writes } : null;
}
