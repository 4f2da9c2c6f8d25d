import { commandsPage } from './commands.ts';
import { errorsPage } from './errors.ts';
import { objectsPage } from './objects.ts';
import { settingsPage } from './settings.ts';

/** The pages that are generated from the code, by the files that they would be. */
export async function referencePages(): Promise<Map<string, string>> {
  return new Map([
    ['site/reference/commands.md', await commandsPage()],
    ['site/reference/settings.md', settingsPage()],
    ['site/reference/objects.md', objectsPage()],
    ['site/reference/errors.md', errorsPage()],
  ]);
}
