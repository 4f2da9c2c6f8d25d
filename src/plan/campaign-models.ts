import { indexableType } from '../database/element-types.ts';
import { knownDimensions, knownModel } from '../embedding/model-catalog.ts';
import { UsageError } from '../errors.ts';
import type { CampaignRequest } from './campaign-request.ts';
import { MAX_STORED_DIMENSIONS } from './choose-form.ts';
import { TooManyStoredDimensions } from './choose-form-error.ts';
import { hasDimensions, type TableFacts } from './inspect.ts';
import type { KnownTarget } from './known-target.ts';
import { OldModelDimensions } from './old-model-error.ts';
import type { ModelDefinition } from './plan.ts';

/** Name of the old model if the user did not name it. It cannot be called. */
export const UNNAMED_MODEL = 'unnamed-old-model';

/**
 * The model of the present vectors: as recorded by an earlier campaign, or else as the request names it.
 *
 * @throws UsageError when the request names another model than the recorded one
 * @throws OldModelDimensions
 */
export function oldModel(
  request: Pick<CampaignRequest, 'from' | 'fromProviderModel' | 'fromProvider' | 'fromDocumentPrefix' | 'fromQueryPrefix'>,
  facts: TableFacts,
  known: KnownTarget | undefined,
  distance: ModelDefinition['distance'],
): ModelDefinition {
  if (known) {
    if (request.from !== undefined && request.from !== known.readModel) {
      throw new UsageError(
        `${facts.table}.${facts.column} holds vectors of ${known.readModel}, not of ${request.from}`,
        'leave --from out',
      );
    }
    return { ...known.readModelDefinition, provider: request.fromProvider ?? known.readModelDefinition.provider };
  }
  const name = request.from ?? UNNAMED_MODEL;
  const catalog = knownModel(name);
  refuseDimensions(request.fromProviderModel ?? name, facts);
  return {
    name,
    providerModel: request.fromProviderModel ?? name,
    dimensions: facts.dimensions ?? 1,
    elementType: facts.elementType,
    distance,
    documentPrefix: request.fromDocumentPrefix ?? catalog.documentPrefix,
    queryPrefix: request.fromQueryPrefix ?? catalog.queryPrefix,
    sendDimensions: catalog.takesDimensions,
    tokenLimit: catalog.tokenLimit,
    usdPerMillionTokens: catalog.usdPerMillionTokens,
    provider: request.fromProvider ?? null,
  };
}

/** @throws OldModelDimensions for a known model that cannot have made vectors of the column's type */
function refuseDimensions(model: string, { table, column, columnType, dimensions }: TableFacts): void {
  const known = knownDimensions(model);
  if (known === undefined || dimensions === null || !hasDimensions(columnType)) return;
  const { takesDimensions, isMatryoshka } = knownModel(model);
  const isPossible = takesDimensions || isMatryoshka ? dimensions <= known : dimensions === known;
  if (!isPossible) throw new OldModelDimensions(model, `${table}.${column}`, { model: known, column: dimensions });
}

/** @throws TooManyStoredDimensions */
export function newModel(request: CampaignRequest, facts: TableFacts, distance: ModelDefinition['distance']): ModelDefinition {
  const catalog = knownModel(request.to);
  if (request.dimensions > MAX_STORED_DIMENSIONS) throw new TooManyStoredDimensions(request.dimensions, MAX_STORED_DIMENSIONS);
  // The type stays the same where possible, so that the live view can be replaced.
  const isOnVectors = request.index === undefined || request.index === 'hnsw' || request.index === 'ivfflat';
  const elementType = request.type ?? (isOnVectors ? indexableType(facts.elementType, request.dimensions) : undefined) ?? facts.elementType;
  return {
    name: request.toName ?? request.to,
    providerModel: request.to,
    dimensions: request.dimensions,
    elementType,
    distance,
    documentPrefix: request.documentPrefix ?? catalog.documentPrefix,
    queryPrefix: request.queryPrefix ?? catalog.queryPrefix,
    sendDimensions: request.sendDimensions ?? catalog.takesDimensions,
    tokenLimit: request.tokenLimit ?? catalog.tokenLimit,
    usdPerMillionTokens: request.price ?? catalog.usdPerMillionTokens,
    provider: request.provider ?? null,
  };
}
