// About 20 ms of work for USE-lite and 45 ms for MiniLM on one core, which is how long a live query may have to wait.
// Larger batches are no faster on a CPU, because the texts of a batch are padded to the longest one.
const PADDED_CHARACTERS = 480;

// Both models stop reading well before this character.
const READ_CHARACTERS = 1200;

/** A text with its position in the original list. */
export interface PlacedText {
  index: number;
  text: string;
}

/** Splits texts into small batches of about equal work, each with texts of similar length. */
export function microBatches(texts: string[]): PlacedText[][] {
  const byLength = texts.map((text, index) => ({ text, index })).sort((a, b) => a.text.length - b.text.length);
  const batches: PlacedText[][] = [];
  let batch: PlacedText[] = [];
  for (const placed of byLength) {
    const padded = (batch.length + 1) * Math.min(placed.text.length, READ_CHARACTERS);
    if (batch.length > 0 && padded > PADDED_CHARACTERS) {
      batches.push(batch);
      batch = [];
    }
    batch.push(placed);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
