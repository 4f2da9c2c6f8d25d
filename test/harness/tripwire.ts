import pg from 'pg';
import type { Role, RoleStage } from './roles.ts';

/** Code of an attacker that uses all privileges it runs with and reports them afterwards. */
export interface Tripwire {
  /** a boolean expression, always true, that runs it; `what` names the place */
  call(what: string): string;
  /** the roles as which it ran, from which place, and in which statement */
  ran(): Promise<{ what: string; role: string; statement: string }[]>;
  /** what the attack gained, as sentences; empty when it ran only with the privileges of the given roles */
  gained(rightful: Role[]): Promise<string[]>;
}

/**
 * Plants the code in a schema where the attacker may create objects. It first undoes SET ROLE. Then it tries to make
 * the attacker a superuser, runs `loot`, terminates the sessions of others (possible in READ ONLY transactions too, and
 * not undone by ROLLBACK), and records as which role it ran.
 *
 * @param watched roles, each of which gets a session that only itself or a superuser can terminate
 * @param loot statements that the attacker may not run
 */
export async function plantTripwire(
  stage: RoleStage,
  attacker: Role,
  schema: string,
  watched: Role[],
  loot: string[] = [],
): Promise<Tripwire> {
  const sessions = await Promise.all(watched.map(keepSession));
  const statements = [`ALTER ROLE ${attacker.name} SUPERUSER`, ...loot].map(
    (statement) => `BEGIN EXECUTE ${pg.escapeLiteral(statement)}; EXCEPTION WHEN OTHERS THEN NULL; END;`,
  );
  await attacker.pool.query(`
    CREATE TABLE ${schema}.tripped (what text, role text, statement text);
    CREATE TABLE ${schema}.watched AS SELECT unnest(ARRAY[${sessions.map(({ pid }) => pid).join(', ')}]::integer[]) AS pid;
    GRANT USAGE ON SCHEMA ${schema} TO PUBLIC;
    GRANT INSERT ON ${schema}.tripped TO PUBLIC;
    GRANT SELECT ON ${schema}.watched TO PUBLIC;
    CREATE FUNCTION ${schema}.trip(p_what text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $trip$
    DECLARE
      v_pid integer;
    BEGIN
      BEGIN EXECUTE 'RESET ROLE'; EXCEPTION WHEN OTHERS THEN NULL; END;
      ${statements.join('\n      ')}
      BEGIN
        FOR v_pid IN SELECT w.pid FROM ${schema}.watched AS w LOOP
          BEGIN PERFORM pg_terminate_backend(v_pid); EXCEPTION WHEN OTHERS THEN NULL; END;
        END LOOP;
        INSERT INTO ${schema}.tripped VALUES (p_what, current_user, left(current_query(), 300));
      EXCEPTION WHEN OTHERS THEN NULL;
      END;
      RETURN true;
    END $trip$;
    -- Expressions of constraints, generated columns and texts have to be immutable, or to say so.
    CREATE FUNCTION ${schema}.trip_quietly(p_what text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $quietly$
    BEGIN
      RETURN ${schema}.trip(p_what);
    END $quietly$;`);

  const ran = async () => {
    const { rows } = await stage.admin.query<{ what: string; role: string; statement: string }>(
      `SELECT what, role, min(statement) AS statement FROM ${schema}.tripped GROUP BY what, role ORDER BY what, role`,
    );
    return rows;
  };
  return {
    call: (what) => `${schema}.trip_quietly(${pg.escapeLiteral(what)})`,
    ran,
    async gained(rightful) {
      const names = rightful.map(({ name }) => name);
      const { rows } = await stage.admin.query<{ yes: boolean }>('SELECT rolsuper AS yes FROM pg_roles WHERE rolname = $1', [
        attacker.name,
      ]);
      const alive = await stage.admin.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE pid = ANY ($1::integer[])', [
        sessions.map(({ pid }) => pid),
      ]);
      return [
        ...(rows[0]?.yes ? [`${attacker.name} is a superuser`] : []),
        ...sessions.filter(({ pid }) => !alive.rows.some((one) => one.pid === pid)).map(({ role }) => `it ended a session of ${role}`),
        ...(await ran())
          .filter(({ role }) => !names.includes(role))
          .map(({ what, role, statement }) => `${what} ran as ${role} in: ${statement.replace(/\s+/g, ' ')}`),
      ];
    },
  };
}

/** A session that stays open until the database is dropped or the session is terminated. */
async function keepSession(role: Role): Promise<{ role: string; pid: number }> {
  const client = new pg.Client({ connectionString: role.url });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return { role: role.name, pid: rows[0]?.pid ?? 0 };
}
