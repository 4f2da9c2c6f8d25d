import type { ListenAddress } from './listen-address.ts';
import { createStateReader } from './read-state.ts';
import { createReadiness } from './readiness.ts';
import { createRegistry } from './registry.ts';
import { servePages, textPage } from './server.ts';
import type { WorkMonitor } from './work-monitor.ts';

/** The pages of a worker for Prometheus and Kubernetes. */
export interface Monitoring {
  /** to be given to the worker */
  monitor: WorkMonitor;
  close(): Promise<void>;
}

/**
 * Serves /metrics, /livez and /readyz.
 *
 * @param options.target the only target that the worker serves; all of them when left out
 * @param options.stopping aborted when the worker is asked to stop
 * @throws CannotListen
 */
export async function startMonitoring(
  address: ListenAddress,
  options: { databaseUrl: string; target?: string | undefined; stopping: AbortSignal; notice: (line: string) => void },
): Promise<Monitoring> {
  const { notice } = options;
  const { monitor, expose } = createRegistry();
  const readiness = createReadiness(options.stopping);
  const state = createStateReader(options.databaseUrl, options.target, notice);
  const server = await servePages(address, {
    async '/metrics'() {
      const { targets, isUp } = await state.read();
      const { type, text } = await expose(targets, isUp);
      return { status: 200, type, body: text };
    },
    // Whether the process still answers, whatever its database does: a restart would not bring that back.
    '/livez': () => textPage(200, 'alive'),
    '/readyz': () => (readiness.obstacle === undefined ? textPage(200, 'ready') : textPage(503, `not ready: ${readiness.obstacle}`)),
  });
  notice(`http://${server.at}/metrics is served, beside /livez and /readyz`);
  if (server.isOpenToAll)
    notice('warning: they are served on every network interface and without a password; they name targets, models and what they cost');
  return {
    monitor: { ...monitor, lookedForWork: () => readiness.lookedForWork(), queueFailed: () => readiness.queueFailed() },
    async close() {
      await server.close();
      await state.close();
    },
  };
}
