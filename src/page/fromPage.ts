import * as v from 'valibot'
import { readGroupBy } from '../answers/groupBy.ts'
import { AgentId, RunId } from '../protocol/names.ts'
import { isWebAddress, maxLinkCharacters } from '../text/webLinks.ts'

/**
 * What the results page may request. The page is untrusted: anything that is not exactly one of these is dropped, and no
 * request carries a command, a filter or an environment, so the page can only ask for more of the run that it shows.
 */
export type FromPage = v.InferOutput<typeof Request>

/** Which agents of a run are meant. `no-reply`: no reply, or lost. `failed`: every other failure. */
export type Subset = v.InferOutput<typeof Subset>

/** What the page keeps in `setState`, and what a window reload brings back. */
export type PageState = v.InferOutput<typeof PageStateSchema>

/** @returns undefined for anything that is not a request */
export function parseFromPage(json: unknown): FromPage | undefined {
  const parsed = v.safeParse(Request, json)
  return parsed.success ? parsed.output : undefined
}

/** @returns undefined when it is not the state of a page: the page then starts without it, or its run is unknown */
export function parsePageState(json: unknown): PageState | undefined {
  const parsed = v.safeParse(PageStateSchema, json)
  return parsed.success ? parsed.output : undefined
}

const Index = v.pipe(v.number(), v.integer(), v.minValue(0))
/** How the page shows the answers now: see `AnswersView`. */
const View = v.strictObject({
  group: v.optional(v.pipe(v.string(), v.maxLength(1100))),
  rows: v.optional(v.pipe(v.string(), v.maxLength(5000))),
  columns: v.optional(
    v.pipe(v.array(v.pipe(v.string(), v.maxLength(5000))), v.minLength(1), v.maxLength(200)),
  ),
  sort: v.optional(v.pipe(v.string(), v.maxLength(5001))),
})

/** Most rows in one request. */
const maxWindow = 2000
/** Most agents named in one request: the largest fleet and a margin. */
const maxAgents = 50_000

/** A place in an output: a line, and characters from its start. */
const Place = v.strictObject({ line: Index, column: Index })

const OutputOf = v.union([v.strictObject({ agent: AgentId }), v.strictObject({ group: Index })])

const Subset = v.variant('kind', [
  v.strictObject({ kind: v.literal('all') }),
  v.strictObject({ kind: v.literal('failed') }),
  v.strictObject({ kind: v.literal('no-reply') }),
  v.strictObject({ kind: v.literal('not-started') }),
  v.strictObject({ kind: v.literal('cancelled') }),
  /** All that did not succeed, and those that did not start. */
  v.strictObject({ kind: v.literal('rest') }),
  v.strictObject({ kind: v.literal('group'), group: Index }),
  v.strictObject({
    kind: v.literal('agents'),
    agents: v.pipe(v.array(AgentId), v.minLength(1), v.maxLength(maxAgents)),
  }),
  /** Those with a row in the table of values as it is narrowed now. */
  v.strictObject({ kind: v.literal('table') }),
])

/** Names of columns come from outputs, so they can be anything: `readColumn` reads it. */
const Column = v.pipe(v.string(), v.maxLength(5000))
const Columns = v.pipe(v.array(Column), v.minLength(1), v.maxLength(200))

const TableSort = v.strictObject({ column: Column, down: v.boolean() })

/** A capture has an expression in it, which is checked where it is used. */
const GroupByText = v.pipe(
  v.string(),
  v.maxLength(1100),
  v.check((text) => readGroupBy(text) !== undefined, 'nothing to group by'),
)

const Query = v.strictObject({
  text: v.pipe(v.string(), v.maxLength(1000)),
  matchCase: v.boolean(),
  regex: v.boolean(),
})
/** A search in the outputs. */
export type Query = v.InferOutput<typeof Query>

const Request = v.variant('type', [
  /** The page has loaded, or has missed a delta: send a snapshot. */
  v.strictObject({ type: v.literal('ready') }),
  /** The visible agents, whose last lines are worth reading. */
  v.strictObject({ type: v.literal('in-sight'), agents: v.pipe(v.array(AgentId), v.maxLength(200)) }),
  /** Open an output, or another part of it. `follow`: keep sending the end. */
  v.pipe(
    v.strictObject({
      type: v.literal('output'),
      view: Index,
      of: OutputOf,
      from: Index,
      to: Index,
      follow: v.boolean(),
      /** JSON indented and tables aligned, where it can be. */
      formatted: v.optional(v.boolean()),
    }),
    v.check(({ from, to }) => to - from <= maxWindow, 'too many lines at a time'),
  ),
  v.strictObject({ type: v.literal('close-output') }),
  /** What replies must have in common to be a group; without it the host chooses the level that says most. */
  v.strictObject({ type: v.literal('group-by'), by: v.optional(GroupByText) }),
  /** Ask the person for a fact or an expression. The answer is `picked`; there is none when they give up. */
  v.strictObject({
    type: v.literal('pick'),
    what: v.picklist(['fact', 'capture', 'key', 'json']),
    use: v.picklist(['group', 'column']),
  }),
  /** These rows of the table of all replies, and again whenever they change. `rows`: only those, as `Mounted on=/`. */
  v.pipe(
    v.strictObject({
      type: v.literal('table'),
      view: Index,
      rows: v.optional(Column),
      /** Without it all that the outputs have. */
      columns: v.optional(Columns),
      sort: v.optional(TableSort),
      /** Only rows in these bars of the histogram, both included. */
      bin: v.optional(v.strictObject({ column: Column, from: Index, to: Index })),
      from: Index,
      to: Index,
    }),
    v.check(({ from, to }) => to - from <= maxWindow, 'too many rows at a time'),
  ),
  v.strictObject({ type: v.literal('close-table') }),
  /** Save how it is shown to the snippet of this command. The host asks which, and shows what it has changed. */
  v.strictObject({ type: v.literal('save-view'), view: View }),
  v.strictObject({ type: v.literal('copy-table'), format: v.picklist(['markdown', 'csv']) }),
  /** Search all outputs; an empty text ends the search. */
  v.strictObject({ type: v.literal('search'), search: Index, query: Query }),
  /** The next match in the open output, from line `from` on (`1`) or before it (`-1`). */
  v.strictObject({
    type: v.literal('find'),
    view: Index,
    from: v.pipe(v.number(), v.integer()),
    direction: v.picklist([1, -1]),
  }),
  v.strictObject({ type: v.picklist(['cancel', 'pause', 'resume', 'stop']) }),
  v.strictObject({ type: v.literal('run-again'), on: Subset }),
  /** What the fleet knows of this agent. */
  v.strictObject({ type: v.literal('look-up'), agent: AgentId }),
  v.strictObject({ type: v.literal('ping'), agent: AgentId }),
  v.strictObject({ type: v.picklist(['doctor', 'show-log']) }),
  /** Another command on these, which a person types in the editor's boxes. */
  v.strictObject({ type: v.literal('run-other'), on: Subset }),
  /** Of a run that could not be sent: one of the offered actions, or its review again. */
  v.strictObject({ type: v.literal('attempt-action'), index: Index }),
  v.strictObject({ type: v.literal('attempt-again') }),
  v.strictObject({ type: v.literal('open-output'), of: OutputOf }),
  /** The run, or one agent's output in it, with the run before. */
  v.strictObject({ type: v.literal('compare-before'), agent: v.optional(AgentId) }),
  v.strictObject({ type: v.picklist(['save-snippet', 'copy-link']) }),
  /** A terminal with a shell on the server of an agent. */
  v.strictObject({ type: v.literal('log-in'), agent: AgentId, by: v.picklist(['ssm', 'ssh']) }),
  /** An address in an output, in the browser of the person, whom the editor asks. */
  v.strictObject({
    type: v.literal('open-link'),
    url: v.pipe(v.string(), v.maxLength(maxLinkCharacters), v.check(isWebAddress, 'no address of the web')),
  }),
  v.strictObject({ type: v.literal('runs-of'), agent: AgentId }),
  /** Narrow the list of agents to these. */
  v.strictObject({ type: v.literal('show-only'), on: Subset }),
  /** Two outputs beside one another in the editor's diff. Without `with`: the majority's. */
  v.strictObject({ type: v.literal('diff'), of: OutputOf, with: v.optional(OutputOf) }),
  v.strictObject({ type: v.literal('copy-output'), of: OutputOf }),
  v.strictObject({
    type: v.literal('copy-hosts'),
    of: v.union([
      v.strictObject({ group: Index }),
      v.strictObject({ agents: v.pipe(v.array(AgentId), v.maxLength(maxAgents)) }),
    ]),
    /** `web[01-20]` instead of one name per line. */
    folded: v.boolean(),
  }),
  /** Selected lines of the open output, of which the page does not have all. */
  v.strictObject({ type: v.literal('copy-lines'), view: Index, from: Place, to: Place }),
  v.strictObject({ type: v.picklist(['copy-command', 'copy-markdown']) }),
  v.strictObject({ type: v.literal('export'), format: v.picklist(['json', 'ndjson', 'csv', 'text']) }),
])

const PageStateSchema = v.object({
  v: v.literal(1),
  runId: RunId,
  /** A group is stored by one of its agents, because its number is only valid within one page. */
  selected: v.optional(v.union([v.object({ agent: AgentId }), v.object({ groupOf: AgentId })])),
  states: v.optional(v.array(v.string())),
  hostText: v.optional(v.string()),
  query: v.optional(Query),
  // A page of an earlier version may have sorted by a column that is gone.
  sort: v.fallback(
    v.optional(
      v.object({
        by: v.picklist(['host', 'state', 'step', 'exit', 'waited', 'duration', 'total', 'bytes']),
        down: v.boolean(),
      }),
    ),
    undefined,
  ),
  collapsed: v.optional(v.array(v.picklist(['groups', 'table', 'agents']))),
  scroll: v.optional(v.object({ groups: v.number(), agents: v.number(), output: v.number() })),
  groupBy: v.optional(GroupByText),
  table: v.optional(
    v.object({ rows: v.optional(Column), columns: v.optional(Columns), sort: v.optional(TableSort) }),
  ),
  wrap: v.optional(v.boolean()),
  formatted: v.optional(v.boolean()),
  /** Share of the list in the split, percent. */
  split: v.optional(v.number()),
})
