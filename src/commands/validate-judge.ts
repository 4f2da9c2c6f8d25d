import { SingleBar } from 'cli-progress';
import type { Config } from '../config.ts';
import { providerAccess } from '../embedding/open-provider.ts';
import { createChat } from '../judge/chat.ts';
import type { Judge, JudgePlan } from '../judge/judge.ts';
import { tokensNote } from '../plan/count-tokens.ts';
import { counted, formatUsd } from '../wording.ts';
import { say } from './print.ts';

// The requests are many and short; a local server answers few at a time.
const MOST_CONCURRENT = 8;
const FIRST_PAUSE_MS = 500;

/**
 * Creates the chat model of the configuration. Prints what it will be sent, with the price, before the first request, and shows progress.
 *
 * @param limits maximum tokens and US dollars of the run
 * @returns undefined if none is configured
 * @throws MissingApiKey, UnknownProvider, UsageError
 */
export function createJudge(config: Config, limits: { maxTokens?: number | undefined; maxUsd?: number | undefined }): Judge | undefined {
  if (config.judge === undefined) return undefined;
  const { model, provider, access, price } = config.judge;
  const named = providerAccess({ name: model, provider: provider ?? null }, 'new', { ...config, newProvider: access });
  const bar = new SingleBar({
    format: 'asking the chat model [{bar}] {value}/{total}, {eta_formatted} left',
    gracefulExit: false,
    linewrap: true,
  });
  return {
    chat: createChat(model, named, { timeoutSeconds: config.requestTimeoutSeconds }),
    price,
    ...limits,
    concurrency: Math.min(MOST_CONCURRENT, config.mostInFlight),
    pauseMs: FIRST_PAUSE_MS,
    onPlan: (plan) => say(planText(plan)),
    onProgress(done, total) {
      if (done === 1) bar.start(total, 0);
      bar.update(done);
      if (done === total) bar.stop();
    },
  };
}

function planText({ purpose, model, host, requests, known, leftOut, tokens, usd }: JudgePlan): string {
  const sent =
    purpose === 'grade'
      ? `${counted(requests, 'pair')} of query and row to grade`
      : `the texts of ${counted(requests, 'row')}, for a question about each`;
  const parts = [
    `sending ${model} at ${host} ${sent}: about ${counted(tokens, 'token')}${tokensNote()}, ${usd === null ? 'price unknown (JUDGE_PRICE)' : formatUsd(usd)}`,
    known > 0 ? `${counted(known, 'grade is', 'grades are')} stored already` : '',
    leftOut > 0
      ? `${counted(leftOut, purpose === 'grade' ? 'query' : 'row', purpose === 'grade' ? 'queries' : 'rows')} left out by the limits`
      : '',
  ];
  return parts.filter(Boolean).join('; ');
}
