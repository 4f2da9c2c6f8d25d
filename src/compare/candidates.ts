import type { Config } from '../config.ts';
import type { Distance } from '../database/element-types.ts';
import { knownModel } from '../embedding/model-catalog.ts';
import type { ModelRow } from '../embedding/models.ts';
import { UsageError } from '../errors.ts';
import type { ModelDefinition } from '../plan/plan.ts';
import { BadCandidate } from './compare-error.ts';

/** A model as named on the command line. */
export interface CandidateSpec {
  /** as written */
  label: string;
  model: string;
  /** undefined: those that the model returns */
  dimensions: number | undefined;
  provider: string | null;
}

/** A model whose vectors are compared. Dimensions of 0 are not known before its first answer. */
export interface ComparedModel {
  model: ModelRow;
  /** the present one has its own provider in the environment */
  side: 'old' | 'new';
}

const SPEC = /^(?<model>.+?)(?::(?<dimensions>[1-9]\d{0,4}))?(?:@(?<provider>[^@/]+))?$/;

/**
 * Parses MODEL[:DIMENSIONS][@PROVIDER]. A model's name may contain colons and @, as in `arctic-embed2:568m` and `@cf/vendor/bge-m3`.
 *
 * @throws BadCandidate
 */
export function parseCandidate(spec: string): CandidateSpec {
  const { model, dimensions, provider } = SPEC.exec(spec.trim())?.groups ?? {};
  if (!model) throw new BadCandidate(spec, 'no model is named');
  return { label: spec.trim(), model, dimensions: dimensions === undefined ? undefined : Number(dimensions), provider: provider ?? null };
}

/** What the candidates have in common. */
export interface CandidateOptions {
  distance: Distance;
  /** US dollars per million tokens, by label or model */
  prices: ReadonlyMap<string, number>;
  /** send the dimensions of candidates that name some */
  sendDimensions: boolean;
}

/**
 * Defines the models of the candidates.
 *
 * @throws BadCandidate, UsageError when a candidate must name its provider
 */
export function defineCandidates(specs: readonly string[], config: Config, options: CandidateOptions): ComparedModel[] {
  const parsed = specs.map(parseCandidate);
  const twice = parsed.find(({ label }, i) => parsed.findIndex((other) => other.label === label) !== i);
  if (twice) throw new BadCandidate(twice.label, 'it is named twice');
  return parsed.map(({ label, model, dimensions, provider }) => {
    if (provider !== null && !config.providers.has(provider)) throw new BadCandidate(label, providerProblem(provider, config));
    if (provider === null && config.newProvider.apiKey === undefined && config.providers.size > 0)
      throw new UsageError(`the provider of ${label} is not named`, `give ${label}@${[...config.providers.keys()].join('|')}`);
    const catalog = knownModel(model);
    return {
      side: 'new',
      model: {
        name: label,
        provider_model: model,
        dimensions: dimensions ?? catalog.dimensions ?? 0,
        element_type: 'vector',
        distance: options.distance,
        document_prefix: catalog.documentPrefix,
        query_prefix: catalog.queryPrefix,
        send_dimensions: catalog.takesDimensions || (options.sendDimensions && dimensions !== undefined),
        token_limit: catalog.tokenLimit,
        usd_per_million_tokens: options.prices.get(label) ?? options.prices.get(model) ?? catalog.usdPerMillionTokens,
        provider,
      },
    };
  });
}

/** The model of the present vectors, as the embedding code takes it. */
export function presentModel(definition: ModelDefinition, prices: ReadonlyMap<string, number>): ComparedModel {
  return {
    side: 'old',
    model: {
      name: definition.name,
      provider_model: definition.providerModel,
      dimensions: definition.dimensions,
      element_type: 'vector',
      distance: definition.distance,
      document_prefix: definition.documentPrefix,
      query_prefix: definition.queryPrefix,
      send_dimensions: definition.sendDimensions,
      token_limit: definition.tokenLimit,
      usd_per_million_tokens: prices.get(definition.name) ?? definition.usdPerMillionTokens,
      provider: definition.provider,
    },
  };
}

function providerProblem(provider: string, { providers }: Config): string {
  const names = [...providers.keys()];
  return `there is no provider ${provider} in reembed.config.ts, .js or .json${names.length === 0 ? '' : `, only ${names.join(', ')}`}`;
}
