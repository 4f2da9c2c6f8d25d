import { readConfig } from '../../src/config.ts';
import { checkAllTargets } from '../../src/watch/check-targets.ts';
import { createWorkContext } from '../../src/worker/context.ts';
import type { Stage } from './stage.ts';

/** A row of reembed.alert. */
export interface Alert {
  kind: string;
  severity: string;
  model: string | null;
  message: string;
  details: Record<string, unknown>;
  closed_because: string | null;
  opening_posted_at: Date | null;
  closing_posted_at: Date | null;
}

/** The watch of a stage, run on demand instead of by a worker's schedule. */
export interface Watch {
  /** runs the watch that many times; returns its notices */
  check(times?: number): Promise<string[]>;
  /** alerts, oldest first; by default only the open ones */
  alerts(which?: 'open' | 'all'): Promise<Alert[]>;
  /** kinds of the open alerts, in alphabetical order */
  kinds(): Promise<string[]>;
}

/** @param env additional environment of a worker */
export function createWatch(stage: Stage, env: Record<string, string> = {}): Watch {
  const { pool } = stage.db;
  const watch: Watch = {
    async check(times = 1) {
      const said: string[] = [];
      const config = readConfig({ OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url, ...env });
      for (let i = 0; i < times; i++) await checkAllTargets(createWorkContext(stage.database, config, (line) => void said.push(line)));
      return said;
    },
    async alerts(which = 'open') {
      const { rows } = await pool.query<Alert>(
        `SELECT * FROM reembed.alert ${which === 'open' ? 'WHERE closed_at IS NULL' : ''} ORDER BY id`,
      );
      return rows;
    },
    async kinds() {
      return (await watch.alerts()).map(({ kind }) => kind).sort();
    },
  };
  return watch;
}
