import { readFileSync } from 'node:fs'
import path from 'node:path'
import { toJsonSchema } from '@valibot/to-json-schema'
import type { GenericSchema } from 'valibot'
import { TaskDeclaration } from '../../src/declarations/runArguments.ts'
import {
  oldSettingsSection,
  renamedSettings,
  settings,
  settingsSection,
} from '../../src/declarations/settings.ts'
import { WorkspaceFileDeclaration } from '../../src/declarations/workspaceFileSchema.ts'
import { RunAgent, RunDocument, RunHead } from '../../src/report/runJson.ts'
import type { JsonSchema } from './jsonSchema.ts'
import { messageTables } from './messageTables.ts'
import { runJsonTables, withReference, workspaceFileTables } from './reference.ts'

/**
 * The files that say what can be declared, and what messages and the JSON of a run are, as they should be, by their path below `root`.
 * @throws Error when a file is missing, or one of the marks between which something is written
 */
export function generate(root: string): Map<string, string> {
  const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
  const texts = new Map<string, string>()
  const manifest = JSON.parse(read('package.json'))
  manifest.contributes.configuration.properties = manifestSettings(texts)
  const [task] = manifest.contributes.taskDefinitions
  task.properties = localized(schemaOf(TaskDeclaration), 'task', texts).properties
  const old = Object.entries<string>(JSON.parse(read('package.nls.json')))
  const nls = [...old.filter(([key]) => !/^(setting|environment|rollout|task)\b/.test(key)), ...texts]
  const schema = schemaOf(WorkspaceFileDeclaration)
  return new Map([
    ['package.json', json(manifest)],
    ['package.nls.json', json(Object.fromEntries(nls))],
    ['media/workspace-file.schema.json', json(withBothDescriptions({ ...head, ...schema }))],
    ['docs/workspace-file.md', withReference(read('docs/workspace-file.md'), workspaceFileTables(schema))],
    ['media/run.schema.json', json({ ...runHead, ...schemaOf(RunDocument) })],
    [
      'docs/run-json.md',
      withReference(read('docs/run-json.md'), runJsonTables(schemaOf(RunHead), schemaOf(RunAgent))),
    ],
    [
      'docs/messages.md',
      withReference(
        read('docs/messages.md'),
        messageTables(JSON.parse(read('docs/protocol-vectors.json')).messages),
      ),
    ],
  ])
}

const draft = 'http://json-schema.org/draft-07/schema#'
const head = { $schema: draft, title: 'Environments and snippets of EC2 Collective' }
const runHead = { $schema: draft, title: 'A run of EC2 Collective' }

/** Each setting, and behind them the ones of the old names: still read, and told of where they stand. */
function manifestSettings(texts: Map<string, string>): Record<string, object> {
  const properties = Object.entries(settings).map(([name, schema], index) => {
    const { description = '', ...property } = localized(schemaOf(schema), 'environment', texts)
    texts.set(`setting.${name}`, description)
    return { name, property: { order: index + 1, ...property, markdownDescription: `%setting.${name}%` } }
  })
  texts.set(
    'setting.old',
    `Settings of EC2 Collective now begin with \`${settingsSection}\`. Run _EC2 Collective: Move Settings_ to move this one.`,
  )
  const renamed = properties.filter(({ name }) => renamedSettings.includes(name))
  const old = renamed.map(({ name, property: { scope, type } }) => [
    `${oldSettingsSection}.${name}`,
    {
      scope,
      type: name === 'defaultTimeout' ? ['number', 'string'] : type,
      markdownDeprecationMessage: '%setting.old%',
    },
  ])
  return Object.fromEntries([
    ...properties.map(({ name, property }) => [`${settingsSection}.${name}`, property]),
    ...old,
  ])
}

function schemaOf(schema: GenericSchema): JsonSchema {
  const { $schema: _, ...converted } = toJsonSchema(schema, {
    typeMode: 'input',
    // What only code can check is said in words.
    ignoreActions: ['check', 'raw_check', 'partial_check', 'trim'],
  })
  return withScalars(converted) as JsonSchema
}

/**
 * YAML's scalars are all text to us, and to other readers of the same file numbers and switches as well. And a list of
 * nothing says nothing.
 */
function withScalars(schema: unknown): unknown {
  return mapObjects(schema, (object) => {
    const { isAnyScalar, required, ...rest } = object
    return {
      ...rest,
      ...(isAnyScalar === true && { type: ['string', 'number', 'boolean'] }),
      ...(required !== undefined && !isEmpty(required) && { required }),
    }
  })
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** The schema with references to texts, which are added to `texts`, in place of descriptions. */
function localized(schema: JsonSchema, prefix: string, texts: Map<string, string>): JsonSchema {
  const { description, properties, additionalProperties, ...rest } = schema
  return {
    ...rest,
    ...(description !== undefined && { description }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, property]) => {
          const id = key === 'rollout' ? key : `${prefix}.${key}`
          const { description: text, ...inner } = localized(property, id, texts)
          if (text !== undefined) texts.set(id, text)
          return [key, { ...inner, ...(text !== undefined && { markdownDescription: `%${id}%` }) }]
        }),
      ),
    }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'object'
          ? localized(additionalProperties, prefix, texts)
          : additionalProperties,
    }),
  }
}

/** Not every editor knows Markdown. */
function withBothDescriptions(schema: unknown): unknown {
  return mapObjects(schema, (object) => {
    const { description } = object
    if (typeof description !== 'string' || !description.includes('`')) return object
    return { ...object, description: description.replaceAll('`', ''), markdownDescription: description }
  })
}

type JsonObject = Record<string, unknown>

/** Every object of a JSON value, inner ones first, as `change` makes it. */
function mapObjects(value: unknown, change: (object: JsonObject) => JsonObject): unknown {
  if (Array.isArray(value)) return value.map((item) => mapObjects(item, change))
  if (typeof value !== 'object' || value === null) return value
  return change(
    Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapObjects(inner, change)])),
  )
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
