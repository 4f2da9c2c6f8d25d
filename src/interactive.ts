import type { WriteStream } from 'node:tty';

/** Whether a CI system runs this process: nobody answers its questions, and its log keeps everything that is written. */
export function isCi(env: NodeJS.ProcessEnv = process.env): boolean {
  const ci = env.CI?.trim() ?? '';
  return ci !== '' && !/^(0|false)$/i.test(ci);
}

/** Whether what a stream shows can be written over: a terminal that moves its cursor. Some CI systems have one, whose log keeps every line. */
export function canOverwrite(stream: NodeJS.WritableStream, env: NodeJS.ProcessEnv = process.env): boolean {
  return (stream as WriteStream).isTTY === true && env.TERM !== 'dumb' && !isCi(env);
}

/** Whether a person can be asked: at both ends there is a terminal, and no CI system holds it. */
export function canAsk(output: WriteStream, env: NodeJS.ProcessEnv = process.env): boolean {
  return process.stdin.isTTY && output.isTTY && !isCi(env);
}
