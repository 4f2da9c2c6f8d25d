import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { assertRefused, fingerprint } from './harness/refusal.ts';
import { createArguments, createRoleStage, type RoleStage } from './harness/roles.ts';

// What is generated for a table belongs to its owner and runs with the owner's rights. Where that is impossible, create refuses.
const onServer = process.env.TEST_DATABASE_URL ? test : test.skip;

interface Case {
  about: string;
  code: string;
  says: RegExp;
  remedy: RegExp;
  /** brings the table, or the role, into the state that is refused */
  prepare?: (stage: RoleStage) => Promise<unknown>;
  create?: string[];
  superuserInstaller?: boolean;
  /** PostgreSQL from this version on */
  since?: number;
  /** what is wrong with the expression is known only when there is one */
  isUnknownToDoctor?: boolean;
  /** the remedy is a statement after which create and up succeed */
  isFixedByRemedy?: boolean;
}

const membership = (options: string) => (stage: RoleStage) =>
  stage.admin.query(`GRANT ${stage.owner.name} TO ${stage.installer.name} WITH ${options}`);

const cases: Case[] = [
  {
    about: "a role that has not the owner's role",
    code: 'cannot_act_as_owner',
    says: /app\.documents.*owner_/,
    remedy: /GRANT owner_\w+ TO installer_\w+/,
    prepare: ({ admin, installer, owner }) =>
      admin.query(`
        REVOKE ${owner.name} FROM ${installer.name};
        GRANT SELECT ON app.documents TO ${installer.name};
        GRANT USAGE, CREATE ON SCHEMA app TO ${installer.name}`),
    isFixedByRemedy: true,
  },
  {
    about: "a role that has the owner's role and cannot SET ROLE to it",
    code: 'cannot_act_as_owner',
    says: /app\.documents.*owner_/,
    remedy: /GRANT owner_\w+ TO installer_\w+/,
    prepare: membership('INHERIT TRUE, SET FALSE'),
    since: 160_000,
    isFixedByRemedy: true,
  },
  {
    about: "a role that can SET ROLE to the owner's role and does not inherit from it",
    code: 'cannot_act_as_owner',
    says: /app\.documents.*owner_/,
    remedy: /GRANT owner_\w+ TO installer_\w+/,
    prepare: async (stage) => {
      await membership('INHERIT FALSE, SET TRUE')(stage);
      await stage.admin.query(`
        GRANT SELECT ON app.documents TO ${stage.installer.name}; GRANT USAGE, CREATE ON SCHEMA app TO ${stage.installer.name}`);
    },
    since: 160_000,
    isFixedByRemedy: true,
  },
  {
    about: "an owner who may not create in his table's schema",
    code: 'no_create_on_schema',
    says: /\bapp\b/,
    remedy: /GRANT .*CREATE.* ON SCHEMA app TO/,
    prepare: ({ admin, application, installer, owner }) =>
      admin.query(`
        ALTER SCHEMA app OWNER TO CURRENT_USER;
        GRANT USAGE ON SCHEMA app TO ${owner.name}, ${application.name}, ${installer.name}`),
    isFixedByRemedy: true,
  },
  {
    about: 'an installer who may not create schemas in the database',
    code: 'no_create_on_database',
    says: /installer_.*reembed_roles_|may not create schema/,
    remedy: /GRANT CREATE ON DATABASE reembed_roles_\w+ TO installer_\w+/,
    prepare: async ({ admin, installer }) => {
      const { rows } = await admin.query<{ name: string }>('SELECT current_database() AS name');
      await admin.query(`REVOKE CREATE ON DATABASE ${rows[0]?.name} FROM ${installer.name}`);
    },
    isFixedByRemedy: true,
  },
  ...[false, true].map((superuserInstaller) => ({
    about: `FORCE ROW LEVEL SECURITY, which hides rows from the owner too${superuserInstaller ? ', where the installer is a superuser' : ''}`,
    code: 'forced_row_security',
    says: /app\.documents/,
    remedy: /NO FORCE ROW LEVEL SECURITY|BYPASSRLS/,
    prepare: ({ owner }: RoleStage) =>
      owner.pool.query(`
        ALTER TABLE app.documents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY every_row ON app.documents USING (true)`),
    superuserInstaller,
    isFixedByRemedy: true,
  })),
  ...['DO ALSO INSERT INTO app.log VALUES (NEW.id)', 'DO INSTEAD NOTHING'].map((action) => ({
    about: `a rule ON UPDATE ${action}`,
    code: 'update_rules',
    says: /app\.documents.*watch_updates|watch_updates.*app\.documents/,
    remedy: /watch_updates|trigger|side-table/,
    prepare: ({ owner }: RoleStage) =>
      owner.pool.query(`CREATE TABLE app.log (id bigint); CREATE RULE watch_updates AS ON UPDATE TO app.documents ${action}`),
    create: ['--text', 'content', '--storage', 'column'],
  })),
  ...['content || pg_catalog.random()', 'content || pg_catalog.clock_timestamp()', 'app.norm(content)'].map((expression) => ({
    about: `a text expression that is volatile: ${expression}`,
    code: 'volatile_text_expression',
    says: /random|clock_timestamp|norm/,
    remedy: /IMMUTABLE|STABLE/,
    prepare: ({ owner }: RoleStage) =>
      owner.pool.query('CREATE FUNCTION app.norm(p_text text) RETURNS text LANGUAGE sql VOLATILE RETURN p_text'),
    create: ['--text-sql', expression],
    isUnknownToDoctor: true,
  })),
];

for (const { about, code, says, remedy, create, ...rest } of cases) {
  const open = async (t: ExecutionContext) => {
    const stage = await createRoleStage({ superuserInstaller: rest.superuserInstaller ?? false });
    t.teardown(stage.close);
    const { rows } = await stage.admin.query<{ version: number }>("SELECT current_setting('server_version_num')::integer AS version");
    if ((rows[0]?.version ?? 0) < (rest.since ?? 0)) return undefined;
    await rest.prepare?.(stage);
    return stage;
  };

  onServer(`create refuses ${about}, and changes nothing`, async (t) => {
    const stage = await open(t);
    if (!stage) return t.pass('this server does not know such a thing');
    const { admin, installer, workplace } = stage;
    const before = await fingerprint(admin);
    const result = await installer.run(createArguments(create));
    assertRefused(t, result, { code, says, remedy }, [new URL(installer.url).password]);
    t.deepEqual(await fingerprint(admin), before);
    t.false(existsSync(join(workplace.directory, 'migrations')), 'no file is written');
    if (!rest.isFixedByRemedy) return;

    await admin.query(statementIn(result.stderr));
    const again = await installer.run(createArguments(create));
    t.is(again.code, 0, again.stderr);
    const up = await installer.run(['migrate', 'up']);
    t.is(up.code, 3, up.stderr);
  });

  if (rest.isUnknownToDoctor) continue;
  onServer(`the doctor says before there is a campaign that create would refuse ${about}`, async (t) => {
    const stage = await open(t);
    if (!stage) return t.pass('this server does not know such a thing');
    const { stdout } = await stage.installer.run(['doctor', '--json']);
    const { findings } = JSON.parse(stdout) as { findings: { level: string; finding: string; remedy: string | null }[] };
    const wrong = findings.filter(({ level }) => level !== 'ok');
    t.true(
      wrong.some(({ finding, remedy: said }) => says.test(finding) && remedy.test(said ?? '')),
      JSON.stringify(wrong),
    );
  });
}

/** The SQL in a line that refuses, from its first word to the end, or to where words follow. */
function statementIn(line: string): string {
  return /\b(?:GRANT|ALTER) [A-Z_a-z0-9,." ]+?(?=;|, or |: |\n|$)/.exec(line.slice(line.indexOf('] - ')))?.[0] ?? `no statement in ${line}`;
}
