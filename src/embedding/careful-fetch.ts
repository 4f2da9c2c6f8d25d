import { formatBytes } from '../wording.ts';
import { BadAnswer } from './check-vectors.ts';
import { type Asked, ProviderRefused } from './provider-error.ts';

// Far more than a component needs in JSON: about 22 characters with 17 digits and the comma.
const BYTES_A_COMPONENT = 64;
const BYTES_BESIDE = 1024 * 1024;

/** Maximum size of an answer in bytes, after decompression. */
export function mostAnswerBytes(texts: number, dimensions: number): number {
  return BYTES_BESIDE + texts * dimensions * BYTES_A_COMPONENT;
}

/**
 * A `fetch` that follows no redirect, because texts and key would go to another host, and that stops reading an answer
 * that is larger than a correct one can be, after decompression.
 *
 * @param mostBytes maximum size of an answer in bytes; unlimited when left out
 * @throws ProviderRefused for a redirect; reading the body throws BadAnswer
 */
export function carefulFetch({ model, access }: Asked, mostBytes = Number.POSITIVE_INFINITY): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: 'manual' });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw new ProviderRefused(
        'provider_redirects',
        `the provider of ${model} redirects requests to another address (${response.status}); the redirect was not followed`,
        `set ${access.addressSetting} to the final address`,
        { model },
      );
    }
    if (!response.body || mostBytes === Number.POSITIVE_INFINITY) return response;
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(limit(mostBytes, () => answerTooLarge(model, access.addressSetting, mostBytes))), {
      status,
      statusText,
      headers,
    });
  };
}

function limit(mostBytes: number, tooLarge: () => Error): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > mostBytes) controller.error(tooLarge());
      else controller.enqueue(chunk);
    },
  });
}

const answerTooLarge = (model: string, addressSetting: string, mostBytes: number) =>
  new BadAnswer(
    'answer_too_large',
    model,
    `answered with more than ${formatBytes(mostBytes)}, more than a valid answer can have`,
    `check ${addressSetting}`,
  );
