import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readJudgements } from '../../src/validation/queries/judgements.ts';
import { spread } from '../../src/validation/queries/queries.ts';

// SciFact with the vectors of two models is not part of this repository: it is in a folder next to it, or in TEST_SCIFACT.
const folder = process.env.TEST_SCIFACT
  ? pathToFileURL(`${process.env.TEST_SCIFACT}/`)
  : new URL('../../../shared/data/scifact/', import.meta.url);

/** Whether the data exists. */
export const HAS_SCIFACT_DATA = existsSync(folder);

/** The file of the relevance judgements. */
export const SCIFACT_JUDGEMENTS = fileURLToPath(new URL('qrels.tsv', folder));

/** A model whose vectors are available. */
export interface ScifactModel {
  name: 'use-lite' | 'minilm';
  dimensions: number;
}

export const USE_LITE: ScifactModel = { name: 'use-lite', dimensions: 512 };
export const MINILM: ScifactModel = { name: 'minilm', dimensions: 384 };

/** An abstract. */
export interface ScifactDocument {
  id: string;
  title: string;
  text: string;
}

/** A claim for which abstracts are searched. */
export interface ScifactQuery {
  id: string;
  text: string;
}

export const readScifactDocuments = () => readObjects<ScifactDocument>('corpus.jsonl');
export const readScifactQueries = () => readObjects<ScifactQuery>('queries.jsonl');

/** The text of an abstract that the models embedded. */
export const textOfAbstract = ({ title, text }: ScifactDocument) => `${title} ${text}`;

/** All abstracts that are judged relevant, and as many others as make `rows`; the same ones each time. */
export function chooseScifactDocuments(rows: number): { chosen: ScifactDocument[]; rest: ScifactDocument[] } {
  const relevant = new Set([...readJudgements(SCIFACT_JUDGEMENTS).values()].flatMap((gains) => [...gains.keys()]));
  const [judged = [], others = []] = [true, false].map((is) => readScifactDocuments().filter(({ id }) => relevant.has(id) === is));
  const added = new Set(spread(others, rows - judged.length));
  return { chosen: [...judged, ...added], rest: others.filter((one) => !added.has(one)) };
}

/** The vectors that a real model computed, by the texts of the abstracts and queries. */
export function readScifactVectors({ name, dimensions }: ScifactModel): Map<string, Float32Array> {
  const texts = [...readScifactDocuments().map(textOfAbstract), ...readScifactQueries().map(({ text }) => text)];
  const vectors = [`${name}.docs.f32`, `${name}.queries.f32`].flatMap((file) => readVectors(file, dimensions));
  return new Map(texts.map((text, i) => [text, vectors[i] as Float32Array]));
}

function readObjects<T>(name: string): T[] {
  return readFileSync(new URL(name, folder), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

/** Reads rows of raw little-endian float32 numbers. */
function readVectors(name: string, dimensions: number): Float32Array[] {
  const bytes = readFileSync(new URL(name, folder));
  const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return Array.from({ length: floats.length / dimensions }, (_, i) => floats.subarray(i * dimensions, (i + 1) * dimensions));
}
