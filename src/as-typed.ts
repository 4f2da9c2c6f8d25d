const COMMANDS = 'migrate|worker|status|validate|report|setting|alerts|retry|purge|release|doctor|db';
const UNDER_NPM = new RegExp(`\\bnpm run (${COMMANDS})\\b( --(?= ))?`, 'g');

/**
 * Text with its commands as its reader types them: `npm run worker -- --drain` where npm started this process, else
 * `npx reembed worker --drain`. Messages, in TypeScript and in SQL, are written in the form of npm.
 */
export function asTyped(text: string): string {
  return process.env.npm_lifecycle_event ? text : text.replace(UNDER_NPM, 'npx reembed $1');
}
