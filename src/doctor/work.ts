import { counted, plural } from '../wording.ts';
import { type Check, ok, type Verdict, warn } from './check.ts';
import { listed } from './wording.ts';

const paused: Check = {
  name: 'pause',
  needsSchema: true,
  async run({ db }) {
    const { rows } = await db.query<{ target: string; reason: string | null }>(
      'SELECT target, paused_reason AS reason FROM reembed.setting WHERE paused ORDER BY target',
    );
    if (rows.length === 0) return ok('nothing is paused');
    return rows.map(({ target, reason }) =>
      warn(`${target} is paused${reason ? `: ${reason}` : ''}`, `npm run setting -- --target ${target} paused=false`),
    );
  },
};

const failedRows: Check = {
  name: 'failed rows',
  needsSchema: true,
  async run({ db }) {
    const { rows } = await db.query<{ target: string; model: string; class: string; count: number; message: string }>(
      `SELECT target, model, class, count(*)::integer AS count, min(message) AS message FROM reembed.failed_row GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    );
    if (rows.length === 0) return ok('none');
    return rows.map(({ target, model, class: reason, count, message }) =>
      warn(
        `${counted(count, 'row')} of ${target} ${plural(count, 'has', 'have')} no vector of ${model} (${reason}: ${message})`,
        'SELECT key, model, class, message FROM reembed.failed_row; the remedy of each class is in reembed.health; then npm run retry',
      ),
    );
  },
};

const workers: Check = {
  name: 'workers',
  needsSchema: true,
  async run({ db, targets }) {
    if ((await targets()).length === 0) return [];
    const { rows } = await db.query<{ hosts: string[]; waiting: string[]; stuck: string[] }>(
      `SELECT ARRAY(SELECT format('%s on %s', count(*), host) FROM reembed.worker WHERE seen_at > now() - interval '30 seconds' GROUP BY host ORDER BY host) AS hosts,
              ARRAY(SELECT DISTINCT target FROM reembed.progress WHERE done < total OR outdated > 0 ORDER BY 1) AS waiting,
              ARRAY(SELECT DISTINCT format('%s: %s', campaign, error) FROM reembed.batch WHERE state = 'pending' AND error IS NOT NULL AND attempts > 1 ORDER BY 1) AS stuck`,
    );
    const { hosts = [], waiting = [], stuck = [] } = rows[0] ?? {};
    const verdicts: Verdict[] = [];
    if (hosts.length === 0 && waiting.length > 0)
      verdicts.push(warn(`no worker is running, but there is work for ${listed(waiting)}`, 'npm run worker'));
    if (stuck.length > 0)
      verdicts.push(warn(`batches fail repeatedly: ${listed(stuck)}`, 'fix the cause; workers try them again automatically'));
    if (verdicts.length > 0) return verdicts;
    return ok(
      hosts.length > 0
        ? `${listed(hosts)}`
        : 'none is running and none is needed now; after the backfill keep one running for changed rows',
    );
  },
};

/** Checks of pending work. */
export const workChecks: Check[] = [paused, failedRows, workers];
