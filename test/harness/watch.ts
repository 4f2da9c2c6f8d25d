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

/** The watch of a stage, one look at a time, as a worker's schedule does it. */
export interface Watch {
  /** looks so often; returns what was said */
  look(times?: number): Promise<string[]>;
  /** alerts, oldest first; the open ones only, unless told otherwise */
  alerts(which?: 'open' | 'all'): Promise<Alert[]>;
  /** kinds of the open alerts, in the order of the alphabet */
  kinds(): Promise<string[]>;
}

/** @param env what a worker's environment would have besides */
export function createWatch(stage: Stage, env: Record<string, string> = {}): Watch {
  const { pool } = stage.db;
  const watch: Watch = {
    async look(times = 1) {
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
