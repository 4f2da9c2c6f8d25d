import Table from 'cli-table3';
import { formatBytes, formatNumber } from '../../src/wording.ts';
import type { BenchResult, Figures } from './figures.ts';
import type { Latency } from './open-loop.ts';
import { type Procedure, secondsOf } from './procedure.ts';

// One line per figure; rules between them would double the length.
const PLAIN = { style: { head: [], border: [] }, chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' } };

/** The result of a run in readable form. */
export function reportText(result: BenchResult): string {
  const { machine, options, contenders, absent, procedure } = result;
  const { rows, dimensions, m, efConstruction, seed, autovacuum } = options.table;
  const lines = [
    `${formatNumber(rows)} rows, ${dimensions} dimensions, HNSW m ${m} ef_construction ${efConstruction}, seed ${seed}, autovacuum ${autovacuum ? 'on' : 'off'}`,
    options.procedure
      ? `no application beside it, ${options.maintenanceMemory} MB for index builds`
      : `application: ${options.readsPerSecond} searches and ${options.writesPerSecond} writes a second; provider ${options.provider === 'http' ? 'called by HTTP' : 'within the worker'}, answers after ${options.latency} ms${[...options.settings, ...options.environment].map((given) => `; ${given}`).join('')}`,
    `PostgreSQL ${machine.postgresql}, pgvector ${machine.pgvector}, fsync ${machine.settings.fsync}, shared_buffers ${machine.settings.shared_buffers}; ` +
      `${machine.cores} cores, ${formatBytes(machine.memoryBytes)}, load average ${machine.loadAverage.toFixed(1)}; Node ${machine.node}; ${machine.date}`,
  ];
  if (contenders.length > 0) lines.push(figuresTable(contenders), ...contenders.map(growthLine));
  if (procedure) lines.push(procedureTable(procedure));
  lines.push(...absent.map(({ contender, reason }) => `${contender}: ${reason}`));
  return lines.join('\n');
}

function figuresTable(contenders: Figures[]): string {
  const table = new Table({
    head: ['', ...contenders.map(({ contender, title }) => `${contender}: ${title}`)],
    ...PLAIN,
    wordWrap: true,
    colWidths: [34, ...contenders.map(() => 20)],
  });
  const row = (name: string, cell: (figures: Figures) => string) => table.push([name, ...contenders.map(cell)]);
  row('rows/s', ({ rowsPerSecond, ratios }) => `${formatNumber(Math.round(rowsPerSecond))}${times(ratios.toRowByRow?.rowsPerSecond)}`);
  row('  compared with the floor', ({ ratios }) => times(ratios.toFloor?.rowsPerSecond).trim() || '–');
  row('seconds', ({ seconds }) => seconds.toFixed(1));
  row(
    'client CPU, µs a row',
    ({ clientCpuMicrosecondsPerRow, ratios }) =>
      `${clientCpuMicrosecondsPerRow.toFixed(0)}${times(ratios.toRowByRow?.clientCpuMicrosecondsPerRow)}`,
  );
  row('server CPU, µs a row', ({ serverCpuMicrosecondsPerRow: cpu, ratios }) =>
    cpu === null ? '–' : `${cpu.toFixed(0)}${times(ratios.toRowByRow?.serverCpuMicrosecondsPerRow)}`,
  );
  row(
    'WAL, bytes a row',
    ({ walBytesPerRow, ratios }) => `${formatNumber(Math.round(walBytesPerRow))}${times(ratios.toRowByRow?.walBytesPerRow)}`,
  );
  row(
    'growth, bytes a row',
    ({ growthBytesPerRow, ratios }) => `${formatNumber(Math.round(growthBytesPerRow))}${times(ratios.toRowByRow?.growthBytesPerRow)}`,
  );
  row('HOT updates', ({ hotShare }) => (hotShare === null ? '–' : `${(100 * hotShare).toFixed(0)} %`));
  row('dead tuples, autovacuum runs', ({ deadTuples, autovacuums }) => `${formatNumber(deadTuples)}, ${autovacuums}`);
  row('peak memory of the client', ({ peakMemoryBytes }) => formatBytes(peakMemoryBytes));
  if (contenders.some(({ during }) => during)) {
    row('reads p50/p95/p99 alone, ms', ({ idle }) => latency(idle?.reads));
    row('reads beside it', ({ during }) => latency(during?.reads));
    row('writes p50/p95/p99 alone, ms', ({ idle }) => latency(idle?.writes));
    row('writes beside it', ({ during }) => latency(during?.writes));
    row('reads, writes failed', ({ during }) => `${during?.reads.failed}, ${during?.writes.failed}`);
    row('rows left outdated', ({ outdatedRows }) => formatNumber(outdatedRows));
  }
  return table.toString();
}

function times(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined) return '';
  return ` (× ${ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)})`;
}

function latency(figures: Latency | undefined): string {
  if (!figures || figures.count === 0) return '–';
  return [figures.p50, figures.p95, figures.p99].map((value) => value.toFixed(value < 10 ? 1 : 0)).join(' / ');
}

/** Where the database grew, with further figures of one contender. */
function growthLine({ contender, growth, more }: Figures): string {
  const parts = [
    `heap ${formatBytes(growth.heap)}`,
    `TOAST ${formatBytes(growth.toast)}`,
    ...Object.entries(growth.indexes).map(([name, bytes]) => `${name} ${formatBytes(bytes)}`),
    ...(growth.vectorTable
      ? [`table of vectors ${formatBytes(growth.vectorTable.heap + growth.vectorTable.toast + growth.vectorTable.indexes)}`]
      : []),
    ...(growth.bookkeeping > 0 ? [`bookkeeping ${formatBytes(growth.bookkeeping)}`] : []),
  ];
  const others = Object.entries(more).map(([name, value]) => `${name} ${Number(value.toFixed(2))}`);
  return [`${contender} grew by: ${parts.join(', ')}`, ...(others.length > 0 ? [`  ${others.join(', ')}`] : [])].join('\n');
}

function procedureTable({ floor, procedures }: Procedure): string {
  const table = new Table({ head: ['procedure', 'steps, s', 'seconds', 'to the floor'], ...PLAIN });
  const steps = (list: { step: string; seconds: number }[]) => list.map(({ step, seconds }) => `${step} ${seconds.toFixed(1)}`).join('\n');
  for (const procedure of procedures)
    table.push([
      procedure.contender,
      steps(procedure.steps),
      secondsOf(procedure.steps).toFixed(1),
      `× ${procedure.ratioToFloor.toFixed(2)}`,
    ]);
  table.push(['floor', steps(floor), secondsOf(floor).toFixed(1), '']);
  return table.toString();
}
