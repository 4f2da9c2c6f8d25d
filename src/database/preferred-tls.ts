import pg from 'pg';

const PREFERRED = /([?&]sslmode=)(?:prefer|allow)(?=&|$)/;

/**
 * Replaces sslmode=prefer and allow, which the driver takes for verify-full, by what they mean in libpq: TLS without verification of the
 * certificate if the server offers it, otherwise none.
 *
 * @returns a connection string that the driver reads so
 */
export async function settleTls(url: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const isOfEnvironment = /^(prefer|allow)$/.test(env.PGSSLMODE ?? '') && !/[?&](sslmode|ssl)=/.test(url);
  const preferred = isOfEnvironment ? `${url}${url.includes('?') ? '&' : '?'}sslmode=prefer` : url;
  if (!PREFERRED.test(preferred)) return url;
  // Only without the compatibility mode the driver knows no-verify, and only with it prefer does not verify.
  const encrypted = preferred.replace(PREFERRED, `$1${/[?&]uselibpqcompat=true/.test(preferred) ? 'prefer' : 'no-verify'}`);
  const client = new pg.Client({ connectionString: encrypted, application_name: 'pg-reembed', connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    if (error instanceof Error && /does not support SSL/.test(error.message)) return preferred.replace(PREFERRED, '$1disable');
    // The caller connects in the same way and reports the error.
  } finally {
    await client.end().catch(() => {});
  }
  return encrypted;
}
