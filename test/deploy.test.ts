import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { constants, getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import type { Command } from 'commander';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { parse } from 'yaml';
import { migrateCommand } from '../src/commands/migrate.ts';
import { uiCommand } from '../src/commands/ui.ts';
import { workerCommand } from '../src/commands/worker.ts';
import { EXIT } from '../src/errors.ts';
import { readListenAddress } from '../src/metrics/listen-address.ts';
import { LONGEST_STOP_MS } from '../src/worker/worker.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');
// biome-ignore lint/suspicious/noExplicitAny: files of other programs, whose content the tests assert
const readYaml = (name: string): any => parse(read(name), { merge: true });

const dockerfile = read('deploy/Dockerfile').replaceAll(/\\\n\s*/g, '');
const compose = readYaml('docker-compose.yml');
const worker = readYaml('deploy/kubernetes/worker.yaml');
const migrate = readYaml('deploy/kubernetes/migrate.yaml');
const budget = readYaml('deploy/kubernetes/disruption-budget.yaml');
const [workerContainer] = worker.spec.template.spec.containers;
const [migrateContainer] = migrate.spec.template.spec.containers;

const UNITS = readdirSync(join(ROOT, 'deploy/systemd'));
const readUnit = (name: string) => read(`deploy/systemd/${name}`);
const settingOf = (unit: string, name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(readUnit(unit))?.[1] ?? '';

/** The JSON list of an instruction of the Dockerfile. */
const listOf = (instruction: string): string[] => JSON.parse(new RegExp(`^${instruction} (\\[.*\\])$`, 'm').exec(dockerfile)?.[1] ?? '[]');

/** What runs in a file under deploy/, as arguments of the command line. */
const ARGUMENTS: Record<string, string[]> = {
  'the image': listOf('CMD'),
  'the worker in Kubernetes': workerContainer.args,
  'the migrations in Kubernetes': migrateContainer.args,
  'the worker of docker compose': compose.services.worker.command,
  'the migrations of docker compose': compose.services.migrate.command,
  'the page of docker compose': compose.services.ui.command,
  ...Object.fromEntries(
    UNITS.map((name) => [
      name,
      settingOf(name, 'ExecStart')
        .replace(/^.*\/dist\/cli\.js /, '')
        .replace(' $WORKER_OPTIONS', '')
        .replace('%i', 'documents')
        .split(' '),
    ]),
  ),
};

for (const [name, args] of Object.entries(ARGUMENTS)) {
  test(`the command line knows what runs: ${name}`, (t) => {
    let command: Command | undefined = [workerCommand(), migrateCommand(), uiCommand()].find((one) => one.name() === args[0]);
    let rest = args.slice(1);
    const action = command?.commands.find((one) => one.name() === rest[0]);
    if (action) [command, rest] = [action, rest.slice(1)];
    t.truthy(command, args.join(' '));
    const { operands, unknown } = (command as Command).parseOptions(rest);
    t.deepEqual({ operands, unknown }, { operands: [], unknown: [] });
    const listen = rest[rest.indexOf('--listen') + 1];
    if (rest.includes('--listen')) t.is(readListenAddress(listen ?? '').port, 9464);
  });
}

test('the image copies every file that is packed for npm, and the builder is sent nothing else', (t) => {
  const { files } = JSON.parse(read('package.json')) as { files: string[] };
  const packed = files.filter((file) => !file.startsWith('!') && file !== 'dist').map((file) => file.replace(/\/.*/, ''));
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
  // The sources of dist/, and what npm packs unasked.
  for (const needed of [
    ...packed,
    'src',
    'README.md',
    'LICENSE',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
  ])
    t.true(copied.includes(needed), needed);
  const lines = read('.dockerignore')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  t.is(lines[0], '*');
  t.deepEqual(lines.slice(1).sort(), copied.map((source) => `!${source}`).sort());
});

test('the image runs node itself as a user who is not root, with the dependencies of the package alone', (t) => {
  t.deepEqual(listOf('ENTRYPOINT'), ['node', '/opt/pg-reembed/dist/cli.js']);
  t.regex(dockerfile, /^USER 1000:1000$/m);
  t.regex(dockerfile, /npm ci --workspaces=false --omit=dev --omit=peer --ignore-scripts/);
  for (const [, base = ''] of dockerfile.matchAll(/^FROM (\S+)/gm)) t.regex(base, /^node:\d+-slim$/);
});

test('the check of the image accepts a worker that answers and refuses one that does not', async (t) => {
  const [, , code = ''] = JSON.parse(/^HEALTHCHECK .*CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[];
  t.regex(code, /127\.0\.0\.1:9464\/livez/);
  let status = 200;
  const server = createServer((_, response) => response.writeHead(status).end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const check = () =>
    run(process.execPath, ['-e', code.replace('9464', String(port))]).then(
      () => 0,
      ({ code }) => code,
    );
  t.is(await check(), 0);
  status = 503;
  t.is(await check(), 1);
  server.closeAllConnections();
  server.close();
  t.is(await check(), 1);
});

test('the manifests are valid for Kubernetes', (t) => {
  for (const [Model, manifest] of [
    [Deployment, worker],
    [Job, migrate],
    [PodDisruptionBudget, budget],
  ] as const) {
    t.notThrows(() => new Model(manifest).validate());
    t.throws(
      () => new Model({ ...manifest, spec: { ...manifest.spec, selector: 1, backoffLimit: 'six' } }).validate(),
      undefined,
      'checked',
    );
  }
  t.deepEqual(budget.spec.selector.matchLabels, worker.spec.template.metadata.labels);
  t.deepEqual(worker.spec.selector.matchLabels, worker.spec.template.metadata.labels);
  const { resources, images } = readYaml('deploy/kubernetes/kustomization.yaml');
  t.deepEqual(resources, ['worker.yaml', 'disruption-budget.yaml']);
  t.is(images[0].name, workerContainer.image);
  t.is(`${images[0].newName}:${images[0].newTag}`, migrateContainer.image);
});

test('pods run without root, without privileges and on a read-only file system, and name their secrets', (t) => {
  for (const [{ spec }, container, secret] of [
    [worker.spec.template, workerContainer, 'pg-reembed-worker'],
    [migrate.spec.template, migrateContainer, 'pg-reembed-migrate'],
  ]) {
    t.like(spec.securityContext, { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } });
    t.is(spec.automountServiceAccountToken, false);
    t.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    t.deepEqual(container.envFrom, [{ secretRef: { name: secret } }]);
    t.deepEqual(Object.keys(container.resources.limits), Object.keys(container.resources.requests));
  }
});

test('whatever runs a worker asks the pages that it serves, and waits for its last batches before it kills it', (t) => {
  t.is(workerContainer.startupProbe.httpGet.path, '/livez');
  t.is(workerContainer.livenessProbe.httpGet.path, '/livez');
  t.is(workerContainer.readinessProbe.httpGet.path, '/readyz');
  t.like(workerContainer.ports[0], { name: workerContainer.livenessProbe.httpGet.port, containerPort: 9464 });
  t.is(worker.spec.template.metadata.annotations['prometheus.io/port'], '9464');
  const [scrape] = readYaml('deploy/compose/prometheus.yml').scrape_configs;
  t.like(scrape, { job_name: 'reembed', dns_sd_configs: [{ names: ['worker'], port: 9464 }] });
  t.regex(dockerfile, /^EXPOSE 9464$/m);
  for (const seconds of [
    worker.spec.template.spec.terminationGracePeriodSeconds,
    Number.parseInt(compose.services.worker.stop_grace_period, 10),
    Number(settingOf('reembed-worker@.service', 'TimeoutStopSec')),
  ])
    t.true(seconds * 1000 > LONGEST_STOP_MS, String(seconds));
});

test('a closed gate is neither tried again nor taken for a failure', (t) => {
  const [rule] = migrate.spec.podFailurePolicy.rules;
  t.like(rule, { action: 'FailJob', onExitCodes: { containerName: migrateContainer.name, values: [EXIT.usage, EXIT.waiting, EXIT.bug] } });
  t.is(migrate.spec.template.spec.restartPolicy, 'Never', 'what a policy for failures requires');
  t.is(settingOf('reembed-migrate.service', 'SuccessExitStatus'), String(EXIT.waiting));
  t.is(settingOf('reembed-worker@.service', 'RestartPreventExitStatus'), String(EXIT.usage));
});

test('docker compose publishes nothing beyond this host, and mounts files that exist', (t) => {
  for (const [name, { ports = [], volumes = [] }] of Object.entries<{ ports?: string[]; volumes?: string[] }>(compose.services)) {
    for (const port of ports) t.regex(port, /^127\.0\.0\.1:/, name);
    for (const [source = ''] of volumes.map((volume) => volume.split(':')))
      if (source.startsWith('.')) t.true(readdirSync(join(ROOT, source, '..')).includes(source.replace(/.*\//, '')), source);
      else t.true(source in compose.volumes, source);
  }
  t.is(compose.services.ui.network_mode, 'host', 'the page listens on 127.0.0.1 alone');
});

test('systemd accepts the units', async (t) => {
  const isThere = await run('systemd-analyze', ['--version']).then(
    () => true,
    () => false,
  );
  if (!isThere) return t.pass('not verified: there is no systemd-analyze here');
  const folder = mkdtempSync(join(tmpdir(), 'reembed-units-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const files = UNITS.map((name) => join(folder, name.replace('@.', '@documents.')));
  // It looks for the program, too.
  for (const [i, name] of UNITS.entries()) writeFileSync(files[i] as string, readUnit(name).replace('/usr/bin/node', process.execPath));
  const { stderr } = await run('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', ...files]);
  t.is(stderr, '');
});

test('a worker lowers its priority, and keeps one that is lower already', async (t) => {
  const code = `import(${JSON.stringify(new URL('../src/commands/lower-priority.ts', import.meta.url).href)}).then(({ lowerPriority }) => {
    lowerPriority();
    process.stdout.write(String(os.getPriority()));
  })`;
  const wanted = Math.max(constants.priority.PRIORITY_BELOW_NORMAL, getPriority());
  const lower = constants.priority.PRIORITY_LOW;
  for (const [start, expected] of [
    ['', wanted],
    [`os.setPriority(${lower});`, lower],
  ] as const)
    t.is((await run(process.execPath, ['-e', start + code])).stdout, String(expected));
});
