import type { Mutant } from './mutant.ts';

const CHECKS = 'src/embedding/check-vectors.ts';
const ERRORS = 'src/embedding/provider-error.ts';
const SHAKY = {
  test: 'provider-faults',
  title: 'server errors, cut connections and invalid answers are retried and mark no row as failed',
  says: /each request that failed was sent once more as it was/,
};
const AT_FAULT = { test: 'check-vectors', title: 'exactly the vectors at fault are named, in either encoding' };

/** One or more for each kind of answer that the provider of a storm spoils. */
export const BAD_ANSWERS: Mutant[] = [
  {
    fault: '429 with Retry-After',
    fix: 'the pause is as long as the provider says',
    test: 'provider-faults',
    title: 'a 429 with Retry-After holds every request until then, and the database says so',
    says: /the next request came after \d+ ms/,
    edits: [
      {
        file: 'src/embedding/patience.ts',
        find: '(error instanceof ProviderUnavailable ? error.retryAfterSeconds : undefined) ?? backOff',
        replace: 'backOff',
      },
    ],
  },
  {
    fault: '429 with Retry-After',
    fix: 'every worker learns of it through the database',
    test: 'provider-faults',
    title: 'a 429 with Retry-After holds every request until then, and the database says so',
    says: /not within 60 s: a hold/,
    edits: [
      {
        file: 'src/embedding/patience.ts',
        find: 'await holdProvider(db, model, pause, error.message);',
        replace: 'await new Promise((resolve) => setTimeout(resolve, pause * 1000));',
      },
    ],
  },
  {
    fault: '429 without',
    fix: 'a 429 is no fault of the texts: it is waited out',
    test: 'quota',
    title: 'a provider that accepts few requests at a time is found out, and costs no row and no batch an attempt',
    says: /Difference|not true/i,
    edits: [
      {
        file: ERRORS,
        find: 'if (status === 429) return',
        replace: 'if (status === 0) return',
      },
    ],
  },
  {
    ...SHAKY,
    fault: '500',
    fix: 'an error of the server is no fault of the texts: it is asked again',
    edits: [{ file: ERRORS, find: '(status !== undefined && status >= 500)', replace: 'status === 503' }],
  },
  {
    ...SHAKY,
    fault: '503',
    fix: 'an error of the server is no fault of the texts: it is asked again',
    edits: [{ file: ERRORS, find: '(status !== undefined && status >= 500)', replace: 'status === 500' }],
  },
  {
    fault: 'time-out',
    fix: 'a request is given up after EMBED_TIMEOUT_SECONDS',
    test: 'provider-faults',
    title: 'a request that is never answered is given up after EMBED_TIMEOUT_SECONDS and sent again',
    says: /timeout exceeded/i,
    edits: [{ file: 'src/embedding/provider.ts', find: '    timeout: options.timeoutSeconds * 1000,\n', replace: '' }],
  },
  {
    ...SHAKY,
    fault: 'cut connection',
    fix: 'a connection that breaks is no fault of the texts: it is asked again',
    edits: [
      {
        file: ERRORS,
        find: '  if (error instanceof APIConnectionError || error instanceof APIUserAbortError) return unavailable();\n',
        replace: '',
      },
    ],
  },
  {
    ...SHAKY,
    fault: 'no JSON',
    fix: 'an answer that is no JSON is asked for again',
    edits: [{ file: ERRORS, find: 'if (!(error instanceof APIError)) return unavailable();', replace: '' }],
  },
  {
    fault: 'wrong count',
    fix: 'vectors are counted',
    test: 'check-vectors',
    title: 'an answer with the wrong number of vectors or with unknown indexes blames no text',
    says: /wrong_dimensions/,
    edits: [{ file: CHECKS, find: '|| answers.length !== count) {', replace: ') {' }],
  },
  {
    fault: 'reordered',
    fix: 'vectors go by their index',
    test: 'provider-limits',
    title: 'requests are packed to EMBED_REQUEST_INPUTS, carry the document prefix and the dimensions, and may be answered in any order',
    says: /\d+ new/,
    edits: [{ file: CHECKS, find: 'const position = answer?.index ?? place;', replace: 'const position = place;' }],
  },
  {
    ...AT_FAULT,
    fault: 'short vectors',
    fix: 'components are counted',
    says: /Difference|Function returned/,
    edits: [
      { file: CHECKS, find: '  if (numbers.length !== into.length) return numbers.length;\n', replace: '' },
      { file: CHECKS, find: 'into[i] = typeof number', replace: 'into[i] = i >= numbers.length ? 0 : typeof number' },
      { file: CHECKS, find: '  }\n  return numbers.length;\n', replace: '  }\n  return into.length;\n' },
    ],
  },
  {
    ...AT_FAULT,
    fault: 'NaN',
    fix: 'a vector with NaN or infinity in it is refused',
    says: /Difference|Function returned/,
    edits: [{ file: CHECKS, find: 'if (!Number.isFinite(sum))', replace: 'if (false)' }],
  },
  {
    ...AT_FAULT,
    fault: 'NaN',
    fix: 'what is no number does not become a zero',
    says: /Difference|Function returned/,
    edits: [{ file: CHECKS, find: "typeof number === 'number' ? number : Number.NaN", replace: 'Number(number)' }],
  },
  {
    ...AT_FAULT,
    fault: 'zero vector',
    fix: 'a vector of zeros is refused',
    says: /Difference|Function returned/,
    edits: [{ file: CHECKS, find: 'if (sum === 0)', replace: 'if (false)' }],
  },
  {
    fault: 'the other encoding',
    fix: 'base64 where numbers were asked for is not taken: nothing was proved of it',
    test: 'check-vectors',
    title: 'text where numbers were asked for, text that is not base64 and vectors of another number type are no vectors',
    says: /Function returned/,
    edits: [{ file: CHECKS, find: "encoding === 'base64' && typeof embedding", replace: 'typeof embedding' }],
  },
  {
    fault: 'the other encoding',
    fix: 'numbers where base64 was asked for are taken',
    test: 'check-vectors',
    title:
      'vectors come out as they were sent, in the order of the texts, as numbers and as base64, and numbers where base64 was asked for',
    says: /Property failed/,
    edits: [
      {
        file: CHECKS,
        find: ': copy(Array.isArray(embedding) ? embedding : [], vector);',
        replace: ": copy(encoding === 'float' && Array.isArray(embedding) ? embedding : [], vector);",
      },
    ],
  },
  {
    fault: 'a text the provider refuses',
    fix: 'a refused request is divided until the text at fault is alone',
    test: 'provider-faults',
    title: 'a row the provider refuses ends up alone in failed_row, without its text, and the others go on',
    says: /Difference|provider_unusable/,
    edits: [
      {
        file: 'src/embedding/embed-texts.ts',
        find: 'if (request.length === 1) await park(request[0] as DistinctText, error);',
        replace: 'if (request.length > 0) for (const text of request) await park(text, error);',
      },
    ],
  },
];
