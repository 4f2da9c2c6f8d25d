import type pg from 'pg';

/** Ends the canary, deletes all shadow reads and has every search followed by one: the state that each test starts from. */
export async function resetShadowReads(pool: pg.Pool): Promise<void> {
  await pool.query(`UPDATE reembed.setting SET canary_percent = 0, shadow_percent = 100, shadow_per_second = 1000,
      shadow_timeout = '5 seconds', shadow_keeps_text = false, shadow_rows = 10000;
    DELETE FROM reembed.shadow_read`);
}

/** Rows of reembed.shadow_read, oldest first. */
export async function recordedShadowReads(pool: pg.Pool) {
  return (await pool.query('SELECT * FROM reembed.shadow_read ORDER BY id')).rows;
}
