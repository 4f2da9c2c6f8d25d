/** A text of our own that no provider has a reason to refuse. */
export const SHORT_TEXT = 'a short text';
