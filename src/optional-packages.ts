import { readFileSync } from 'node:fs';
import { EXIT, ReembedError } from './errors.ts';

// Only some commands need them, and they are several times as large as the rest: npm installs none of them with the toolkit.
const { peerDependencies: VERSIONS } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  peerDependencies: Record<OptionalPackage, string>;
};

/** A package that only some commands need. */
export type OptionalPackage =
  | '@electric-sql/pglite'
  | '@electric-sql/pglite-pgvector'
  | 'chromadb'
  | 'gpt-tokenizer'
  | 'onnxruntime-node'
  | 'vega'
  | 'vega-lite';

/** Thrown when packages are not installed that a command needs. */
export class PackageMissing extends ReembedError {
  override readonly exitCode = EXIT.usage;

  constructor(purpose: string, missing: readonly OptionalPackage[], alternative: string | undefined) {
    const [packages, are] = missing.length === 1 ? ['package', 'is'] : ['packages', 'are'];
    super(
      'package_missing',
      `${purpose} needs the npm ${packages} ${missing.join(' and ')}, which ${are} not installed`,
      [installCommand(missing), alternative].filter(Boolean).join(', or '),
    );
  }
}

/** Whether a package can be imported. */
export function isInstalled(name: OptionalPackage): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Refuses a command whose packages are not installed; called before anything is written or paid.
 *
 * @param purpose what needs them, as the subject of a sentence
 * @param alternative what else helps, as a command or clause
 * @throws PackageMissing
 */
export function requirePackages(purpose: string, packages: readonly OptionalPackage[], alternative?: string): void {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length > 0) throw new PackageMissing(purpose, missing, alternative);
}

/** The command that installs packages in versions that fit. Without a caret, which some shells interpret. */
export function installCommand(packages: readonly OptionalPackage[]): string {
  return `npm install ${packages.map((name) => `${name}@${VERSIONS[name].replace(/^\^(\d+).*/, '$1')}`).join(' ')}`;
}
