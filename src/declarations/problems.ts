import type * as v from 'valibot'

/** What is wrong with a declaration, and at which of its keys. */
export interface DeclarationProblem {
  readonly path: readonly (string | number)[]
  /** A sentence. */
  readonly message: string
  /** The key that was probably meant. */
  readonly meant?: string
}

/** Says in words what a schema found wrong, and where. Messages of schemas are sentences, or what a value must be. */
export function describeIssue(issue: v.BaseIssue<unknown>): DeclarationProblem {
  const path = (issue.path ?? []).map((item) => item.key as string | number)
  const key = path.at(-1)
  if (/[.?]$/.test(issue.message)) {
    const meant = issue.type === 'raw_check' ? issue.expected : null
    return { path, message: issue.message, ...(meant !== null && { meant }) }
  }
  if (issue.received === 'undefined') {
    // A missing key stands nowhere: the problem is the object's.
    return { path: path.slice(0, -1), message: `“${String(key)}” is missing.` }
  }
  const rule = issue.message.startsWith('Invalid')
    ? `must be ${issue.expected ?? 'something else'}`
    : `must be ${issue.message}`
  return { path, message: key === undefined ? `This ${rule}.` : `“${String(key)}” ${rule}.` }
}
