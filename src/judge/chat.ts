import { APIError } from 'openai';
import { carefulFetch } from '../embedding/careful-fetch.ts';
import { errorInAnswer } from '../embedding/error-answer.ts';
import { createClient } from '../embedding/provider.ts';
import { classifyProviderError } from '../embedding/provider-error.ts';
import type { ProviderAccess } from '../provider-access.ts';

/** What a chat model is asked. */
export interface Prompt {
  /** the task */
  system: string;
  /** the data */
  user: string;
}

/** Tokens of a request and of its answer. */
export interface ChatTokens {
  input: number;
  output: number;
}

/** The answer of a chat model. */
export interface ChatAnswer {
  /** empty for a refusal and for an answer without text */
  text: string;
  /** whether the answer ended at the limit of its tokens */
  isCut: boolean;
  /** as the provider counted them; undefined where it counts none */
  tokens: ChatTokens | undefined;
}

/** A chat model behind an OpenAI-compatible address. */
export interface Chat {
  /** name sent to the provider */
  readonly model: string;
  /** host that the texts are sent to */
  readonly host: string;
  /**
   * Sends one request, without retries.
   *
   * @param mostTokens maximum number of tokens of the answer
   * @param temperature 0 for the most likely answer
   * @throws ProviderUnavailable, ProviderRefused, InputRefused, BadAnswer
   */
  ask(prompt: Prompt, mostTokens: number, temperature: number): Promise<ChatAnswer>;
}

// Far more than a short answer needs, also with a chain of thought.
const MOST_ANSWER_BYTES = 1024 * 1024;

/**
 * @param options.timeoutSeconds timeout in seconds for one answer
 * @throws MissingApiKey
 */
export function createChat(model: string, access: ProviderAccess, options: { timeoutSeconds: number }): Chat {
  const { api, secrets } = createClient(access, model, options);
  const careful = api.withOptions({ fetch: carefulFetch({ model, access }, MOST_ANSWER_BYTES) });
  // Reasoning models accept neither a limit under this name nor a temperature.
  let takesSampling = true;

  return {
    model,
    host: access.baseUrl && URL.canParse(access.baseUrl) ? new URL(access.baseUrl).host : 'api.openai.com',
    async ask(prompt, mostTokens, temperature) {
      const sent = [prompt.system, prompt.user];
      const withSampling = takesSampling;
      try {
        const answer = await send(prompt, withSampling ? { max_tokens: mostTokens, temperature } : {});
        const error = errorInAnswer(answer, model, secrets, sent);
        if (error) throw error;
        return readChatAnswer(answer);
      } catch (error) {
        if (withSampling && refusesSampling(error)) {
          takesSampling = false;
          return this.ask(prompt, mostTokens, temperature);
        }
        throw classifyProviderError(error, { model, access }, secrets, sent);
      }
    },
  };

  function send(prompt: Prompt, sampling: { max_tokens?: number; temperature?: number }) {
    return careful.chat.completions.create({
      model,
      messages: [
        { role: 'system', content: prompt.system },
        { role: 'user', content: prompt.user },
      ],
      ...sampling,
    });
  }
}

/** Reads an answer of any shape: a server may leave out every part of it. */
function readChatAnswer(answer: unknown): ChatAnswer {
  const { choices, usage } = Object(answer) as { choices?: unknown; usage?: { prompt_tokens?: unknown; completion_tokens?: unknown } };
  const [choice] = Array.isArray(choices) ? (choices as unknown[]) : [];
  const { message, finish_reason } = Object(choice) as { message?: unknown; finish_reason?: unknown };
  const { content } = Object(message) as { content?: unknown };
  const [input, output] = [usage?.prompt_tokens, usage?.completion_tokens];
  return {
    text: typeof content === 'string' ? content : '',
    isCut: finish_reason === 'length',
    tokens: isCount(input) && isCount(output) ? { input, output } : undefined,
  };
}

function isCount(figure: unknown): figure is number {
  return Number.isSafeInteger(figure) && (figure as number) >= 0;
}

function refusesSampling(error: unknown): boolean {
  return (
    error instanceof APIError &&
    error.status === 400 &&
    (error.param === 'max_tokens' || error.param === 'temperature' || /^unsupported_(parameter|value)$/.test(error.code ?? ''))
  );
}
