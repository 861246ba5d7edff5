import type { GroupsTable } from '../../page/toPage.ts'
import { isVerdict } from '../../protocol/verdict.ts'
import type { Group } from '../../report/grouping.ts'
import type { RunState } from '../../run/runState.ts'
import type { Translate } from '../../text/translate.ts'
import { firstLines, previewBytes } from './outputPreview.ts'
import { groupRow } from './projection.ts'
import type { ShownRun } from './shownRun.ts'

/** The most groups that the page gets. If more replies differ, the list of agents is more useful than a list of groups. */
const maxRows = 200

/** The start of a group's output, with the agent that it is from and the number of bytes read so far. */
interface Beginning {
  readonly agentId: string
  readonly bytes: number
  readonly preview: ReturnType<typeof firstLines>
}

/** The groups of a run under stable numbers, with the start of their output. */
export class GroupNumbers {
  readonly #run: ShownRun
  readonly #t: Translate
  readonly #numbers = new Map<string, number>()
  readonly #ofAgent = new Map<string, number>()
  readonly #beginnings = new Map<string, Beginning>()
  #groups: readonly Group[] = []

  constructor(run: ShownRun, t: Translate) {
    this.#run = run
    this.#t = t
  }

  /** Takes the current groups. Returns the agents that have changed groups. */
  update(groups: readonly Group[]): string[] {
    this.#groups = groups.filter(({ state }) => isVerdict(state))
    const moved: string[] = []
    for (const group of this.#groups) {
      const number = this.#numbers.get(group.key) ?? this.#numbers.size
      this.#numbers.set(group.key, number)
      for (const agentId of group.agentIds) {
        if (this.#ofAgent.get(agentId) === number) continue
        this.#ofAgent.set(agentId, number)
        moved.push(agentId)
      }
    }
    return moved
  }

  of(agentId: string): number | undefined {
    return this.#ofAgent.get(agentId)
  }

  group(number: number): Group | undefined {
    return this.#groups.find(({ key }) => this.#numbers.get(key) === number)
  }

  majority(): Group | undefined {
    return this.#groups.find(({ majority }) => majority)
  }

  table(state: RunState): GroupsTable {
    const rows = this.#shown().flatMap((group) => {
      const representative = state.replies.get(group.representative)
      if (representative === undefined) return []
      const { agentIds, hosts, majority, key } = group
      const id = this.#numbers.get(key) ?? 0
      return [
        groupRow(
          representative,
          {
            id,
            count: agentIds.length,
            hosts,
            majority,
            preview: this.#beginnings.get(key)?.preview,
          },
          this.#t,
        ),
      ]
    })
    return { total: this.#groups.length, rows }
  }

  /**
   * Reads the beginnings that are not known yet, or that have changed: the output of a reply that was given up may still
   * grow, and another agent may stand for the group. Returns whether there is a line that was not there before.
   */
  async readPreviews(): Promise<boolean> {
    let found = false
    for (const { key, representative: agentId } of this.#shown()) {
      const reply = this.#run.state.replies.get(agentId)
      // What comes after the beginning changes nothing in it.
      const bytes = Math.min((reply?.stdoutBytes ?? 0) + (reply?.stderrBytes ?? 0), previewBytes + 1)
      const known = this.#beginnings.get(key)
      if (known?.agentId === agentId && known.bytes === bytes) continue
      const { lines, more } = firstLines(await this.#run.output(agentId, 0, previewBytes))
      this.#beginnings.set(key, { agentId, bytes, preview: { lines, more: more || bytes > previewBytes } })
      found ||= lines.length > 0 || (known?.preview.lines.length ?? 0) > 0
    }
    return found
  }

  /** Outliers come first, so that a long list would lose the majority, or where there is none the largest group: it is kept. */
  #shown(): readonly Group[] {
    if (this.#groups.length <= maxRows) return this.#groups
    const first = this.#groups.slice(0, maxRows)
    const kept = this.majority() ?? this.#groups.reduce(larger)
    return first.includes(kept) ? first : [...first.slice(0, -1), kept]
  }
}

function larger(one: Group, other: Group): Group {
  return other.agentIds.length > one.agentIds.length ? other : one
}
