import type { FromPage } from '../src/page/fromPage.ts'

/** The open reply, of an agent or of a group. */
export type Selected = Extract<FromPage, { type: 'output' }>['of']

export function isSame(a: Selected | undefined, b: Selected | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return 'group' in a ? 'group' in b && a.group === b.group : 'agent' in b && a.agent === b.agent
}
