import type { ProviderAccess } from '../provider-access.ts';
import type { Encoding } from './encoding.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import type { ModelRow } from './models.ts';
import { createLearntLimits, type LearntLimits } from './request-limits.ts';
import { createSucceeded, type Succeeded } from './succeeded.ts';

/** What this process has learnt about a model at an address. */
export interface Findings {
  inFlight: InFlight;
  limits: LearntLimits;
  /** texts that were embedded */
  succeeded: Succeeded;
  /** the encoding to request; undefined until it was tested */
  encoding: Encoding | undefined;
  /** true while a test is running */
  isOnTrial: boolean;
  /** number of tests without a result */
  failedTrials: number;
}

const known = new Map<string, Findings>();

/** Findings of a model about which nothing is known yet. */
export function createFindings(mostInFlight: number): Findings {
  return {
    inFlight: createInFlight(mostInFlight),
    limits: createLearntLimits(),
    succeeded: createSucceeded(),
    encoding: undefined,
    isOnTrial: false,
    failedTrials: 0,
  };
}

/**
 * The findings shared by all provider objects of a model at an address, so that batches, changed rows and validations use the same ones.
 */
export function findingsOf(model: ModelRow, { baseUrl, parameters }: ProviderAccess, mostInFlight: number): Findings {
  const key = JSON.stringify([baseUrl, parameters, model.provider_model, model.dimensions, model.send_dimensions, mostInFlight]);
  const findings = known.get(key) ?? createFindings(mostInFlight);
  known.set(key, findings);
  return findings;
}
