/**
 * Returns `otherwise` when privileges or tables are missing, or the caller's time is up. A role that may read only the progress then still sees
 * it; so does a newer toolkit before its first `up`.
 */
export async function ifAllowed<T, F>(reading: Promise<T>, otherwise: F): Promise<T | F> {
  try {
    return await reading;
  } catch (error) {
    if (['42501', '42P01', '57014'].includes((error as { code?: string }).code ?? '')) return otherwise;
    throw error;
  }
}
