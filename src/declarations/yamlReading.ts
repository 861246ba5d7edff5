import {
  COLLECTION_STYLE,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
} from 'js-yaml'

import { excessOfText, type TextBounds } from '../text/boundedText.ts'
import { type Localizable, LocalizableError, say } from '../text/localizable.ts'
import {
  behindAlias,
  mergedMaps,
  type Span,
  type YamlEntry,
  type YamlNode,
  type YamlProblem,
  type YamlText,
} from './yamlTree.ts'

/**
 * Reads the first document of a text.
 * @throws YAMLException when the text is not YAML; its `mark` says where. LocalizableError when it is too large to be read
 */
export function readYaml(text: string): YamlText {
  const excess = excessOfText(text, textBounds)
  if (excess !== undefined) throw new LocalizableError(tooLarge(excess))
  const events = parseEvents(text, { maxDepth: mostLevels })
  if (events.length === 0) return { root: undefined, problems: [] }
  // Event 0 opens the document.
  const reading: Reading = {
    text,
    events,
    next: 1,
    anchors: new Map(),
    sizes: new Map(),
    levels: new Map(),
    merged: 0,
    problems: [],
  }
  const root = readNode(reading, 0)
  if (events.some(({ type }, index) => index > 0 && type === EVENT_ID.DOCUMENT)) {
    const at = { start: root.span.end, end: root.span.end }
    complain(reading, say('Only the first YAML document of a file is read, and this ends it.'), at)
  }
  return { root, problems: reading.problems }
}

interface Reading {
  readonly text: string
  readonly events: readonly Event[]
  next: number
  /** Undefined while the anchored value is being read, since an alias to it would be inside itself. */
  readonly anchors: Map<string, YamlNode | undefined>
  /** Most keys that a map has, including merged ones. */
  readonly sizes: Map<YamlNode, number>
  /** Levels of lists and maps in one another, including those behind aliases. */
  readonly levels: Map<YamlNode, number>
  /** Keys merged so far, in the whole text. */
  merged: number
  readonly problems: YamlProblem[]
}

/** A thousand snippets with scripts of a kilobyte each. */
const textBounds: TextBounds = { characters: 1024 * 1024, marks: 100_000 }

/** Far more than people write. A few lines of aliases could ask for billions. */
const mostMergedKeys = 10_000

/** Lists and maps in one another, as the text nests them or by aliases. */
export const mostLevels = 64

/** Characters of one key. YAML itself allows 1,024 where the key stands in one line with its value. */
const mostKeyCharacters = 1_024

/** Problems of one file that are reported. */
export const mostProblems = 1_000

function tooLarge(excess: Localizable): Localizable {
  return say('This file is not read: {0}. Split it into several *.fleet.yaml files.', excess)
}

function readNode(reading: Reading, emptyAt: number): YamlNode {
  const { text } = reading
  const event = reading.events[reading.next++]
  switch (event?.type) {
    case EVENT_ID.SCALAR:
      return anchored(reading, event, () => readScalar(text, event, emptyAt))
    case EVENT_ID.SEQUENCE:
      return anchored(reading, event, () => readList(reading, event))
    case EVENT_ID.MAPPING:
      return anchored(reading, event, () => readMap(reading, event))
    case EVENT_ID.ALIAS:
      return readAlias(reading, event)
    default:
      return nothing(text.length)
  }
}

function readScalar(text: string, event: ScalarEvent, emptyAt: number): YamlNode {
  const { style, valueStart, valueEnd } = event
  const tag = text.slice(event.tagStart, event.tagEnd)
  const value = valueStart < 0 ? '' : getScalarValue(text, event)
  const quote = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0
  const span =
    valueStart < 0
      ? { start: emptyAt, end: Math.max(emptyAt, event.tagEnd, event.anchorEnd) }
      : { start: valueStart - quote, end: valueEnd + quote }
  const isNothing = style === SCALAR_STYLE.PLAIN && /^(|~|null|Null|NULL)$/.test(value) && tag !== '!!str'
  return isNothing ? { kind: 'nothing', span } : { kind: 'text', text: value, span }
}

function readList(reading: Reading, event: Extract<Event, { type: typeof EVENT_ID.SEQUENCE }>): YamlNode {
  const items: YamlNode[] = []
  let end = event.start
  while (!atPop(reading)) {
    const item = readNode(reading, end)
    items.push(item)
    end = Math.max(end, item.span.end)
  }
  const span = { start: event.start, end: closed(reading.text, event.style, end) }
  return levelled(reading, { kind: 'list', items, span }, items)
}

/** The list or map, unless what is in it reaches too deep. By aliases, a text without depth can have any. */
function levelled(reading: Reading, node: YamlNode, within: readonly YamlNode[]): YamlNode {
  let inner = 0
  for (const each of within) inner = Math.max(inner, reading.levels.get(behindAlias(each)) ?? 0)
  if (inner >= mostLevels) {
    complain(reading, say('This is nested more than {0} levels deep.', mostLevels), node.span)
    return { kind: 'nothing', span: node.span }
  }
  reading.levels.set(node, inner + 1)
  return node
}

function readMap(reading: Reading, event: Extract<Event, { type: typeof EVENT_ID.MAPPING }>): YamlNode {
  const entries: YamlEntry[] = []
  let end = event.start
  while (!atPop(reading)) {
    const keyEvent = reading.events[reading.next]
    const keyNode = readNode(reading, end)
    const key =
      keyNode.kind === 'text' ? keyNode.text : reading.text.slice(keyNode.span.start, keyNode.span.end)
    if (keyNode.kind === 'list' || keyNode.kind === 'map')
      complain(reading, say('A key must be text.'), keyNode.span)
    const isPlain = keyEvent?.type === EVENT_ID.SCALAR && keyEvent.style === SCALAR_STYLE.PLAIN
    const isMerge = key === '<<' && isPlain
    const value = readNode(reading, keyNode.span.end)
    end = Math.max(end, keyNode.span.end, value.span.end)
    if (key.length > mostKeyCharacters) {
      const limit = say('{0} characters, more than the limit of {1}', key.length, mostKeyCharacters)
      complain(reading, say('This key has {0}.', limit), keyNode.span)
      continue
    }
    if (!isMerge || canMerge(reading, value, keyNode.span)) {
      entries.push({ key, keySpan: keyNode.span, value, isMerge })
    }
  }
  const span = { start: event.start, end: closed(reading.text, event.style, end) }
  const node: YamlNode = { kind: 'map', entries, span }
  const sizes = entries.map(({ value, isMerge }) => (isMerge ? sizeOf(reading, value) : 1))
  reading.sizes.set(
    node,
    sizes.reduce((sum, size) => sum + size, 0),
  )
  return levelled(
    reading,
    node,
    entries.map(({ value }) => value),
  )
}

/** Reports a problem if it cannot be merged. */
function canMerge(reading: Reading, value: YamlNode, at: Span): boolean {
  if (mergedMaps(value) === undefined) {
    complain(reading, say('“<<” needs an alias of a map such as *name, or a list of them.'), at)
    return false
  }
  reading.merged += sizeOf(reading, value)
  if (reading.merged <= mostMergedKeys) return true
  complain(reading, say('The file merges more than {0} keys with “<<”.', mostMergedKeys), at)
  return false
}

/** Keys of the maps that a `<<` names. */
function sizeOf(reading: Reading, value: YamlNode): number {
  return (mergedMaps(value) ?? []).reduce((sum, map) => sum + (reading.sizes.get(map) ?? 0), 0)
}

function readAlias(reading: Reading, event: Extract<Event, { type: typeof EVENT_ID.ALIAS }>): YamlNode {
  const name = reading.text.slice(event.anchorStart, event.anchorEnd)
  const span = { start: event.anchorStart - 1, end: event.anchorEnd }
  const of = reading.anchors.get(name)
  if (of !== undefined) return { kind: 'alias', of: behindAlias(of), span }
  const message = reading.anchors.has(name)
    ? say('*{0} is inside &{0} itself.', name)
    : say('There is no &{0} before this *{0}.', name)
  complain(reading, message, span)
  return { kind: 'nothing', span }
}

interface Tagged {
  readonly anchorStart: number
  readonly anchorEnd: number
  readonly tagStart: number
  readonly tagEnd: number
}

function anchored(reading: Reading, event: Tagged, read: () => YamlNode): YamlNode {
  const tag = event.tagStart < 0 ? '' : reading.text.slice(event.tagStart, event.tagEnd)
  if (!/^(|!|!!(str|int|float|bool|null|map|seq))$/.test(tag)) {
    complain(reading, say('The tag {0} is not supported.', tag), { start: event.tagStart, end: event.tagEnd })
  }
  const name = event.anchorStart < 0 ? undefined : reading.text.slice(event.anchorStart, event.anchorEnd)
  if (name !== undefined) reading.anchors.set(name, undefined)
  const node = read()
  if (name !== undefined) reading.anchors.set(name, node)
  return node
}

function complain(reading: Reading, message: Localizable, at: Span): void {
  if (reading.problems.length < mostProblems) reading.problems.push({ message, at })
}

function nothing(at: number): YamlNode {
  return { kind: 'nothing', span: { start: at, end: at } }
}

function atPop(reading: Reading): boolean {
  const event = reading.events[reading.next]
  if (event === undefined) return true
  if (event.type !== EVENT_ID.POP) return false
  reading.next++
  return true
}

/** A flow collection ends at its bracket, for which there is no event. */
function closed(text: string, style: number, end: number): number {
  if (style !== COLLECTION_STYLE.FLOW) return end
  const bracket = /^(?:[\s,:?]|#[^\n]*)*[\]}]/.exec(text.slice(end))
  return end + (bracket?.[0].length ?? 0)
}
