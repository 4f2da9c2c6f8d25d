import { allModels } from '../models/all-models.ts';
import type { EmbeddingModel } from '../models/model.ts';

// OpenAI's own limit.
const MOST_INPUTS = 2048;

/** A refusal in the terms of the OpenAI API. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;

  constructor(status: number, message: string, { code, param }: { code?: string; param?: string } = {}) {
    super(message);
    this.status = status;
    this.code = code ?? null;
    this.param = param ?? null;
  }
}

/** A valid request for embeddings. */
export interface EmbeddingRequest {
  model: EmbeddingModel;
  texts: string[];
  base64: boolean;
}

/** Parses the body of `POST /v1/embeddings`; throws the `ApiError` that refuses it. */
export function parseEmbeddingRequest(body: string): EmbeddingRequest {
  const fields = parseObject(body);
  const model = requestedModel(fields.model);
  const { dimensions = model.dimensions, encoding_format: format = 'float' } = fields;
  if (dimensions !== model.dimensions) {
    throw new ApiError(400, `The model ${model.name} has ${model.dimensions} dimensions, not ${dimensions}`, { param: 'dimensions' });
  }
  if (format !== 'float' && format !== 'base64') {
    throw new ApiError(400, "encoding_format must be 'float' or 'base64'", { param: 'encoding_format' });
  }
  return { model, texts: requestedTexts(fields.input), base64: format === 'base64' };
}

function parseObject(body: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // Refused below, like every other body that is not an object.
  }
  throw new ApiError(400, 'The body must be a JSON object');
}

function requestedModel(name: unknown): EmbeddingModel {
  const model = typeof name === 'string' ? allModels.get(name) : undefined;
  if (model) return model;
  const known = [...allModels.keys()].join(' and ');
  throw new ApiError(404, `There is no model ${JSON.stringify(name)}; there are ${known}`, { code: 'model_not_found', param: 'model' });
}

function requestedTexts(input: unknown): string[] {
  const texts: unknown[] = Array.isArray(input) ? input : [input];
  if (texts.length === 0 || texts.length > MOST_INPUTS) {
    throw new ApiError(400, `input must have 1 to ${MOST_INPUTS} texts, not ${texts.length}`, { param: 'input' });
  }
  texts.forEach((text, index) => {
    if (typeof text !== 'string') throw new ApiError(400, `input[${index}] is not a text`, { param: 'input' });
    if (text === '') throw new ApiError(400, `input[${index}] is an empty string`, { param: 'input' });
  });
  return texts as string[];
}
