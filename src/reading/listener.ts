import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** A connection that hears of changed settings. */
export interface Listener {
  close(): Promise<void>;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Listens on a connection beside a pool for changes of the settings. One that breaks is opened again, and whatever may have
 * been missed counts as a change. Never fails: where it cannot listen, it goes on trying in silence.
 *
 * @param onChange called for each notice, and after each time the connection was opened
 */
export function listen(pool: pg.Pool, onChange: () => void): Listener {
  const stopping = new AbortController();
  const listening = (async () => {
    for (let pauseMs = FIRST_PAUSE_MS; !stopping.signal.aborted; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      const client = new pg.Client(pool.options);
      const over = new Promise<void>((resolve) => {
        // A connection that breaks may say so more than once.
        client.on('error', () => resolve());
        client.once('end', resolve);
        stopping.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      try {
        await client.connect();
        // An application that has nothing else to do may end.
        (client as pg.Client & { unref(): void }).unref();
        client.on('notification', onChange);
        await client.query('LISTEN reembed');
        onChange();
        pauseMs = FIRST_PAUSE_MS;
        await over;
        onChange();
      } catch {
        // The server is away, or a standby: settings are still asked for now and then.
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
