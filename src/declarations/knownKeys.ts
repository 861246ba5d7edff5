import type { KeyedThing } from './filePlace.ts'

/** A key of a workspace file, with what it means: one list for completion and hover. */
export interface KnownKey {
  readonly key: string
  readonly meaning: string
  /** What is written behind the key when it is chosen; `$0` is where the cursor goes. */
  readonly snippet: string
}

const rollout: readonly KnownKey[] = [
  { key: 'canary', meaning: 'So many agents go first, alone.', snippet: ' $0' },
  {
    key: 'batch',
    meaning: 'So many at a time after that: a number, or a share such as 10%.',
    snippet: ' $0',
  },
  { key: 'pause', meaning: 'Wait between steps: seconds, or 30s, 5m.', snippet: ' $0' },
  {
    key: 'maxFailures',
    meaning: 'The rollout stops when more agents than this have failed.',
    snippet: ' $0',
  },
]

/** What may stand in each part of a workspace file. */
export const knownKeys: Readonly<Record<KeyedThing, readonly KnownKey[]>> = {
  file: [
    {
      key: 'environments',
      meaning: 'Environments that this repository works with, by name.',
      snippet: '\n  $0',
    },
    { key: 'snippets', meaning: 'Commands that this repository’s people run, by name.', snippet: '\n  $0' },
  ],
  environment: [
    { key: 'region', meaning: 'AWS region of its queues.', snippet: ' $0' },
    { key: 'profile', meaning: 'AWS profile that signs for it; otherwise the chosen one.', snippet: ' $0' },
    { key: 'protected', meaning: 'Before every run on it its name has to be typed.', snippet: ' $0' },
    { key: 'colour', meaning: 'Marks it wherever it is shown.', snippet: ' $0' },
    {
      key: 'timeout',
      meaning: 'Agents stop a command after this: seconds, or 90s, 10m.',
      snippet: ' $0',
    },
    { key: 'rollout', meaning: 'How a run spreads over its agents.', snippet: '\n  $0' },
    { key: 'queues', meaning: 'Names of its queues where they are not called after it.', snippet: '\n  $0' },
    { key: 'endpoint', meaning: 'Endpoint of SQS where it is not AWS’s own.', snippet: ' $0' },
  ],
  snippet: [
    { key: 'command', meaning: 'Shell command. One of command, script and file.', snippet: ' $0' },
    {
      key: 'script',
      meaning: 'Script, run by its #! line. One of command, script and file.',
      snippet: ' |\n  #!/bin/sh\n  $0',
    },
    {
      key: 'file',
      meaning: 'Path of a script in the workspace. One of command, script and file.',
      snippet: ' $0',
    },
    {
      key: 'filter',
      meaning: 'Who: a filter such as role=web; "*" means everyone. Asked for when absent.',
      snippet: ' $0',
    },
    { key: 'environment', meaning: 'Name of the environment; asked for when absent.', snippet: ' $0' },
    { key: 'description', meaning: 'What it is good for, in a line.', snippet: ' $0' },
    {
      key: 'inputs',
      meaning:
        'What is asked for before it runs. Each reaches the command as an environment variable, never as text in it.',
      snippet: '\n  $1:\n    prompt: $0',
    },
    { key: 'args', meaning: 'Parameters of the script.', snippet: ' [$0]' },
    { key: 'interpreter', meaning: 'Program that runs the script; otherwise its #! line.', snippet: ' $0' },
    { key: 'timeout', meaning: 'Agents stop it after this: seconds, or 90s, 10m.', snippet: ' $0' },
    { key: 'rollout', meaning: 'How it spreads over the agents.', snippet: '\n  $0' },
    { key: 'user', meaning: 'User to run as, where the agents’ policy allows it.', snippet: ' $0' },
    { key: 'directory', meaning: 'Absolute directory to run in.', snippet: ' /$0' },
  ],
  input: [
    { key: 'prompt', meaning: 'The question.', snippet: ' $0' },
    { key: 'default', meaning: 'The value that is there already.', snippet: ' $0' },
    { key: 'choices', meaning: 'The values to choose from.', snippet: ' [$0]' },
    { key: 'secret', meaning: 'Typed hidden, and never kept, shown or logged.', snippet: ' $0' },
  ],
  queues: [
    { key: 'commands', meaning: 'Broadcast to the agents; <name>_master unless told.', snippet: ' $0' },
    { key: 'replies', meaning: 'Shared replies; <name>_agent unless told.', snippet: ' $0' },
    { key: 'facts', meaning: 'What agents tell of themselves; <name>_facts unless told.', snippet: ' $0' },
  ],
  rollout,
}
