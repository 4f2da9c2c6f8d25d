import { ReembedError } from '../../errors.ts';
import { BadAnswer } from '../check-vectors.ts';
import { knownModel, knownPrefixes, modelsWith, type NamedModel } from '../model-catalog.ts';
import type { ModelRow } from '../models.ts';
import { InputRefused } from '../provider-error.ts';
import { agrees, similarity } from '../similarity.ts';
import type { AskModel } from './ask-model.ts';
import { type CandidateText, shellQuoted } from './candidate-texts.ts';
import { tokenCutter } from './first-tokens.ts';

/** A row whose stored vector is not the one that the model returns for its text. */
export interface DisagreeingRow {
  stored: ArrayLike<number>;
  fresh: ArrayLike<number>;
  text: string;
  /** the row's text by each candidate, in their order; null where it has none */
  candidates: (string | null)[];
}

/** What is needed to find out what stored vectors are of. */
export interface Disagreement {
  model: ModelRow;
  rows: readonly DisagreeingRow[];
  candidates: readonly CandidateText[];
  /** models of the campaign, which may have been confused */
  otherModels: readonly NamedModel[];
  minSimilarity: number;
  ask: AskModel;
}

/** What the stored vectors are of, and what it cost to find out. */
export interface Explanation {
  /** the end of a sentence that begins "the stored vectors are of"; undefined when nothing that was tried fits */
  cause: string | undefined;
  /** option of `migrate create` that fits; undefined when none does */
  option: string | undefined;
  requests: number;
  tokens: number;
}

type Cause = Pick<Explanation, 'cause' | 'option'>;

/** One thing that the vectors may be of: a text for each row that can test it. */
interface Trial extends Cause {
  model: ModelRow;
  texts: { row: DisagreeingRow; text: string }[];
}

const MOST_TEXTS = 10;
const MOST_REQUESTS = 12;
const MOST_MODELS = 3;
const ROWS_A_TRIAL = 3;
const USUAL_LIMITS = [8191, 512, 256];

/**
 * Finds out by trying what stored vectors are of, in at most twelve requests of at most ten texts: a part of the model's dimensions, other
 * columns and combinations of them, known prefixes, texts cut off at a token limit, other models of the same provider.
 *
 * A provider that fails meanwhile ends the trials, and nothing is thrown.
 */
export async function explainDisagreement(disagreement: Disagreement): Promise<Explanation> {
  const spent = { requests: 0, tokens: 0 };
  const ofDimensions = explainDimensions(disagreement);
  if (ofDimensions) return { ...ofDimensions, ...spent };
  const { model, rows } = disagreement;
  const hasOtherDimensions = rows.some(({ stored, fresh }) => stored.length !== fresh.length);
  const ofTexts = hasOtherDimensions
    ? []
    : [...textTrials(disagreement), ...prefixTrials(disagreement), ...(await limitTrials(disagreement))];
  for (const trials of [...inRequests(ofTexts).slice(0, MOST_REQUESTS - MOST_MODELS), ...modelTrials(disagreement)]) {
    const found = await attempt(trials, disagreement, spent);
    if (found === 'unavailable' && trials[0]?.model === model) break;
    if (typeof found === 'object') return { cause: found.cause, option: found.option, ...spent };
  }
  return { cause: undefined, option: undefined, ...spent };
}

/** A vector that was shortened, or filled up with zeros, shows it without a request. */
function explainDimensions({ model, rows, minSimilarity }: Disagreement): Cause | undefined {
  const [first] = rows;
  if (!first) return undefined;
  const [stored, fresh] = [first.stored.length, first.fresh.length];
  const filled = Math.max(...rows.map((row) => lengthWithoutZeros(row.stored)));
  const common = Math.min(filled, fresh);
  if (common === fresh && common === stored) return undefined;
  const fits = most(rows, (row) => agrees(similarity(firstOf(row.stored, common), firstOf(row.fresh, common), 'cosine'), minSimilarity));
  if (!fits || common === 0) return undefined;
  const part =
    common < fresh ? `the first ${common} of the ${fresh} dimensions of ${model.name}` : `the ${fresh} dimensions of ${model.name}`;
  return { cause: filled < stored ? `${part}, filled up with zeros` : part, option: undefined };
}

function textTrials({ model, rows, candidates }: Disagreement): Trial[] {
  return candidates.map(({ what, option }, i) => ({
    cause: what,
    option,
    model,
    texts: testable(rows, (row) => row.candidates[i] ?? undefined).map(({ row, text }) => ({ row, text: model.document_prefix + text })),
  }));
}

function prefixTrials({ model, rows }: Disagreement): Trial[] {
  return ['', ...knownPrefixes()]
    .filter((prefix) => prefix !== model.document_prefix)
    .map((prefix) => ({
      cause: prefix === '' ? 'the text without a prefix' : `the text with the prefix ${JSON.stringify(prefix)}`,
      option: `--from-document-prefix ${shellQuoted(prefix)}`,
      model,
      texts: rows.slice(0, ROWS_A_TRIAL).map((row) => ({ row, text: prefix + row.text })),
    }));
}

async function limitTrials({ model, rows }: Disagreement): Promise<Trial[]> {
  const limits = [...new Set([...(model.token_limit === null ? [] : [model.token_limit]), ...USUAL_LIMITS])];
  // Most texts have fewer characters than the smallest limit has tokens, and the tokenizer takes a moment to load.
  if (rows.every(({ text }) => text.length < Math.min(...limits))) return [];
  const cut = await tokenCutter();
  if (!cut) return [];
  return limits.map((limit) => ({
    cause: `the first ${limit} tokens of each text`,
    option: undefined,
    model,
    texts: testable(rows, (row) => cut(row.text, limit)).map(({ row, text }) => ({ row, text: model.document_prefix + text })),
  }));
}

/** One request for each other model: its texts with and without its own prefix. */
function modelTrials({ model, rows, otherModels }: Disagreement): Trial[][] {
  const dimensions = rows[0]?.stored.length ?? 0;
  const named = [...otherModels.filter((one) => one.dimensions === dimensions), ...modelsWith(dimensions)];
  const others = [...new Map(named.map((one) => [one.name, one])).values()].filter(({ name }) => name !== model.provider_model);
  return others.slice(0, MOST_MODELS).map(({ name, dimensions: native }) => {
    const other = {
      ...model,
      name,
      provider_model: name,
      send_dimensions: knownModel(name).takesDimensions && native !== dimensions,
      dimensions,
    };
    return [...new Set([knownModel(name).documentPrefix, model.document_prefix])].map((prefix) => ({
      cause: `the model ${name}`,
      option: `--from ${shellQuoted(name)}${prefix === knownModel(name).documentPrefix ? '' : ` --from-document-prefix ${shellQuoted(prefix)}`}`,
      model: other,
      texts: rows.slice(0, ROWS_A_TRIAL).map((row) => ({ row, text: prefix + row.text })),
    }));
  });
}

/** The rows for which a candidate gives a text of its own, as many as one trial takes. */
function testable(rows: readonly DisagreeingRow[], textOf: (row: DisagreeingRow) => string | undefined) {
  return rows
    .map((row) => ({ row, text: textOf(row) ?? '' }))
    .filter(({ row, text }) => text.trim() !== '' && text !== row.text)
    .slice(0, ROWS_A_TRIAL);
}

/** Packs trials into requests, each whole. */
function inRequests(trials: readonly Trial[]): Trial[][] {
  const requests: Trial[][] = [];
  let texts = MOST_TEXTS;
  for (const trial of trials.filter((one) => one.texts.length > 0)) {
    if (texts + trial.texts.length > MOST_TEXTS) {
      requests.push([]);
      texts = 0;
    }
    requests.at(-1)?.push(trial);
    texts += trial.texts.length;
  }
  return requests;
}

async function attempt(
  trials: readonly Trial[],
  { model, minSimilarity, ask }: Disagreement,
  spent: { requests: number; tokens: number },
): Promise<Cause | 'unavailable' | undefined> {
  const texts = trials.flatMap((trial) => trial.texts);
  const [first] = trials;
  if (!first) return undefined;
  try {
    spent.requests += 1;
    const { vectors, tokens } = await ask(
      first.model,
      texts.map(({ text }) => text),
    );
    spent.tokens += tokens;
    const vectorOf = new Map(texts.map((one, i) => [one, vectors[i] ?? []]));
    return trials.find((trial) =>
      most(trial.texts, (one) => agrees(similarity(one.row.stored, vectorOf.get(one) ?? [], model.distance), minSimilarity)),
    );
  } catch (error) {
    // One of the texts may be refused, such as an empty prefix by a model that needs one.
    if (error instanceof InputRefused || error instanceof BadAnswer) return undefined;
    if (!(error instanceof ReembedError)) throw error;
    return 'unavailable';
  }
}

// A few rows may be outdated besides.
function most<T>(items: readonly T[], isTrue: (item: T) => boolean): boolean {
  return items.length > 0 && items.filter(isTrue).length * 3 >= items.length * 2;
}

function firstOf(vector: ArrayLike<number>, dimensions: number): number[] {
  return Array.from(vector).slice(0, dimensions);
}

function lengthWithoutZeros(vector: ArrayLike<number>): number {
  let length = vector.length;
  while (length > 0 && vector[length - 1] === 0) length -= 1;
  return length;
}
