import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { columnOf, STATE_METRICS, type StateMetric, WORK_METRICS } from './definitions.ts';
import type { TargetState } from './read-state.ts';
import type { WorkMonitor, WorkOf } from './work-monitor.ts';

type WorkMetricName = keyof typeof WORK_METRICS;
type NameOf<Type> = { [Name in WorkMetricName]: (typeof WORK_METRICS)[Name]['type'] extends Type ? Name : never }[WorkMetricName];

/** The metrics of a worker process. */
export interface MetricsRegistry {
  monitor: Pick<WorkMonitor, 'requested' | 'counted' | 'embedded' | 'stored' | 'throttles'>;
  /**
   * The metrics as Prometheus reads them.
   *
   * @param state of the database; undefined when it is not known
   * @param isDatabaseUp whether it answered
   */
  expose(state: readonly TargetState[] | undefined, isDatabaseUp: boolean): Promise<{ type: string; text: string }>;
}

// From a local model's answer to a provider's timeout; a store takes as long as the throttle makes it wait.
const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Makes the metrics, all at zero, with those of the process that prom-client has (memory, processor time, event loop). */
export function createRegistry(): MetricsRegistry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const describe = (name: WorkMetricName) => ({
    name,
    help: WORK_METRICS[name].help,
    labelNames: [...WORK_METRICS[name].labels],
    registers,
  });
  const counters = new Map<NameOf<'counter'>, Counter>();
  const histograms = new Map<string, Histogram>();
  const gauges = new Map<string, Gauge>();
  for (const name of Object.keys(WORK_METRICS) as WorkMetricName[]) {
    if (isCounter(name)) counters.set(name, new Counter(describe(name)));
    else if (WORK_METRICS[name].type === 'histogram') histograms.set(name, new Histogram({ ...describe(name), buckets: SECONDS }));
    else gauges.set(name, new Gauge(describe(name)));
  }
  const stateGauges = (Object.keys(STATE_METRICS) as StateMetric[]).map((name) => ({
    column: columnOf(name),
    gauge: new Gauge({ name, help: STATE_METRICS[name], labelNames: ['target', 'model'], registers }),
  }));
  const shares = new Map<string, () => number>();

  // What is no number of that kind would make prom-client throw, in the middle of a job.
  const add = (name: NameOf<'counter'>, { target, model }: WorkOf, by = 1) => {
    if (Number.isFinite(by) && by >= 0) counters.get(name)?.inc({ target, model }, by);
  };
  const observe = (name: NameOf<'histogram'>, { target, model }: WorkOf, seconds: number) => {
    if (Number.isFinite(seconds)) histograms.get(name)?.observe({ target, model }, seconds);
  };

  return {
    monitor: {
      requested(of, outcome, isRepeated) {
        add('reembed_provider_requests_total', of);
        add('reembed_provider_retries_total', of, isRepeated ? 1 : 0);
        add('reembed_provider_overloaded_total', of, outcome.kind === 'overloaded' ? 1 : 0);
        add('reembed_provider_failures_total', of, outcome.kind === 'answered' ? 0 : 1);
        if (outcome.kind === 'answered') observe('reembed_provider_request_seconds', of, outcome.seconds);
      },
      counted(of, tokens, usdPerMillionTokens) {
        add('reembed_tokens_total', of, tokens);
        if (usdPerMillionTokens !== null) add('reembed_spend_usd_total', of, (tokens * usdPerMillionTokens) / 1_000_000);
      },
      embedded(of, { embedded, refused }) {
        add('reembed_rows_embedded_total', of, embedded);
        add('reembed_rows_refused_total', of, refused);
      },
      stored(of, rows, seconds) {
        add('reembed_rows_stored_total', of, rows);
        observe('reembed_store_seconds', of, seconds);
      },
      throttles(target, share) {
        shares.set(target, share);
      },
    },
    async expose(state, isDatabaseUp) {
      gauges.get('reembed_database_up')?.set(isDatabaseUp ? 1 : 0);
      for (const [target, share] of shares) gauges.get('reembed_throttle_share')?.set({ target }, share());
      // A counter that begins with its first row would have no rate before the second.
      for (const of of state ?? []) for (const name of counters.keys()) add(name, of, 0);
      for (const { column, gauge } of stateGauges) {
        // A campaign that ended, or a database that does not answer, must not leave values that look current.
        gauge.reset();
        for (const { target, model, figures } of state ?? []) {
          const figure = figures[column];
          if (figure !== null && figure !== undefined) gauge.set({ target, model }, figure);
        }
      }
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}

function isCounter(name: WorkMetricName): name is NameOf<'counter'> {
  return WORK_METRICS[name].type === 'counter';
}
