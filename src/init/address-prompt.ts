import { styleText } from 'node:util';
import { TextPrompt } from '@clack/core';
import { S_BAR, S_BAR_END, symbol } from '@clack/prompts';

const MASK = '•';
// What follows the user's name is taken for a password until it is known to be the port of an address without a user.
const PASSWORD = /^([a-z]+:\/\/[^:@/?#]*:)(?!\d{1,5}\/[^@]*$)(.+?)(@[^@]*)?$/i;
const PARAMETER = /([?&]password=)([^&]*)/gi;

/** The address of a database as it may be shown: each character of its password becomes a dot. */
export function maskPassword(address: string): string {
  return address
    .replace(PASSWORD, (_, before: string, secret: string, rest = '') => `${before}${MASK.repeat(secret.length)}${rest}`)
    .replace(PARAMETER, (_, before: string, secret: string) => `${before}${MASK.repeat(secret.length)}`);
}

/** Asks for the address of a database. The terminal, which keeps what it showed, never gets the password. */
export async function promptAddress(
  message: string,
  placeholder: string,
  validate: (value: string | undefined) => string | undefined,
): Promise<string | symbol> {
  const prompt = new TextPrompt({
    validate,
    placeholder,
    render() {
      const shown = maskPassword(this.userInput);
      const title = `${styleText('gray', S_BAR)}\n${symbol(this.state)}  ${message}\n`;
      if (this.state === 'submit') return `${title}${styleText('gray', S_BAR)}  ${styleText('dim', shown)}`;
      if (this.state === 'cancel') return `${title}${styleText('gray', S_BAR)}  ${styleText(['strikethrough', 'dim'], shown)}`;
      const colour = this.state === 'error' ? 'yellow' : 'cyan';
      const [bar, end] = [S_BAR, S_BAR_END].map((sign) => styleText(colour, sign));
      return `${title}${bar}  ${withCursor(shown, this.cursor, placeholder)}\n${end}  ${styleText('yellow', this.error)}\n`;
    },
  });
  return (await prompt.prompt()) ?? '';
}

function withCursor(text: string, at: number, placeholder: string): string {
  if (text === '') return styleText('inverse', placeholder.slice(0, 1)) + styleText('dim', placeholder.slice(1));
  return `${text.slice(0, at)}${styleText('inverse', text[at] ?? ' ')}${text.slice(at + 1)}`;
}
