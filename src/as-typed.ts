const COMMANDS = 'import|compare|migrate|worker|status|ui|validate|report|setting|alerts|retry|purge|release|doctor|db';
const UNDER_NPM = new RegExp(`\\bnpm run (${COMMANDS})\\b( --(?= ))?`, 'g');

/**
 * Text with its commands in the form that the reader types: `npm run worker -- --drain` if npm started this process,
 * else `npx reembed worker --drain`. Messages in TypeScript and SQL are written in the form of npm.
 */
export function asTyped(text: string): string {
  return process.env.npm_lifecycle_event ? text : text.replace(UNDER_NPM, 'npx reembed $1');
}
