import type { JsonSchema } from './jsonSchema.ts'

const [start, end] = [
  '<!-- reference: written by `npm run declarations` -->',
  '<!-- end of the reference -->',
]

/**
 * The text with these tables.
 * @throws Error when the marks are missing between which the tables stand
 */
export function withReference(text: string, tables: readonly string[]): string {
  const [before, after] = [text.indexOf(start), text.indexOf(end)]
  if (before === -1 || after < before) throw new Error(`${start} and ${end} are missing.`)
  return `${text.slice(0, before)}${start}\n\n${tables.join('\n')}\n${text.slice(after)}`
}

/** A table for each part of a workspace file. */
export function workspaceFileTables(schema: JsonSchema): string[] {
  const environment = entriesOf(schema, 'environments')
  const snippet = entriesOf(schema, 'snippets')
  const { inputs, rollout, view } = snippet.properties ?? {}
  const input = inputs === undefined ? {} : valuesOf(inputs)
  return [
    table('An environment', environment),
    table('`queues` of an environment', environment.properties?.queues ?? {}),
    table('A snippet', snippet),
    table('Each of the `inputs` of a snippet', input),
    table('`rollout` of either', rollout ?? {}),
    table('`view` of a snippet', view ?? {}),
  ]
}

/** A table for each part of the JSON of a run. Only fields that may be absent are marked. */
export function runJsonTables(head: JsonSchema, agent: JsonSchema): string[] {
  const { action = {}, groups, rollout } = head.properties ?? {}
  return [
    fieldTable('The run', head),
    fieldTable('`action`', action),
    fieldTable('`rollout`', rollout?.anyOf?.[0] ?? {}),
    fieldTable('Each of `groups`', [groups?.items ?? {}].flat()[0] ?? {}),
    fieldTable('An agent', agent),
  ]
}

function fieldTable(title: string, { properties = {}, required = [] }: JsonSchema): string {
  const rows = Object.entries(properties).map(([key, property]) => {
    const name = `\`${key}\`${required.includes(key) ? '' : ' (optional)'}`
    return `| ${name} | ${describeField(property)} | ${cell(property.description ?? '')} |`
  })
  return [`### ${title}`, '', '| field | value | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

function describeField(schema: JsonSchema): string {
  const { type, format, enum: values, const: only, anyOf } = schema
  if (anyOf !== undefined) return anyOf.map(describeField).join(' or ')
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ')
  if (only !== undefined) return `\`${JSON.stringify(only)}\``
  if (format === 'date-time') return 'time'
  if (type === 'array') return 'list'
  return type === 'string' ? 'text' : String(type)
}

function entriesOf(schema: JsonSchema, section: string): JsonSchema {
  return valuesOf(schema.properties?.[section] ?? {})
}

/** The schema of a map's values; a map or a value that may be empty has its schema beside null's. */
function valuesOf(map: JsonSchema): JsonSchema {
  const { additionalProperties } = map.anyOf?.[0] ?? map
  const value = typeof additionalProperties === 'object' ? additionalProperties : {}
  return value.anyOf?.[0] ?? value
}

function table(title: string, { properties = {}, required = [] }: JsonSchema): string {
  const rows = Object.entries(properties).map(([key, property]) => {
    const name = `\`${key}\`${required.includes(key) ? ' (required)' : ''}`
    return `| ${name} | ${describeValue(property)} | ${cell(property.description ?? '')} |`
  })
  return [`### ${title}`, '', '| key | value | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

function describeValue({ type, enum: values, examples, anyOf }: JsonSchema): string {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ')
  if (examples !== undefined) return `such as ${examples.map((example) => `\`${cell(example)}\``).join(', ')}`
  if (type === 'boolean') return '`true`, `false`'
  if (type === 'array') return 'list'
  if (type === 'object' || anyOf !== undefined) return 'map'
  return 'text'
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
