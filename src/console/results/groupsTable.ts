import { type GroupBy, groupByText } from '../../answers/groupBy.ts'
import { leadingPane } from '../../answers/leadingPane.ts'
import type { GroupsTable } from '../../page/toPage.ts'
import type { Facts } from '../../protocol/facts.ts'
import { isVerdict } from '../../protocol/verdict.ts'
import type { AgreeingGroup } from '../../report/agreeingGroups.ts'
import type { Group } from '../../report/grouping.ts'
import { groupByLabel } from '../../report/labelledGroups.ts'
import type { RunState } from '../../run/runState.ts'
import type { Translate } from '../../text/translate.ts'
import { GroupPreviews } from './groupPreviews.ts'
import { groupRow } from './projection.ts'
import { ReplyLabels } from './replyLabels.ts'
import { RunAnswers } from './runAnswers.ts'
import type { ShownRun } from './shownRun.ts'

/** The most groups that the page gets. If more replies differ, the list of agents is more useful than a list of groups. */
const maxRows = 200

/** The groups of a run under stable numbers, with lines of their output. */
export class GroupNumbers {
  readonly #run: ShownRun
  readonly #t: Translate
  readonly #numbers = new Map<string, number>()
  readonly #ofAgent = new Map<string, number>()
  readonly #previews: GroupPreviews
  readonly #answers: RunAnswers
  readonly #factsOf: (agentId: string) => Facts | undefined
  #identical: readonly Group[] = []
  #groups: readonly AgreeingGroup[] = []
  #chosen: GroupBy | undefined
  #lead: GroupsTable['leads'] = 'groups'
  #by: GroupBy = { kind: 'level', level: 'identical' }
  /** Of a choice that is no level. */
  #labels: ReplyLabels | undefined

  /** @param factsOf what is known of an agent now; nothing while its environment is not open */
  constructor(
    run: ShownRun,
    t: Translate,
    factsOf: (agentId: string) => Facts | undefined = () => undefined,
  ) {
    this.#run = run
    this.#t = t
    this.#factsOf = factsOf
    this.#answers = new RunAnswers(run)
    this.#previews = new GroupPreviews(run, this.#answers, t)
  }

  /**
   * Groups by this from the next {@link update} on; without it by the level that says most.
   * @throws LocalizableError when it is a capture whose expression is not valid; the choice stays as it was
   */
  choose(by: GroupBy | undefined): void {
    const labels =
      by === undefined || by.kind === 'level' ? undefined : new ReplyLabels(this.#run, by, this.#factsOf)
    this.#labels?.stop()
    this.#labels = labels
    this.#chosen = by
  }

  /** Reads what was not read of the outputs yet. Returns whether grouping again may change something. */
  async readAnswers(): Promise<boolean> {
    const [answers, labels] = await Promise.all([
      this.#answers.read(),
      this.#labels?.read(this.#identical) ?? false,
    ])
    return answers || labels
  }

  stop(): void {
    this.#answers.stop()
    this.#labels?.stop()
  }

  /** Takes the current groups of identical replies. Returns the agents that have changed groups. */
  update(identical: readonly Group[]): string[] {
    this.#answers.update(identical.filter(({ state }) => isVerdict(state)))
    this.#identical = identical
    const labels = this.#labels
    if (labels === undefined) {
      const chosen = this.#chosen?.kind === 'level' ? this.#chosen.level : undefined
      const { level, groups } = this.#answers.joined(chosen)
      this.#by = { kind: 'level', level }
      this.#groups = groups
    } else {
      this.#by = labels.by
      this.#groups = groupByLabel(this.#run.state, identical, (agentId, group) => labels.of(agentId, group))
    }
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

  group(number: number): AgreeingGroup | undefined {
    return this.#groups.find(({ key }) => this.#numbers.get(key) === number)
  }

  majority(): AgreeingGroup | undefined {
    return this.#groups.find(({ majority }) => majority)
  }

  table(state: RunState): GroupsTable {
    const rows = this.#shown().flatMap((group) => {
      const representative = state.replies.get(group.representative)
      if (representative === undefined) return []
      const { agentIds, hosts, majority, key, originals, label } = group
      const id = this.#numbers.get(key) ?? 0
      return [
        groupRow(
          representative,
          {
            id,
            count: agentIds.length,
            hosts,
            majority,
            originals: originals.length,
            label,
            preview: this.#previews.of(group),
          },
          this.#t,
        ),
      ]
    })
    return {
      total: this.#groups.length,
      rows,
      by: groupByText(this.#by),
      isChosen: this.#chosen !== undefined,
      hasTable: this.#answers.haveRecords,
      leads: this.#leads(),
    }
  }

  #leads(): GroupsTable['leads'] {
    if (this.#chosen !== undefined) return 'groups'
    if (!this.#answers.areRead) return this.#lead
    const ended = this.#groups.filter(({ state }) => isVerdict(state))
    const answers = ended.reduce((sum, { agentIds }) => sum + agentIds.length, 0)
    this.#lead = leadingPane({ answers, groups: ended.length, hasTable: this.#answers.haveRecords })
    return this.#lead
  }

  /** Reads lines for the cards of the groups. Returns whether there is a line that was not there before. */
  readPreviews(): Promise<boolean> {
    return this.#previews.read(this.#shown(), this.majority())
  }

  /** Outliers come first, so that a long list would lose the majority, or where there is none the largest group: it is kept. */
  #shown(): readonly AgreeingGroup[] {
    if (this.#groups.length <= maxRows) return this.#groups
    const first = this.#groups.slice(0, maxRows)
    const kept = this.majority() ?? this.#groups.reduce(larger)
    return first.includes(kept) ? first : [...first.slice(0, -1), kept]
  }
}

function larger(one: AgreeingGroup, other: AgreeingGroup): AgreeingGroup {
  return other.agentIds.length > one.agentIds.length ? other : one
}
