import * as v from 'valibot'
import { verifyAuditLines } from '../chain/auditChain.ts'
import type { ChainReport, PlacedLine } from '../chain/hashChain.ts'

/** The text of an agent's audit log, or of a part of it. */
export interface AuditFile {
  readonly name: string
  readonly text: string
}

const AuditLine = v.object({
  time: v.string(),
  agentId: v.optional(v.string()),
  seq: v.optional(v.number()),
  event: v.optional(v.string(), 'ended'),
  runId: v.optional(v.string()),
  action: v.optional(v.string(), ''),
  issuer: v.optional(v.string(), ''),
  senderId: v.optional(v.string()),
  environment: v.optional(v.string()),
  sha256: v.optional(v.string()),
  actionSha256: v.optional(v.string()),
  exitCode: v.optional(v.number()),
  restored: v.optional(v.number()),
})

/** What a line says of a command. */
export type AuditedEvent = v.InferOutput<typeof AuditLine> & {
  /** It is about an order, to cancel the run or to send its output again. */
  readonly isOrder: boolean
}

/** What one agent has audited. */
export interface AgentAudit {
  /** Names of the files; the agent's ID, where its lines say it. */
  readonly files: readonly string[]
  readonly agentId: string | undefined
  readonly chain: ChainReport
  /** By the run that they are about. */
  readonly runs: ReadonlyMap<string, readonly AuditedEvent[]>
  /** Lines that were written again from the journal. */
  readonly restored: number
  /** Time of the first line, if others were before it, milliseconds since the epoch. */
  readonly beginsAt: number | undefined
}

interface Gathered {
  readonly files: { readonly name: string; readonly lines: Placed[] }[]
}

interface Placed extends PlacedLine {
  readonly parsed: v.InferOutput<typeof AuditLine> | undefined
}

/**
 * Sorts the lines of audit logs by their agents, whatever the files are called, and the files of an agent by the numbers of
 * their first lines. A file may have the lines of several agents, as a collector of logs writes them.
 */
export function readAudits(files: readonly AuditFile[]): AgentAudit[] {
  const agents = new Map<string, Gathered>()
  for (const { name, text } of files) {
    const lines = text
      .split('\n')
      .map((line, index) => ({ line, at: `${name}:${index + 1}`, parsed: parse(line) }))
    const ids = new Set(lines.flatMap(({ parsed }) => parsed?.agentId ?? []))
    // What names no agent, or cannot be read, is of the one whose file it is.
    const [own] = ids.size === 1 ? ids : []
    // Emptied, perhaps: it must not be as if it had not been given.
    if (lines.every(({ line }) => line === '')) agents.set(`file ${name}`, { files: [{ name, lines: [] }] })
    for (const line of lines) {
      if (line.line === '') continue
      const agentId = line.parsed?.agentId ?? own
      const key = agentId === undefined ? `file ${name}` : `agent ${agentId}`
      const gathered = agents.get(key) ?? { files: [] }
      agents.set(key, gathered)
      const last = gathered.files.at(-1)
      if (last?.name === name) last.lines.push(line)
      else gathered.files.push({ name, lines: [line] })
    }
  }
  return [...agents].map(([key, gathered]) =>
    auditOf(key.startsWith('agent ') ? key.slice('agent '.length) : undefined, gathered),
  )
}

function auditOf(agentId: string | undefined, { files }: Gathered): AgentAudit {
  const inOrder = [...files].sort((a, b) => firstSeq(a.lines) - firstSeq(b.lines))
  const lines = inOrder.flatMap((file) => file.lines)
  const chain = verifyAuditLines(lines)
  const runs = new Map<string, AuditedEvent[]>()
  let restored = 0
  for (const { parsed } of lines) {
    if (parsed?.restored !== undefined) restored += 1
    if (parsed?.runId === undefined) continue
    const [, ordered] = /^(?:cancel|resend) (\S+)$/.exec(parsed.action) ?? []
    const runId = ordered ?? parsed.runId
    const events = runs.get(runId) ?? []
    events.push({ ...parsed, isOrder: ordered !== undefined })
    runs.set(runId, events)
  }
  const begin = Date.parse(lines.find(({ parsed }) => parsed !== undefined)?.parsed?.time ?? '')
  const isWhole = chain.first === 1 && chain.unchained === 0
  return {
    ...{ files: inOrder.map(({ name }) => name), agentId, chain, runs, restored },
    beginsAt: isWhole || Number.isNaN(begin) ? undefined : begin,
  }
}

function firstSeq(lines: readonly Placed[]): number {
  return lines.find(({ parsed }) => parsed?.seq !== undefined)?.parsed?.seq ?? 0
}

function parse(line: string): Placed['parsed'] {
  try {
    const parsed = v.safeParse(AuditLine, JSON.parse(line))
    return parsed.success ? parsed.output : undefined
  } catch {
    return undefined
  }
}
