import pLimit, { type LimitFunction } from 'p-limit';
import type { Config } from '../config.ts';
import type { Database } from '../database/connection.ts';
import { type EmbedOptions, type EmbedOutcome, embedTexts } from '../embedding/embed-texts.ts';
import { openProvider } from '../embedding/open-provider.ts';
import type { Provider } from '../embedding/provider.ts';
import { observeRequests } from '../metrics/observe-work.ts';
import { createRequestLog, type RequestLog } from '../metrics/request-log.ts';
import type { WorkMonitor } from '../metrics/work-monitor.ts';
import { createThrottle } from '../throttle/throttle.ts';
import type { Pacing } from './pacing.ts';
import { createPortion } from './portion.ts';
import type { SourceRow } from './reader.ts';
import type { TargetColumn, VectorColumn } from './target.ts';

/** What every job of a worker needs. */
export interface WorkContext {
  database: Database;
  config: Config;
  /** the only target to serve; undefined: all of them */
  target: string | undefined;
  /** true when a person waits for this process: it then stops with the error of a provider that stays unavailable */
  giveUp: boolean;
  /** once aborted, no new request is started; vectors already received are still stored */
  stopping?: AbortSignal | undefined;
  /** counts the work, for metrics */
  monitor?: WorkMonitor | undefined;
  /** counts the requests to providers, for the database */
  requestLog: RequestLog;
  /** provider of a column's model, by the model's current definition */
  providerOf(vector: VectorColumn): Promise<Provider>;
  /** number of rows of a target to write at a time, as measured in this process, and when to write them */
  pacingOf(target: string): Pacing;
  /** runs the writes of a target's batches one after another */
  writerOf(target: string): LimitFunction;
  notice(line: string): void;
}

/** Makes the context of a worker process. */
export function createWorkContext(
  database: Database,
  config: Config,
  notice: (line: string) => void,
  options: { target?: string | undefined; giveUp?: boolean; stopping?: AbortSignal; monitor?: WorkMonitor | undefined } = {},
): WorkContext {
  const providers = new Map<string, Provider>();
  const writers = new Map<string, LimitFunction>();
  const pacings = new Map<string, Pacing>();
  return {
    database,
    config,
    notice,
    target: options.target,
    giveUp: options.giveUp ?? false,
    stopping: options.stopping,
    monitor: options.monitor,
    requestLog: createRequestLog(),
    pacingOf(target) {
      const pacing = pacings.get(target) ?? {
        portion: createPortion(),
        laterWaves: createPortion(),
        throttle: createThrottle(database.pool, target, notice, options.stopping),
        inTurn: pLimit(1),
      };
      if (!pacings.has(target)) options.monitor?.throttles(target, () => pacing.throttle.share);
      pacings.set(target, pacing);
      return pacing;
    },
    writerOf(target) {
      const writer = writers.get(target) ?? pLimit(1);
      writers.set(target, writer);
      return writer;
    },
    async providerOf(vector) {
      // A campaign that was rolled back and created again may define the same name differently.
      const definition = `${vector.role} ${JSON.stringify(vector.definition)}`;
      const provider = providers.get(definition) ?? openProvider(vector.definition, vector.role, config);
      providers.set(definition, provider);
      return provider;
    },
  };
}

/** Embeds rows with the model of one column. */
export async function embedRows<T extends SourceRow>(
  context: WorkContext,
  { target, vector }: TargetColumn,
  rows: T[],
  options: Pick<EmbedOptions, 'patienceSeconds' | 'signal' | 'onAnswer'>,
): Promise<EmbedOutcome<T>> {
  if (rows.length === 0) return { embedded: [], refused: [], tokens: 0, requests: 0, complete: true };
  const provider = await context.providerOf(vector);
  const outcome = await embedTexts(
    context.database.pool,
    provider,
    rows.filter(({ failure }) => failure === null),
    {
      limits: provider.limits,
      tokensPerCharacter: target.tokensPerCharacter,
      ...options,
      campaign: target.campaign,
      observe: observeRequests(context, target.name, vector),
      stopping: context.stopping,
    },
  );
  for (const item of rows) if (item.failure !== null) outcome.refused.push({ item, ...item.failure });
  context.monitor?.embedded(
    { target: target.name, model: vector.model },
    { embedded: outcome.embedded.length, refused: outcome.refused.length },
  );
  return outcome;
}
