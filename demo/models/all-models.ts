import { minilm } from './minilm.ts';
import type { EmbeddingModel } from './model.ts';
import { useLite } from './use-lite.ts';

/** Every model of the demo by the name a client asks for. */
export const allModels: ReadonlyMap<string, EmbeddingModel> = new Map([useLite, minilm].map((model) => [model.name, model]));
