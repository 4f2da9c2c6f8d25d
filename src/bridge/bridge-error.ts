import { EXIT, ReembedError } from '../errors.ts';
import { counted, formatNumber } from '../wording.ts';
import type { FittedMap } from './fit-map.ts';
import type { JudgedFigures } from './judged-figures.ts';

/** Thrown before the campaign can store a vector of the new model. */
export class BridgeTooEarly extends ReembedError {
  constructor(campaign: string, phase: string) {
    super('bridge_too_early', `campaign ${campaign} is in phase ${phase}, and no row can be embedded yet`, 'npm run migrate up');
  }
}

/** Thrown when the campaign ended, or reached contract, while the map was fitted. */
export class BridgeTooLate extends ReembedError {
  constructor(campaign: string) {
    super(
      'bridge_too_late',
      `campaign ${campaign} reached contract or ended while the map was fitted, and its old vectors are no longer searched`,
      'no bridge is needed any more; npm run status shows what runs',
    );
  }
}

/** Thrown when another fit of the same campaign is running. */
export class FitRunning extends ReembedError {
  constructor(campaign: string) {
    super(
      'bridge_fit_running',
      `another npm run bridge fit for campaign ${campaign} is running, and two would pay for two samples`,
      'wait until it ends: npm run bridge show; nothing was sent to the provider',
    );
  }
}

/** Thrown when there are too few rows to fit a map to. */
export class TooFewPairs extends ReembedError {
  constructor(found: number, fewest: number) {
    super(
      'too_few_pairs',
      `${counted(found, 'row')} with a vector of both models can be used, and a map needs ${fewest}`,
      'see npm run status for rows that fail or wait; a table this small is embedded faster than a bridge is built: npm run worker',
    );
  }
}

/** Thrown when a map of the query cannot reproduce the order of a model's searches. */
export class DistanceUnfit extends ReembedError {
  constructor(model: string) {
    super(
      'distance_unfit',
      `vectors of ${model} are searched by Euclidean distance and are not of length 1, and no map of the query gives that order`,
      'go on without a bridge: npm run worker',
    );
  }
}

/** Thrown when the map finds no more rows than chance would. */
export class MapIsNoise extends ReembedError {
  override readonly exitCode = EXIT.validationFailed;

  constructor({ kept, known, chance }: Pick<FittedMap, 'kept' | 'known' | 'chance'>) {
    super(
      'bridge_is_noise',
      `the map finds ${formatNumber(kept)} of ${counted(known, 'held-out row')} that the new model finds, and chance alone would find ${(chance * known).toFixed(1)}`,
      'check that the stored vectors are those of the old model: npm run doctor; otherwise go on without a bridge: npm run worker',
    );
  }
}

/** Thrown when the old model is better than the bridge by more than the margin, with certainty. */
export class BridgeWorseThanOld extends ReembedError {
  override readonly exitCode = EXIT.validationFailed;

  constructor({ queries, old, bridge, difference }: JudgedFigures, margin: number) {
    const [before, change] = [(old ?? 0).toFixed(3), difference];
    super(
      'bridge_worse_than_old',
      `on ${counted(queries, 'judged query', 'judged queries')} the bridge has nDCG@10 ${bridge.toFixed(3)}, the old model ${before}: a difference of ${change?.value.toFixed(3)} [${change?.low.toFixed(3)}, ${change?.high.toFixed(3)}], and max_ndcg_loss allows -${margin.toFixed(3)}`,
      'keep serving the old model, and fit again when more rows have a new vector; compare the models with npm run compare before going on',
    );
  }
}

/** Thrown when no map was fitted for a table. */
export class BridgeMissing extends ReembedError {
  constructor(target: string) {
    super('bridge_missing', `there is no bridge for ${target}`, 'npm run bridge fit');
  }
}
