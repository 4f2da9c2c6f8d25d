import { BridgeUnsure, BridgeWorse } from '../bridge/validation/bridge-error.ts';
import { bridgeJson, bridgeText } from '../bridge/validation/bridge-report.ts';
import { type BridgeVerdict, storeBridge } from '../bridge/validation/store-bridge.ts';
import { type BridgeOptions, measureBridge } from '../bridge/validation/validate-bridge.ts';
import type { Database } from '../database/connection.ts';
import { type ReembedError, UsageError } from '../errors.ts';
import { reasonOf } from '../plan/inventory/accepted.ts';
import { visibleLines } from '../print-text.ts';
import { print, printJson, say } from './print.ts';
import type { ValidateCommandOptions } from './validate-options.ts';

/** Code by which a bridge is accepted whose old model is gone. */
const UNMEASURED = 'bridge-unmeasured';

// A bridge is compared by nDCG over all rows, and nothing else is measured.
const NOT_FOR_BRIDGE = {
  group: '--group',
  groupBy: '--group-by',
  filter: '--filter',
  sliceBy: '--slice-by',
  cutoff: '--cutoff',
  grade: '--grade',
  sweep: '--sweep',
};

/** Options that only --bridge has. @throws UsageError where they are given without it, or others with it */
export function checkBridgeOptions(given: ValidateCommandOptions): void {
  if (!given.bridge) {
    const own = [given.candidates && '--candidates', given.accept && '--accept', given.reason && '--reason'].find(Boolean);
    if (own) throw new UsageError(`${own} belongs to --bridge`, 'add --bridge, or leave it out');
    return;
  }
  const ignored = Object.entries(NOT_FOR_BRIDGE).find(([name]) => given[name as keyof typeof NOT_FOR_BRIDGE] !== undefined);
  if (ignored) throw new UsageError(`--bridge and ${ignored[1]} exclude each other`, 'leave one of them out');
  const unknown = given.accept?.find((code) => code !== UNMEASURED);
  if (unknown !== undefined) throw new UsageError(`there is no ${unknown} to accept for a bridge`, `what can be accepted is ${UNMEASURED}`);
  if (given.accept) reasonOf(given.reason);
}

/**
 * `reembed validate --bridge`: measures the bridge and stores the run. Records the acceptance of a bridge whose old model is gone.
 *
 * @throws BridgeWorse, BridgeUnsure when it must not serve
 */
export async function runBridge(database: Database, options: BridgeOptions, command: ValidateCommandOptions): Promise<void> {
  const run = await measureBridge(database, options);
  const stored = await storeBridge(database.pool, run);
  if (command.json) printJson(bridgeJson(run, stored));
  else print(`${visibleLines(bridgeText(run, stored))}\n`);
  if (stored.finding?.code === 'bridge_unmeasured' && command.accept) {
    await database.pool.query('SELECT reembed.accept($1, $2, $3)', [run.campaign.name, UNMEASURED, reasonOf(command.reason)]);
    say(`accepted ${UNMEASURED}: the bridge serves searches until the switch`);
    return;
  }
  const error = bridgeError(stored, command);
  if (error) throw error;
}

function bridgeError({ verdict, finding }: BridgeVerdict, { failOn }: ValidateCommandOptions): ReembedError | undefined {
  if (!finding || failOn === 'none' || (failOn === 'fail' && verdict !== 'fail')) return undefined;
  return verdict === 'fail'
    ? new BridgeWorse(finding.reason, finding.remedy)
    : new BridgeUnsure(finding.code, finding.reason, finding.remedy);
}

/** Queries made of rows where none are named: every table has them. */
export function bridgeQueries(options: ValidateCommandOptions): ValidateCommandOptions {
  const isNamed = options.queries !== undefined || options.queryTable !== undefined || options.queriesFrom !== undefined;
  if (options.queriesFrom === 'rows')
    throw new UsageError('rows have no text to embed as a query', 'add --queries-from generated, or leave --queries-from out');
  return isNamed ? options : { ...options, queriesFrom: 'generated' };
}
