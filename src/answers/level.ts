/**
 * How much replies must have in common to be a group. `identical`: verdict, exit code and output, to the byte. `pattern`:
 * the same words in the same order, values may differ. `shape`: as `pattern`, and a run of lines of one pattern may have
 * any length. Each level joins groups of the one before and never parts them.
 */
export type Level = 'identical' | 'pattern' | 'shape'

export const levels: readonly Level[] = ['identical', 'pattern', 'shape']
