import { minilm } from './minilm.ts';
import type { EmbeddingModel } from './model.ts';
import { useLite } from './use-lite.ts';

/** All models of the demo, by the name that a client requests. */
export const allModels: ReadonlyMap<string, EmbeddingModel> = new Map([useLite, minilm].map((model) => [model.name, model]));
