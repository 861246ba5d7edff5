import * as v from 'valibot'
import { AgentId, RunId } from '../protocol/names.ts'

/**
 * What the page writes into `data-vscode-context` of its rows, and the editor passes to the commands of their menus. The
 * names stand in the conditions of these menus, in package.json.
 */
export interface MenuContext {
  readonly ec2Row?: 'agent' | 'group' | 'table' | 'output'
  readonly ec2Agent?: string
  readonly ec2Group?: number
  /** Whether the agent's ID is that of an instance. */
  readonly ec2IsInstance?: boolean
  readonly ec2Run?: string
  readonly preventDefaultContextMenuItems?: boolean
}

/** The run, and whose reply a menu was opened on. */
export interface MenuTarget {
  readonly runId: string
  readonly of: { readonly agent: string } | { readonly group: number }
}

const absent = v.optional(v.undefined())

const Context = v.union([
  v.object({ ec2Run: RunId, ec2Agent: AgentId, ec2Group: absent }),
  v.object({ ec2Run: RunId, ec2Agent: absent, ec2Group: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
])

/** @returns undefined for anything else: the page is not trusted */
export function parseMenuContext(json: unknown): MenuTarget | undefined {
  const parsed = v.safeParse(Context, json)
  if (!parsed.success) return undefined
  const { output } = parsed
  const runId = output.ec2Run
  return output.ec2Agent === undefined
    ? { runId, of: { group: output.ec2Group as number } }
    : { runId, of: { agent: output.ec2Agent } }
}
