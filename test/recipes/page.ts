import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const PAGES = new URL('../../docs/recipes/', import.meta.url);

/** What a page of docs/recipes contains for a program. */
export interface Page {
  name: string;
  text: string;
  /** content of each file, by the name in the first line of its blocks; several blocks of a name are one file */
  files: Map<string, string>;
  /** what is installed, as arguments of pip or npm */
  packages: { installer: 'pip' | 'npm'; names: string[] } | undefined;
  /** arguments of each `migrate create`, in order */
  creates: string[][];
  /** SQL blocks that name no file, in order */
  statements: string[];
}

/** Names of all pages, without the overview. */
export function pageNames(): string[] {
  return readdirSync(PAGES)
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .map((name) => name.replace('.md', ''))
    .sort();
}

export function readPage(name: string): Page {
  const text = readFileSync(new URL(`${name}.md`, PAGES), 'utf8');
  const files = new Map<string, string>();
  const statements: string[] = [];
  for (const language of ['python', 'ts', 'sql']) {
    for (const block of blocks(text, language)) {
      const [, file] = /^(?:#|\/\/|--) ([\w.]+\.(?:py|ts|sql))\n/.exec(block) ?? [];
      if (file !== undefined) files.set(file, `${files.get(file) ?? ''}${block}\n`);
      else if (language === 'sql') statements.push(block);
      else throw new Error(`${name}.md: the first line of a block of ${language} must name its file`);
    }
  }
  const lines = blocks(text, 'sh').flatMap((block) => block.replaceAll(/\\\n\s*/g, ' ').split('\n'));
  const [install] = lines.map((line) => /^(pip|npm) install (.+)$/.exec(line)).filter((match) => match !== null);
  return {
    name,
    text,
    files,
    packages: install && { installer: install[1] as 'pip' | 'npm', names: shellWords(install[2] ?? '') },
    creates: lines.map((line) => /^npm run migrate create -- (.+)$/.exec(line)?.[1]).flatMap((rest) => (rest ? [shellWords(rest)] : [])),
    statements,
  };
}

function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, block = '']) => block);
}

/** Splits a command as the shell does that a reader pastes it into. */
export function shellWords(text: string): string[] {
  const { stdout, status, stderr } = spawnSync('sh', ['-c', `printf '%s\\0' ${text}`], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${text}: ${stderr}`);
  return stdout.split('\0').slice(0, -1);
}
