import { requestLine } from '../../embedding/batch-lines.ts';
import { distinctTexts } from '../../embedding/distinct-texts.ts';
import type { Encoding } from '../../embedding/encoding.ts';
import { packRequests, type RequestLimits } from '../../embedding/pack.ts';
import type { Provider } from '../../embedding/provider.ts';
import type { BatchRow } from '../reader.ts';
import type { ProviderBatch } from './provider-batch.ts';

/** One request of a provider batch. */
export interface SentRequest {
  /** numbered from 1 across the whole provider batch */
  number: number;
  line: Buffer;
  inputs: number;
  /** estimated */
  tokens: number;
  rows: { row: BatchRow; input: number }[];
}

// When one text is refused, all texts of its request go back to ordinary requests, at the full price. Requests themselves
// cost nothing, so they are small.
const MOST_INPUTS = 50;

/** The custom_id of a request at the provider. */
export function customIdOf({ id }: ProviderBatch, attempt: number, request: number | ''): string {
  return `${id}-${attempt}-${request}`;
}

/**
 * The requests for the rows of one ledger batch, with identical texts sent once. Rows whose text cannot be read are left out.
 *
 * @param options.firstNumber number of the first request
 * @param options.customId makes the custom_id of a request from its number
 * @param options.limits limits of one request; the number of texts has a lower limit of its own
 */
export function requestsOf(
  rows: readonly BatchRow[],
  { model, body }: Pick<Provider, 'model' | 'body'>,
  options: {
    firstNumber: number;
    customId: (number: number) => string;
    encoding: Encoding;
    limits: RequestLimits;
    tokensPerCharacter: number;
  },
): SentRequest[] {
  const sound = rows.filter(({ failure }) => failure === null);
  const prefixLength = model.document_prefix.length;
  const texts = distinctTexts(sound, (text) => Math.max(1, Math.ceil((text.length + prefixLength) * options.tokensPerCharacter)));
  const packed = packRequests(
    [...texts.values()],
    { ...options.limits, inputs: Math.min(MOST_INPUTS, options.limits.inputs) },
    ({ tokens }) => tokens,
  );
  const places = new Map(packed.flatMap((request, at) => request.map(({ text }, input) => [text, { at, input }] as const)));
  const requests = packed.map((request, at): SentRequest => {
    const number = options.firstNumber + at;
    const contents = request.map(({ text }) => text);
    return {
      number,
      line: Buffer.from(requestLine(options.customId(number), body(contents, 'document', options.encoding))),
      inputs: request.length,
      tokens: request.reduce((sum, { tokens }) => sum + tokens, 0),
      rows: [],
    };
  });
  for (const row of sound) {
    const place = places.get(row.text ?? '');
    if (place) requests[place.at]?.rows.push({ row, input: place.input });
  }
  return requests;
}
