import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startForeground } from './foreground.ts';

const ALERTS = fileURLToPath(new URL('../../deploy/prometheus/alerts.yml', import.meta.url));

/** A Prometheus of a single test file. */
export interface PrometheusServer {
  /** the values of an expression at this moment, by the labels named; one that has no such label is under '' */
  query(expression: string, label?: string): Promise<Record<string, number>>;
  /** names of the alerts that it evaluates */
  alerts(): Promise<string[]>;
  close(): Promise<void>;
}

/** Runs the command in TEST_PROMETHEUS with a configuration and a port as its last arguments: it scrapes one address every second. */
export async function startPrometheus(command: string, address: string): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), 'reembed-prometheus-'));
  const file = join(folder, 'prometheus.yml');
  writeFileSync(
    file,
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [ALERTS],
      scrape_configs: [{ job_name: 'reembed', static_configs: [{ targets: [address] }] }],
    }),
  );
  const { port, close } = await startForeground(`${command} ${file}`, 'Prometheus', 'SIGTERM');
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const { data } = (await answer.json()) as { data: { result: Sample[]; groups: { rules: { name: string }[] }[] } };
    return data;
  };
  return {
    async query(expression, label = '') {
      const data = await ask(`query?query=${encodeURIComponent(expression)}`);
      return Object.fromEntries((data?.result ?? []).map(({ metric, value }) => [metric[label] ?? '', Number(value[1])]));
    },
    async alerts() {
      return (await ask('rules')).groups.flatMap(({ rules }) => rules.map(({ name }) => name));
    },
    async close() {
      await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}
