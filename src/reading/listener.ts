import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Pool } from './database.ts';

/** A connection that listens for changes of the settings. */
export interface Listener {
  close(): Promise<void>;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Listens for changes of the settings on a connection of its own, next to a pool. A broken connection is reopened, and that
 * counts as a change, because notifications may have been missed. Never throws: if it cannot listen, it retries silently.
 *
 * @param onChange called for each notification, and each time the connection was opened
 */
export function listen(pool: Pool, onChange: () => void): Listener {
  const stopping = new AbortController();
  const listening = (async () => {
    for (let pauseMs = FIRST_PAUSE_MS; !stopping.signal.aborted; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      const client = new pg.Client(pool.options as pg.ClientConfig);
      const over = new Promise<void>((resolve) => {
        // A broken connection may emit several errors.
        client.on('error', () => resolve());
        client.once('end', resolve);
        stopping.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      try {
        await client.connect();
        // An application with nothing else to do may exit.
        (client as pg.Client & { unref(): void }).unref();
        client.on('notification', onChange);
        await client.query('LISTEN reembed');
        onChange();
        pauseMs = FIRST_PAUSE_MS;
        await over;
        onChange();
      } catch {
        // The server is down or a standby. The settings are still polled.
      }
      await client.end().catch(() => {});
      await sleep(pauseMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
    }
  })();
  return {
    async close() {
      stopping.abort();
      await listening;
    },
  };
}
