import type { Encoding } from './encoding.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import type { ModelRow } from './models.ts';
import { createLearntLimits, type LearntLimits } from './request-limits.ts';

/** What this process has found out about a model at an address. */
export interface Findings {
  inFlight: InFlight;
  limits: LearntLimits;
  /** what to ask for; undefined until it was tried out */
  encoding: Encoding | undefined;
  /** it is being tried out */
  isOnTrial: boolean;
  /** how often it was tried out in vain */
  failedTrials: number;
}

const known = new Map<string, Findings>();

/** Findings of which nothing is known yet. */
export function createFindings(mostInFlight: number): Findings {
  return {
    inFlight: createInFlight(mostInFlight),
    limits: createLearntLimits(),
    encoding: undefined,
    isOnTrial: false,
    failedTrials: 0,
  };
}

/** The findings that all provider objects of a model at an address share, so that batches, changed rows and validations go by the same. */
export function findingsOf(model: ModelRow, baseUrl: string | undefined, mostInFlight: number): Findings {
  const key = JSON.stringify([baseUrl, model.provider_model, model.dimensions, model.send_dimensions, mostInFlight]);
  const findings = known.get(key) ?? createFindings(mostInFlight);
  known.set(key, findings);
  return findings;
}
