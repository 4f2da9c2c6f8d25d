import test, { type ExecutionContext } from 'ava';
import { createRoleStage, type Role, type RoleStage } from './harness/roles.ts';
import { runCampaign } from './harness/roles-campaign.ts';
import { plantTripwire, type Tripwire } from './harness/tripwire.ts';

// PostgreSQL prefers a function whose parameters fit exactly to one in pg_catalog that needs a conversion, is variadic or polymorphic.
// So a role with CREATE on a schema of the search_path can replace almost any function.
const onServer = process.env.TEST_DATABASE_URL ? test : test.skip;

interface PathStage extends RoleStage {
  planter: Role;
  tripwire: Tripwire;
}

/** pgvector is in public, and a role that owns nothing else may create there. */
async function openStage(t: ExecutionContext): Promise<PathStage> {
  const stage = await createRoleStage({ superuserInstaller: true, vectorSchema: 'public', rows: 0 });
  t.teardown(stage.close);
  const planter = await stage.addRole('planter');
  await stage.admin.query(`GRANT CREATE ON SCHEMA public TO ${planter.name}`);
  await createTable(stage);
  return { ...stage, planter, tripwire: await plantTripwire(stage, planter, 'public', [stage.installer, stage.owner, stage.worker]) };
}

/** Types that have hardly an operator or a function of their own, so that almost everything on them is a conversion. */
async function createTable({ owner, application }: RoleStage): Promise<void> {
  await owner.pool.query(`
    CREATE TABLE app.documents (lang varchar(8) DEFAULT 'en', id integer, content varchar, embedding vector(16), PRIMARY KEY (lang, id));
    INSERT INTO app.documents (id, content, embedding)
      SELECT i, 'text number ' || i, ARRAY(SELECT sin(i * 7 + j)::real FROM generate_series(1, 16) AS j)::vector FROM generate_series(1, 60) AS i;
    CREATE INDEX documents_embedding_idx ON app.documents USING hnsw (embedding vector_cosine_ops);
    GRANT SELECT, INSERT, UPDATE, DELETE ON app.documents TO ${application.name}`);
}

/** Writes with qualified operators, so that whatever planted code runs was called by the toolkit. */
async function write({ application }: RoleStage, id: number): Promise<void> {
  for (const statement of [
    `INSERT INTO app.documents (id, content) VALUES (${id}, 'more')`,
    `UPDATE app.documents SET content = 'changed' WHERE id OPERATOR(pg_catalog.=) ${id - 50}`,
    `UPDATE app.documents SET id = ${id + 1000} WHERE id OPERATOR(pg_catalog.=) ${id - 40}`,
    `DELETE FROM app.documents WHERE id OPERATOR(pg_catalog.=) ${id - 30}`,
  ]) {
    await application.pool.query(statement);
  }
}

/** What was written after contract has no vector of the old model, without which the way back is refused. */
const embedAgain = ({ worker }: RoleStage) => worker.run(['worker', '--drain']);

async function plantFunction(
  { planter, tripwire }: PathStage,
  name: string,
  types: string[],
  result: string,
  value?: string,
): Promise<void> {
  const parameters = types.map((_, i) => `$${i + 1}`).join(', ');
  await planter.pool.query(`
    CREATE FUNCTION public.${name}(${types.join(', ')}) RETURNS ${result} LANGUAGE plpgsql IMMUTABLE AS $plant$
    BEGIN
      PERFORM ${tripwire.call(`${name}(${types.join(', ')})`)};
      RETURN ${value ?? `pg_catalog.${name}(${parameters})`};
    END $plant$`);
}

const TYPES = [
  'text',
  'name',
  'varchar',
  'bigint',
  'integer',
  'boolean',
  'regclass',
  'oid',
  'jsonb',
  'uuid',
  'timestamptz',
  'float8',
  'numeric',
];

/** Exact matches of variadic and polymorphic functions. */
async function plantPolymorphic(stage: PathStage): Promise<void> {
  const plant = (name: string, types: string[], result: string, value?: string) => plantFunction(stage, name, types, result, value);
  const common = ['text', 'name', 'bigint', 'integer', 'regclass'];
  for (const type of TYPES) {
    await plant('format', ['text', type], 'text');
    await plant('concat', [type], 'text');
    await plant('concat', ['text', type], 'text');
    await plant('concat_ws', ['text', type], 'text');
    await plant('to_jsonb', [type], 'jsonb');
    await plant('to_json', [type], 'json');
    for (const name of ['jsonb_build_object', 'json_build_object']) await plant(name, ['text', type], name.slice(0, name.indexOf('_')));
    if (type !== 'text') await plant('quote_literal', [type], 'text');
    if (type !== 'text') await plant('quote_nullable', [type], 'text');
    await plant('array_length', [`${type}[]`, 'integer'], 'integer');
    await plant('cardinality', [`${type}[]`], 'integer');
    await plant('array_to_string', [`${type}[]`, 'text'], 'text');
    await plant('array_append', [`${type}[]`, type], `${type}[]`);
    await plant('array_position', [`${type}[]`, type], 'integer');
  }
  for (const first of common) {
    for (const second of common) {
      await plant('format', ['text', first, second], 'text');
      await plant('concat_ws', ['text', first, second], 'text');
      await plant('jsonb_build_object', ['text', first, 'text', second], 'jsonb');
      for (const third of common) await plant('format', ['text', first, second, third], 'text');
    }
  }
  for (const rest of [4, 5, 6]) await plant('format', ['text', ...Array(rest).fill('text')], 'text');
}

/** Neighbours of every function of pg_catalog: the same with parameters of a type that would be converted. */
async function plantNeighbours({ admin, planter, tripwire }: PathStage): Promise<void> {
  const { rows } = await admin.query<{ name: string; types: string[]; result: string }>(`
    WITH near(type, neighbour) AS (
      VALUES ('text'::regtype, 'name'::regtype), ('text', 'varchar'), ('bigint', 'integer'), ('float8', 'bigint'), ('float8', 'integer'), ('numeric', 'integer'),
             ('oid', 'regclass'), ('oid', 'regtype'), ('name', 'text'), ('timestamptz', 'timestamp'))
    SELECT DISTINCT p.proname AS name, format_type(p.prorettype, NULL) AS result,
           ARRAY(SELECT format_type(coalesce(CASE WHEN a.type = n.type THEN n.neighbour END, a.type), NULL)
                   FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a(type, place) ORDER BY a.place) AS types
      FROM pg_proc AS p JOIN near AS n ON n.type = ANY (p.proargtypes::oid[])
     WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset AND p.provariadic = 0
       -- Two of these would fit an untyped number equally well, and the call would fail.
       AND p.proname !~ 'advisory'
       AND NOT EXISTS (SELECT FROM pg_type AS y WHERE y.oid = ANY (p.proargtypes::oid[] || p.prorettype) AND y.typtype = 'p')
       -- What is called by operators and casts alone would be planted for nothing.
       AND NOT EXISTS (SELECT FROM pg_operator AS o WHERE o.oprcode = p.oid) AND NOT EXISTS (SELECT FROM pg_cast AS c WHERE c.castfunc = p.oid)`);
  for (const { name, types, result } of rows) {
    // Some cannot be called with the other type.
    await plantFunction({ planter, tripwire } as PathStage, `"${name}"`, types, result).catch(() => {});
  }
}

/** Operators on the types used, where pg_catalog has none that fits exactly. */
async function plantOperators({ admin, planter, tripwire }: PathStage): Promise<void> {
  const groups = [
    { types: ['varchar', 'text', 'name'], as: 'text', operators: ['=', '<>', '<', '<=', '>', '>=', '~', '!~'] },
    { types: ['regclass', 'oid', 'regtype', 'regproc'], as: 'oid', operators: ['=', '<>', '<'] },
    {
      types: ['text[]', 'varchar[]', 'name[]', 'bigint[]', 'integer[]', 'uuid[]'],
      as: undefined,
      operators: ['=', '<>', '@>', '<@', '&&'],
    },
    { types: ['bigint', 'integer', 'numeric', 'float8'], as: 'numeric', operators: ['=', '<>', '<', '<=', '>', '>='] },
  ];
  const planted = new Set<string>();
  const plant = async (operator: string, left: string, right: string, result: string, value: string) => {
    const { rowCount } = await admin.query(
      "SELECT FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprname = $1 AND oprleft = $2::regtype AND oprright = $3::regtype",
      [operator, left, right],
    );
    const what = `${left} ${operator} ${right}`;
    if (rowCount || planted.has(what)) return;
    planted.add(what);
    await planter.pool.query(`
      CREATE FUNCTION public.planted_${planted.size}(${left}, ${right}) RETURNS ${result} LANGUAGE plpgsql IMMUTABLE AS $plant$
      BEGIN
        PERFORM ${tripwire.call(what)};
        RETURN ${value};
      END $plant$;
      CREATE OPERATOR public.${operator} (FUNCTION = public.planted_${planted.size}, LEFTARG = ${left}, RIGHTARG = ${right})`);
  };
  for (const { types, as, operators } of groups) {
    for (const left of types) {
      for (const right of types) {
        if (!as && left !== right) continue;
        const cast = as ? `::${as}` : '';
        for (const operator of operators) {
          await plant(operator, left, right, 'boolean', `$1${cast} OPERATOR(pg_catalog.${operator}) $2${cast}`);
        }
      }
    }
  }
  for (const type of TYPES) {
    await plant('||', 'text', type, 'text', 'pg_catalog.concat($1, $2)');
    await plant('||', type, 'text', 'text', 'pg_catalog.concat($1, $2)');
    await plant('||', 'varchar', type, 'text', 'pg_catalog.concat($1, $2)');
  }
}

onServer('functions planted before the first up, as public.hashtextextended(text, integer), are never called', async (t) => {
  const stage = await openStage(t);
  await plantFunction(stage, 'hashtextextended', ['text', 'integer'], 'bigint');
  await plantPolymorphic(stage);
  const wrong = await runCampaign(stage, {
    before: {
      'drain as worker': () => write(stage, 61),
      'drain again': () => write(stage, 62),
      'drain as installer': () => write(stage, 63),
      'roll contract back': () => write(stage, 64),
      'take everything down': () => embedAgain(stage),
    },
  });
  t.deepEqual(await stage.tripwire.gained([]), []);
  t.deepEqual(wrong, []);
});

onServer('functions planted before contract, as public.format(text, bigint), are never called', async (t) => {
  const stage = await openStage(t);
  const wrong = await runCampaign(stage, {
    before: {
      contract: async () => {
        await plantFunction(stage, 'hashtextextended', ['text', 'integer'], 'bigint');
        await plantPolymorphic(stage);
      },
      'drain as installer': () => write(stage, 61),
      'take everything down': () => embedAgain(stage),
    },
  });
  t.deepEqual(await stage.tripwire.gained([]), []);
  t.deepEqual(wrong, []);
});

onServer('neighbours of all functions of pg_catalog are never called', async (t) => {
  const stage = await openStage(t);
  await plantNeighbours(stage);
  const wrong = await runCampaign(stage, {
    before: {
      'drain as worker': () => write(stage, 61),
      'drain again': () => write(stage, 62),
      'drain as installer': () => write(stage, 63),
      'take everything down': () => embedAgain(stage),
    },
  });
  t.deepEqual(await stage.tripwire.gained([]), []);
  t.deepEqual(wrong, []);
});

onServer('operators planted for the types used are never called', async (t) => {
  const stage = await openStage(t);
  await plantOperators(stage);
  const wrong = await runCampaign(stage, {
    before: {
      'drain as worker': () => write(stage, 61),
      'drain again': () => write(stage, 62),
      'drain as installer': () => write(stage, 63),
      'take everything down': () => embedAgain(stage),
    },
  });
  t.deepEqual(await stage.tripwire.gained([]), []);
  t.deepEqual(wrong, []);
});

onServer('everything that runs with rights of others fixes its search_path, with pg_temp behind all else', async (t) => {
  const stage = await openStage(t);
  t.deepEqual((await stage.installer.run(['migrate', 'up'])).code, 0);
  const { rows } = await stage.admin.query<{ name: string }>(
    `SELECT p.oid::regprocedure::text AS name FROM pg_proc AS p
      WHERE p.pronamespace = 'reembed'::regnamespace AND p.prosecdef
        AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS setting WHERE setting ~ '^search_path=.*\\mpg_temp"?$') ORDER BY 1`,
  );
  t.deepEqual(rows, []);
});
