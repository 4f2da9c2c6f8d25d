import type { BridgedRow } from './bridge.ts';
import type { Queryable } from './database.ts';

/** Keys of rows that were found and have no new vector yet, each once. */
export interface WantedKeys {
  note(target: string, rows: readonly BridgedRow[]): void;
  /** sends them to the primary server and forgets them; returns how many were sent */
  report(primary: Queryable): Promise<number>;
}

const MOST_KEYS = 5000;
const KEYS_AT_ONCE = 500;

/** Collects keys in bounded memory; further ones are left out until the collected ones are reported. */
export function createWantedKeys(): WantedKeys {
  let keys = new Set<string>();
  let ofTarget = '';
  return {
    note(target, rows) {
      ofTarget = target;
      for (const { has_new_vector, row_key } of rows) {
        if (keys.size >= MOST_KEYS) return;
        if (!has_new_vector) keys.add(JSON.stringify(row_key));
      }
    },
    async report(primary) {
      const sent = [...keys];
      keys = new Set();
      for (let at = 0; at < sent.length; at += KEYS_AT_ONCE) {
        const portion = sent.slice(at, at + KEYS_AT_ONCE);
        await primary.query('SELECT reembed.report_wanted($1, $2)', [ofTarget, `[${portion.join()}]`]);
      }
      return sent.length;
    },
  };
}
