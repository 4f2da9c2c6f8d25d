/** A metric of ours in /metrics. Labels are names of targets and models only: no key, text or address of a row may leave the database. */
export interface MetricDefinition {
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  labels: readonly ('target' | 'model')[];
}

const OF_MODEL = ['target', 'model'] as const;

/** What the process counts itself since it started. Summed over all workers, these are rates and totals of the whole fleet. */
export const WORK_METRICS = {
  reembed_rows_embedded_total: { type: 'counter', help: 'Rows whose text this process had embedded.', labels: OF_MODEL },
  reembed_rows_stored_total: { type: 'counter', help: 'Rows whose vector this process stored.', labels: OF_MODEL },
  reembed_rows_refused_total: { type: 'counter', help: 'Rows whose text the provider refused, or that cannot be sent.', labels: OF_MODEL },
  reembed_tokens_total: { type: 'counter', help: 'Tokens that the provider counted for this process.', labels: OF_MODEL },
  reembed_spend_usd_total: {
    type: 'counter',
    help: 'Price of these tokens in US dollars, where it is known; those of the batch API are not included.',
    labels: OF_MODEL,
  },
  reembed_provider_requests_total: { type: 'counter', help: 'Requests that were sent to the provider.', labels: OF_MODEL },
  reembed_provider_retries_total: {
    type: 'counter',
    help: 'Requests with a text that had been sent before in the same batch.',
    labels: OF_MODEL,
  },
  reembed_provider_overloaded_total: { type: 'counter', help: 'Requests that the provider answered with 429.', labels: OF_MODEL },
  reembed_provider_failures_total: { type: 'counter', help: 'Requests that brought no vectors, 429 included.', labels: OF_MODEL },
  reembed_provider_request_seconds: { type: 'histogram', help: 'Time until the provider answered with vectors.', labels: OF_MODEL },
  reembed_store_seconds: {
    type: 'histogram',
    help: 'Time to store the rows of a batch, waits of the throttle included.',
    labels: OF_MODEL,
  },
  reembed_throttle_share: {
    type: 'gauge',
    help: 'Share of the time that this process may spend on writing, 0 to 1.',
    labels: ['target'],
  },
  reembed_database_up: { type: 'gauge', help: '1 if the database answered this process, else 0.', labels: [] },
} as const satisfies Record<string, MetricDefinition>;

/** What the database knows: columns of reembed.metrics, whose comments are the same sentences. Every worker exports the same values. */
export const STATE_METRICS = {
  reembed_phase: 'Phase of the campaign: 1 expand, 2 backfill, 3 index, 4 switch, 5 contract.',
  reembed_serves_new_model: '1 if the live view reads the new model, else 0.',
  reembed_canary_ratio: 'Share of readers who read the new model before the switch, 0 to 1.',
  reembed_rows_planned: 'Rows of the backfill.',
  reembed_rows_left: 'Rows of the backfill that have no new vector yet.',
  reembed_failed_rows: 'Rows that could not be embedded or stored and wait for a person.',
  reembed_eta_seconds: 'Expected time until the backfill is done; absent while there is no estimate.',
  reembed_changes_waiting: 'Changed rows that wait for a vector.',
  reembed_change_lag_seconds: 'How long the oldest changed row has waited for a vector.',
  reembed_campaign_tokens: 'Tokens of the campaign so far, counted by the provider, over all workers.',
  reembed_campaign_cost_usd: 'Cost of the campaign so far in US dollars, over all workers; absent without a price.',
  reembed_spend_cap_used_ratio: 'Share of the spend cap that is used, 0 to 1; absent without a cap.',
  reembed_paused: '1 if the workers are paused, else 0.',
  reembed_throttled: '1 if anything slows or stops the workers: a pause, a throttle signal, the provider, or that none is running; else 0.',
  reembed_provider_held: '1 if requests wait because the provider asked to, or does not answer; else 0.',
  reembed_workers: 'Worker processes alive that serve the target.',
  reembed_alerts_open: 'Open alerts of the watch, without notices.',
  reembed_alerts_critical: 'Open critical alerts of the watch.',
  reembed_validation_verdict: 'Verdict of the last validation when it ended: 1 pass, 0 unsure, -1 fail; absent before the first.',
  reembed_damages: 'Objects of the target that DDL of the application broke.',
} as const;

export type StateMetric = keyof typeof STATE_METRICS;

/** Every metric of ours by its name. */
export const METRICS: Readonly<Record<string, MetricDefinition>> = {
  ...WORK_METRICS,
  ...Object.fromEntries(Object.entries(STATE_METRICS).map(([name, help]) => [name, { type: 'gauge', help, labels: OF_MODEL }] as const)),
};

/** The column of reembed.metrics that a metric is read from. */
export function columnOf(metric: StateMetric): string {
  return metric.replace(/^reembed_/, '');
}
