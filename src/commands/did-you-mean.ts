import { Command, CommanderError } from 'commander';

/** A question that names the most similar words, as commander asks it for options; undefined when none is similar. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const asked = new Command()
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeErr() {} });
  for (const name of known) asked.command(name);
  try {
    asked.parse([word], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const [, question] = /\((Did you mean .*\?)\)/.exec(error.message) ?? [];
    return question?.replace(/^D/, 'd');
  }
  return undefined;
}
