import {
  COLLECTION_STYLE,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
} from 'js-yaml'

/** Character offsets in the text, end excluded. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Where one value of a YAML text stands. `key` is missing for list entries and for the root. */
export interface Position {
  readonly key: Span | undefined
  readonly value: Span
}

export type YamlPath = readonly (string | number)[]

/**
 * Finds where each value of the first document in `text` stands, by its path in the loaded data. Values behind an
 * alias stand where the alias does.
 * @throws YAMLException when the text is not YAML; its `mark` has line and column
 */
export function locateYaml(text: string): (path: YamlPath) => Position | undefined {
  const positions = new Map<string, Position>()
  const events = parseEvents(text, {})
  // Event 0 opens the document; an empty text has no event at all.
  if (events.length > 0) visit({ text, events, next: 1, positions }, [], undefined)
  return (path) => positions.get(JSON.stringify(path))
}

interface Walk {
  readonly text: string
  readonly events: readonly Event[]
  next: number
  readonly positions: Map<string, Position>
}

/** Consumes one node and returns its span. */
function visit(walk: Walk, path: YamlPath, key: Span | undefined): Span {
  const event = walk.events[walk.next++]
  if (event === undefined) return { start: walk.text.length, end: walk.text.length }
  const value = visitContent(walk, event, path, key)
  walk.positions.set(JSON.stringify(path), { key, value })
  return value
}

function visitContent(walk: Walk, event: Event, path: YamlPath, key: Span | undefined): Span {
  switch (event.type) {
    case EVENT_ID.MAPPING: {
      let end = event.start
      while (!atPop(walk)) {
        const keyEvent = walk.events[walk.next]
        const keySpan = visitKey(walk)
        const name = keyEvent?.type === EVENT_ID.SCALAR ? getScalarValue(walk.text, keyEvent) : ''
        end = visit(walk, [...path, name], keySpan).end
        end = Math.max(end, keySpan.end)
      }
      return { start: event.start, end: closed(walk, event.style, end) }
    }
    case EVENT_ID.SEQUENCE: {
      let end = event.start
      for (let index = 0; !atPop(walk); index++) end = visit(walk, [...path, index], undefined).end
      return { start: event.start, end: closed(walk, event.style, end) }
    }
    case EVENT_ID.SCALAR:
      return scalarSpan(event, key?.end ?? 0)
    case EVENT_ID.ALIAS:
      return { start: event.anchorStart - 1, end: event.anchorEnd }
    default:
      return { start: 0, end: 0 }
  }
}

/** Keys are nearly always scalars; a collection as a key is walked over without being entered into the positions. */
function visitKey(walk: Walk): Span {
  const aside: Walk = { ...walk, positions: new Map() }
  const span = visit(aside, [], undefined)
  walk.next = aside.next
  return span
}

function atPop(walk: Walk): boolean {
  const event = walk.events[walk.next]
  if (event === undefined) return true
  if (event.type !== EVENT_ID.POP) return false
  walk.next++
  return true
}

/** A flow collection ends at its bracket, which no event tells of. */
function closed(walk: Walk, style: number, end: number): number {
  if (style !== COLLECTION_STYLE.FLOW) return end
  const bracket = /^[^\]}]*[\]}]/.exec(walk.text.slice(end))
  return end + (bracket?.[0].length ?? 0)
}

/** `emptyAt` is where a value that is left out would stand. */
function scalarSpan(event: ScalarEvent, emptyAt: number): Span {
  if (event.valueStart < 0) return { start: emptyAt, end: emptyAt }
  const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED
  const quote = quoted ? 1 : 0
  return { start: event.valueStart - quote, end: event.valueEnd + quote }
}
