import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { KnownAction } from '../../src/protocol/action.ts'
import { messageSchemas } from '../../src/protocol/messages.ts'
import type { JsonSchema } from './jsonSchema.ts'

/** A message of docs/protocol-vectors.json: its JSON, and the body that it is sent as. */
export interface SampleBody {
  readonly name: string
  readonly onPage?: boolean
  readonly message: Readonly<Record<string, unknown>>
  readonly body: string
}

type MessageType = keyof typeof messageSchemas

const introductions: Readonly<Record<MessageType, string>> = {
  command: 'Master → `<env>_master`, which every agent of the environment reads.',
  ack: 'Agent → `replyTo`: the command is taken on, and its result will follow.',
  output: 'Agent → `replyTo`: a frame of the output. The output is the data of the body.',
  result:
    'Agent → `replyTo`: how the run ended. One for each run and agent; the only answer to `ping` and `facts`.',
  refusal: 'Agent → `replyTo`: the agent does not do what the command asks for.',
  facts: 'Agent → `<env>_facts`: the agent is there, and what it is.',
}

/** For each message its fields and its bodies, as docs/messages.md shows them. */
export function messageTables(samples: readonly SampleBody[]): string[] {
  return Object.keys(messageSchemas).flatMap((type) => {
    const schema = schemaOf(type as MessageType)
    const own = samples.filter(({ onPage, message }) => onPage === true && message.type === type)
    const shown = [`### \`${type}\``, '', introductions[type as MessageType], '', fieldTable(schema)]
    if (type === 'command') return [...shown, ...actionTables(own)]
    return [...shown, ...variantTables(schema), ...own.flatMap(example)]
  })
}

/** A kind of action is known by its body: the same command around it is described once. */
function actionTables(samples: readonly SampleBody[]): string[] {
  const kinds = KnownAction.options.flatMap((option) => {
    const schema = jsonSchemaOf(option)
    const kind = String(schema.properties?.kind?.const)
    const own = samples.filter(({ message }) => kindIn(message) === kind)
    return [`#### \`${kind}\``, '', fieldTable(schema), ...own.flatMap(example)]
  })
  return ['### Actions', '', 'The `action` of a command is one of these, by its `kind`.', '', ...kinds]
}

function kindIn({ action }: Readonly<Record<string, unknown>>): unknown {
  const { kind, action: wrapped } = action as {
    readonly kind: unknown
    readonly action?: { readonly kind: unknown }
  }
  return wrapped?.kind ?? kind
}

/** A field that is one of several objects has a table of its own. */
function variantTables({ properties = {} }: JsonSchema): string[] {
  return Object.entries(properties).flatMap(([name, { oneOf = [] }]) => {
    if (oneOf.length === 0) return []
    const rows = oneOf.map(({ properties: { kind, ...fields } = {} }) => {
      const described = Object.entries(fields).map(
        ([key, field]) => `\`${key}\`: ${describeValue(field)}. ${describe(field)}`,
      )
      return `| \`${kind?.const}\` | ${cell(described.join('<br>'))} | ${cell(describe(kind))} |`
    })
    return [
      `\`${name}\` is one of these, by its \`kind\`:`,
      '',
      '| `kind` | fields | meaning |',
      '| --- | --- | --- |',
      ...rows,
      '',
    ]
  })
}

function fieldTable(schema: JsonSchema): string {
  return ['| field | value | meaning |', '| --- | --- | --- |', ...rowsOf(schema, ''), ''].join('\n')
}

/** Fields of an object in the object have their path as name. */
function rowsOf({ properties = {}, required = [] }: JsonSchema, path: string): string[] {
  return Object.entries(properties).flatMap(([key, field]) => {
    const name = `${path}${key}`
    const isRequired = required.includes(key)
    const mark = isRequired ? '' : ' (optional)'
    const row = `| \`${name}\`${mark} | ${cell(describeValue(field))} | ${cell(describe(field))} |`
    if (field.properties === undefined) return [row]
    const inner = rowsOf(field, `${name}.`)
    return isRequired ? inner : [row, ...inner]
  })
}

function describeValue(schema: JsonSchema): string {
  const { type, enum: values, const: only, items, additionalProperties, oneOf } = schema
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(' or ')
  if (only !== undefined) return `\`${JSON.stringify(only)}\``
  if (oneOf !== undefined) return 'object'
  if (type === 'integer') return `integer${rangeOf(schema)}`
  if (type === 'string') return `text${lengthOf(schema)}`
  if (type === 'array' && items !== undefined) return `list${upTo(schema.maxItems)} of ${itemsOf(items)}`
  if (typeof additionalProperties === 'object') return objectOf(schema, additionalProperties)
  return String(type)
}

/** A list of two schemas is a pair. */
function itemsOf(items: JsonSchema | JsonSchema[]): string {
  if (Array.isArray(items)) return items.map(describeValue).join(', and ')
  const { items: pair } = items
  return Array.isArray(pair) ? `pairs of ${itemsOf(pair)}` : describeValue(items)
}

function objectOf({ propertyNames }: JsonSchema, value: JsonSchema): string {
  const names = propertyNames?.pattern === undefined ? '' : `, names like \`${propertyNames.pattern}\``
  return `object of ${value.type === undefined ? 'any JSON' : describeValue(value)}${names}`
}

/** A safe integer is one that a 64-bit float holds. */
function rangeOf({ minimum, maximum }: JsonSchema): string {
  if (maximum === Number.MAX_SAFE_INTEGER) return ` from ${minimum} to 2⁵³ − 1`
  return minimum === undefined ? '' : ` from ${minimum} to ${maximum?.toLocaleString('en')}`
}

function lengthOf({ pattern, minLength, maxLength }: JsonSchema): string {
  if (pattern === '^/' && maxLength !== undefined)
    return ` that begins with \`/\`, at most ${maxLength} characters`
  if (pattern !== undefined) return ` like \`${pattern}\``
  if (maxLength === undefined) return minLength === undefined ? '' : ', not empty'
  return `${minLength === undefined ? '' : ', not empty'}, at most ${maxLength} characters`
}

const upTo = (most: number | undefined) => (most === undefined ? '' : ` of at most ${most}, each`)

function example({ name, message, body }: SampleBody): string[] {
  const fields = Object.entries(message).map(([key, value]) => `  ${JSON.stringify(key)}: ${inline(value)}`)
  return [
    `Example: ${name}.`,
    '',
    '```json',
    `{\n${fields.join(',\n')}\n}`,
    '```',
    '',
    '```json',
    body,
    '```',
    '',
  ]
}

function inline(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)}: ${inline(inner)}`)
    .join(', ')} }`
}

function describe(schema: JsonSchema | undefined): string {
  return schema?.description ?? ''
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** The action is written apart from the command: to know one of a later version is no matter of fields. */
function schemaOf(type: MessageType): JsonSchema {
  const schema = messageSchemas[type]
  if (!('action' in schema.entries)) return jsonSchemaOf(schema)
  const { action, ...entries } = schema.entries
  const { properties, ...rest } = jsonSchemaOf(v.object(entries))
  const described = v.getDescription(action) ?? ''
  return {
    ...rest,
    properties: { ...properties, action: { type: 'object', description: described } },
    required: [...(rest.required ?? []), 'action'],
  }
}

function jsonSchemaOf(schema: v.GenericSchema): JsonSchema {
  // What only code can check, and flags of regular expressions, are said in words.
  return toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' }) as JsonSchema
}
