import { visible } from '../print-text.ts';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * A line as chats show it, with nothing in it that they act on: names and messages of others must neither call people nor put up
 * links. Slack takes its markup from < and >, and says how to escape them. A mention, a link of Markdown and an address are broken by
 * a space, because the receivers that make something of them agree on no escape.
 */
export function chatText(line: string): string {
  return visible(line)
    .replace(/@(?=\w)/g, '@ ')
    .replace(/\](?=[([])/g, '] ')
    .replace(/:\/\//g, ': //')
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? character);
}
