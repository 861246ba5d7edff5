import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml'
import { assertBounded } from './textBounds.ts'
import { nameOfTag, readKey, readPlain, readTagged, type Scalar } from './yamlScalar.ts'

/** Plain data. A value with an anchor is the same object wherever an alias stands for it. */
export type YamlValue = Scalar | YamlValue[] | { [key: string]: YamlValue }

export interface YamlReading {
  readonly value: YamlValue
  /** Sentences about what is legible, and most likely a mistake. */
  readonly warnings: readonly string[]
}

/** Deeper nesting than this is refused; aliases are not followed for it. */
const maxDepth = 64
/** Keys that merging (`<<`) may copy within one text. */
const maxMergedKeys = 10_000
/** Characters of one key: as many as Linux allows in a path. */
const maxKeyLength = 4_096
/** Characters of a key that a warning quotes. */
const quotedLength = 80

/**
 * Reads the first document of YAML 1.1 as Ruby, Python and people write it: merge keys, `!binary`, tags of any language
 * (the data beneath is plain), duplicate keys (the last one counts, with a warning). See `readPlain` for words without
 * quotes. Its size is measured before it is parsed.
 * @throws Error in words, with the line
 */
export function readYaml(text: string): YamlReading {
  assertBounded(text)
  try {
    return new Builder(text, parseEvents(text, { maxDepth })).read()
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    if (error.reason.includes('maxDepth')) throw new Error(`nested deeper than ${maxDepth} levels`)
    const at =
      error.mark === undefined ? '' : ` (line ${error.mark.line + 1}, column ${error.mark.column + 1})`
    throw new Error(`not valid YAML: ${error.reason}${at}`, { cause: error })
  }
}

type NodeEvent = Exclude<Event, { type: typeof EVENT_ID.DOCUMENT | typeof EVENT_ID.POP }>

class Builder {
  readonly #text: string
  readonly #events: readonly Event[]
  #next = 0
  readonly #anchors = new Map<string, YamlValue>()
  readonly #warnings: string[] = []
  #mergedKeys = 0
  /** How many lines begin before an offset, as far as they have been counted. */
  #counted = { offset: 0, line: 1 }

  constructor(text: string, events: readonly Event[]) {
    this.#text = text
    this.#events = events
  }

  read(): YamlReading {
    const document = this.#take()
    if (document === undefined) return { value: null, warnings: [] }
    const first = this.#take()
    const value = first === undefined || first.type === EVENT_ID.POP ? null : this.#build(first as NodeEvent)
    if (this.#events.some((event, index) => index > 0 && event.type === EVENT_ID.DOCUMENT)) {
      this.#warnings.push('only the first of its YAML documents is read')
    }
    return { value, warnings: this.#warnings }
  }

  #take(): Event | undefined {
    const event = this.#events[this.#next]
    this.#next += 1
    return event
  }

  /** The next node, or undefined at the end of the collection. */
  #takeNode(): NodeEvent | undefined {
    const event = this.#take()
    return event === undefined || event.type === EVENT_ID.POP ? undefined : (event as NodeEvent)
  }

  #build(event: NodeEvent): YamlValue {
    if (event.type === EVENT_ID.ALIAS) return this.#anchored(event)
    const value = this.#buildUnnamed(event)
    if (event.anchorStart >= 0) this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), value)
    return value
  }

  #buildUnnamed(event: Exclude<NodeEvent, { type: typeof EVENT_ID.ALIAS }>): YamlValue {
    const tag = event.tagStart < 0 ? undefined : nameOfTag(this.#text.slice(event.tagStart, event.tagEnd))
    switch (event.type) {
      case EVENT_ID.SCALAR: {
        const text = getScalarValue(this.#text, event)
        if (tag !== undefined) return readTagged(tag, text)
        return event.style === SCALAR_STYLE.PLAIN ? readPlain(text) : text
      }
      case EVENT_ID.SEQUENCE: {
        const items: YamlValue[] = []
        for (let item = this.#takeNode(); item !== undefined; item = this.#takeNode())
          items.push(this.#build(item))
        return tag === 'omap' ? Object.fromEntries(items.filter(isMap).flatMap(Object.entries)) : items
      }
      case EVENT_ID.MAPPING: {
        const map = this.#buildMap()
        return tag === 'set' ? Object.keys(map) : map
      }
    }
  }

  #buildMap(): { [key: string]: YamlValue } {
    const merged = new Map<string, YamlValue>()
    const own = new Map<string, YamlValue>()
    const lines = new Map<string, number>()
    for (let event = this.#takeNode(); event !== undefined; event = this.#takeNode()) {
      const line = this.#lineAt(this.#startOf(event))
      const isMerge = this.#isMerge(event)
      const key = this.#buildKey(event)
      const value = this.#build(this.#takeNode() as NodeEvent)
      const parts = isMerge ? mapsOf(value) : undefined
      if (parts !== undefined) {
        this.#merge(parts, merged)
        continue
      }
      const earlier = lines.get(key)
      if (earlier !== undefined) this.#warnDuplicate(key, earlier, line)
      lines.set(key, line)
      own.set(key, value)
    }
    // Entries define own properties, where assignments would not: `__proto__` stays data.
    return Object.fromEntries([...merged, ...own])
  }

  #buildKey(event: NodeEvent): string {
    const value = this.#build(event)
    if (typeof value === 'object' && value !== null) {
      throw new Error(`a list or map as the key of a map (line ${this.#lineAt(this.#startOf(event))})`)
    }
    const isPlain = event.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0
    const key = isPlain ? readKey(getScalarValue(this.#text, event)) : String(value)
    if (key.length <= maxKeyLength) return key
    throw new Error(
      `a key of ${key.length} characters, more than the limit of ${maxKeyLength} (line ${this.#lineAt(this.#startOf(event))})`,
    )
  }

  #isMerge(event: NodeEvent): boolean {
    if (event.type !== EVENT_ID.SCALAR || event.style !== SCALAR_STYLE.PLAIN) return false
    return getScalarValue(this.#text, event) === '<<'
  }

  /** Of several maps the first that has a key wins, and the map's own keys win over all of them. */
  #merge(parts: readonly { [key: string]: YamlValue }[], merged: Map<string, YamlValue>): void {
    for (const part of parts) {
      for (const [key, value] of Object.entries(part)) {
        this.#mergedKeys += 1
        if (this.#mergedKeys > maxMergedKeys) throw new Error(`more than ${maxMergedKeys} keys to merge`)
        if (!merged.has(key)) merged.set(key, value)
      }
    }
  }

  #anchored(event: NodeEvent): YamlValue {
    const name = this.#text.slice(event.anchorStart, event.anchorEnd)
    const value = this.#anchors.get(name)
    if (value === undefined) {
      throw new Error(`*${name} has no anchor before it (line ${this.#lineAt(event.anchorStart)})`)
    }
    return value
  }

  #startOf(event: NodeEvent): number {
    if (event.type === EVENT_ID.SCALAR) return event.valueStart
    return event.type === EVENT_ID.ALIAS ? event.anchorStart : event.start
  }

  #warnDuplicate(key: string, earlier: number, line: number): void {
    if (this.#warnings.length >= 10) return
    const quoted = key.length > quotedLength ? `${key.slice(0, quotedLength)}…` : key
    this.#warnings.push(`${quoted} is there twice (lines ${earlier} and ${line}): the last one counts`)
  }

  /** Offsets are asked for in the order of the text, so counting goes on where it was. */
  #lineAt(offset: number): number {
    let { line } = this.#counted
    for (let index = this.#counted.offset; index < offset; index += 1) {
      if (this.#text.charCodeAt(index) === 0x0a) line += 1
    }
    this.#counted = { offset, line }
    return line
  }
}

function mapsOf(value: YamlValue): { [key: string]: YamlValue }[] | undefined {
  const parts = Array.isArray(value) ? value : [value]
  return parts.every(isMap) ? parts : undefined
}

function isMap(value: YamlValue): value is { [key: string]: YamlValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
