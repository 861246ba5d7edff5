import path from 'node:path'

/** A way to break what docs/security.md or docs/reliability.md promise, and the tests that show that it does no harm. */
export interface Attack {
  /** Short, for people, and for `npm run attack -- --only NAME`. */
  readonly name: string
  /** What the attacker does, or what happens. */
  readonly attack: string
  /** What does not happen all the same. */
  readonly promise: string
  /** The attack itself, with the promise asserted: `integration/faults/bounds › lives through …`, as in the documents. */
  readonly tests: readonly string[]
  /** Each without which the promise is broken. */
  readonly defences: readonly Defence[]
}

/**
 * What keeps a promise, and how to take it out. There is no such switch in the product: the change is made to a copy of
 * the sources, in which the test must then fail.
 */
export interface Defence {
  /** Ends the sentence "not held without …". */
  readonly what: string
  readonly changes: readonly Change[]
  /** Only root can play it, because it needs a second user. */
  readonly asRoot?: true
  /** One of the attack's tests. */
  readonly test: string
  /** What the failure of the test says: that the attack worked, and not that something else broke. */
  readonly failure: RegExp
}

/** Whether the attack can be played by the user of this process. */
export function canPlay({ asRoot }: Pick<Defence, 'asRoot'>): boolean {
  return asRoot === undefined || process.getuid?.() === 0
}

/** A piece of a source file, which stands there exactly once, and what stands there instead. */
export interface Change {
  /** Relative to the root. */
  readonly file: string
  readonly code: string
  readonly instead: string
}

/** Of the repository: scripts and tests run there. */
export const root = path.resolve()

/** @throws Error if the name is not of this form */
export function partsOfTestName(name: string): { file: string; project: string; sentence: string } {
  const [, path = '', sentence = ''] = /^(\w+\/[\w/]+) › (.+)$/.exec(name) ?? []
  if (sentence === '') throw new Error(`"${name}" is not the name of a test: "unit/room/file › sentence"`)
  return { file: `test/${path}.test.ts`, project: path.split('/')[0] as string, sentence }
}

/** A pattern for `vitest -t` that matches a title, with what `it.each` puts in it. */
export function patternOf(sentence: string): string {
  return sentence.replace(/[.*+?^${}()|[\]\\]/g, (sign) => `\\${sign}`).replace(/%[sdifjo]|\\\$\w+/g, '.*')
}
