import { ReembedError } from '../errors.ts';

/** Thrown when an option needs the chat model and none is configured. */
export class JudgeMissing extends ReembedError {
  constructor(option: string) {
    super(
      'judge_missing',
      `${option} needs a chat model`,
      'set JUDGE_MODEL in .env, and JUDGE_BASE_URL and JUDGE_API_KEY where it is not at OPENAI_BASE_URL',
    );
  }
}

/** Thrown when a limit in US dollars cannot be kept because the price of the chat model is not known. */
export class JudgePriceMissing extends ReembedError {
  constructor(model: string, limit: string) {
    super(
      'judge_price_missing',
      `${limit} needs the price of ${model}, which is not known`,
      'set JUDGE_PRICE in .env: US dollars per million tokens of input and output, such as 0.15,0.60',
    );
  }
}

/** Thrown when the next request does not fit in a limit. */
export class JudgeLimitReached extends ReembedError {
  constructor(limit: string) {
    super(
      'judge_limit',
      `the next request to the chat model exceeds ${limit}`,
      `nothing is lost: raise ${limit}; stored grades are not paid again`,
    );
  }
}

/** Thrown for an answer of the chat model that does not contain what was asked for. */
export class UnreadableAnswer extends ReembedError {
  constructor(model: string, isCut: boolean) {
    super(
      'unreadable_answer',
      `${model} ${isCut ? 'did not finish its answer' : 'did not answer what it was asked'}`,
      'name a model that follows instructions with JUDGE_MODEL',
    );
  }
}

/** Thrown when the chat model made no query of any row. */
export class NoQuestions extends ReembedError {
  constructor(model: string, problem: string | null) {
    super(
      'no_questions',
      `${model} made a question of no row${problem === null ? '' : `: ${problem}`}`,
      'check JUDGE_MODEL, JUDGE_BASE_URL and JUDGE_API_KEY, or choose other queries with --queries-from',
    );
  }
}
