import { visible } from '../print-text.ts';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * A line for a chat, without anything that the chat acts on: names and messages from elsewhere must neither mention
 * people nor create links. Slack takes its markup from < and > and documents their escapes. Mentions, Markdown links
 * and addresses are broken by a space, because the other receivers have no common escape.
 */
export function chatText(line: string): string {
  return visible(line)
    .replace(/@(?=\w)/g, '@ ')
    .replace(/\](?=[([])/g, '] ')
    .replace(/:\/\//g, ': //')
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? character);
}
