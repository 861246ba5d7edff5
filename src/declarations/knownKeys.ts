import * as v from 'valibot'
import { DeclaredRollout } from './declaredValues.ts'
import { DeclaredView } from './declaredView.ts'
import { DeclaredQueues, EnvironmentDeclaration } from './environmentDeclaration.ts'
import { Input, SnippetDeclaration } from './snippet.ts'
import { WorkspaceFileDeclaration } from './workspaceFileSchema.ts'

/** A part of a workspace file with its own keys. */
export type KeyedThing = 'file' | 'environment' | 'sets' | 'snippet' | 'input' | 'queues' | 'rollout' | 'view'

/** A key of a workspace file with its meaning, for completion and hover. */
export interface KnownKey {
  readonly key: string
  /** Markdown, which uses only code in backticks. */
  readonly meaning: string
  /** Text inserted after the key when it is chosen; `$0` is where the cursor goes. */
  readonly insert: string
  /** The possible values, if that is a short list. */
  readonly values: readonly string[]
}

/** Keys for which more than an empty value helps. */
const inserts: Readonly<Record<string, string>> = {
  script: ' |\n  #!/bin/sh\n  $0',
  inputs: '\n  $1:\n    prompt: $0',
  directory: ' /$0',
  columns: ' [$0]',
}

/** The keys of each part of a workspace file, from the schemas. */
export const knownKeys: Readonly<Record<KeyedThing, readonly KnownKey[]>> = {
  file: keysOf(WorkspaceFileDeclaration),
  environment: keysOf(EnvironmentDeclaration),
  // Their keys are names that people choose.
  sets: [],
  snippet: keysOf(SnippetDeclaration),
  input: keysOf(Input),
  queues: keysOf(DeclaredQueues),
  rollout: keysOf(DeclaredRollout),
  view: keysOf(DeclaredView),
}

function keysOf(schema: v.GenericSchema): KnownKey[] {
  const { entries } = schema as Partial<v.LooseObjectSchema<Record<string, v.GenericSchema>, undefined>>
  return Object.entries(entries ?? {}).map(([key, entry]) => {
    const value = valueSchema(entry)
    return {
      key,
      meaning: v.getDescription(entry) ?? '',
      insert: inserts[key] ?? insertFor(value.type),
      values: valuesOf(value),
    }
  })
}

function insertFor(type: string): string {
  if (type === 'array') return ' [$0]'
  return type === 'loose_object' || type === 'record' ? '\n  $0' : ' $0'
}

/** The schema of an optional value. */
function valueSchema(entry: v.GenericSchema): v.GenericSchema {
  return 'wrapped' in entry ? valueSchema(entry.wrapped as v.GenericSchema) : entry
}

function valuesOf(value: v.GenericSchema): string[] {
  if (value.type === 'picklist' && 'options' in value) return [...(value.options as string[])]
  const { type } = v.getMetadata(value)
  return type === 'boolean' ? ['true', 'false'] : []
}
