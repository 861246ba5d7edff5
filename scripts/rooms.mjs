// @ts-check
// `npm run rooms`: the one table of the rooms of the sources, and what each may import. From it come the linter's rules
// (biome.rooms.json) and the part of docs/architecture.md that shows it. A new folder, or an import that no room above
// it has yet, begins here.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * A folder, without the folders in it.
 *
 * @typedef {{ room: string, holds: string, imports?: string[], packages?: string[], alone?: Record<string, string[]> }} Room
 *   `imports`: rooms that stand before this one in the table, so that nothing can run in circles. `packages`: `node` is
 *   every module of Node but `node:child_process`, since few may start programs; rooms without `node` do no input or
 *   output. `alone`: packages that one file of the room may import, and no other.
 */

/** From the lowest to the highest. @type {readonly Room[]} */
export const rooms = [
  { room: 'src/text', holds: 'sentences that the console translates, for rooms that do not import VS Code' },
  {
    room: 'src/async',
    holds:
      'promises and signals: work done once, waits that a signal ends, listeners that must not end their caller',
  },
  {
    room: 'src/protocol',
    holds: 'the language of the queues: messages, envelope, output frames, names, verdicts, facts',
    imports: ['src/text'],
    packages: ['node:crypto', 'node:zlib', 'valibot'],
  },
  {
    room: 'src/protocol/filter',
    holds: 'filters over facts: parse, print, match, explain, complete',
    imports: ['src/text', 'src/protocol'],
    packages: ['re2js'],
  },
  {
    room: 'src/chain',
    holds: 'lines that are chained by their digests: the audit log of an agent, the chain of a history',
    packages: ['node:crypto'],
  },
  {
    room: 'src/signing',
    holds: 'signing for people: ed25519 keys as OpenSSH writes them, and those of an SSH agent',
    imports: ['src/text', 'src/async'],
    packages: ['node', 'bcrypt-pbkdf'],
  },
  {
    room: 'src/network',
    holds: 'connections to other machines: proxies, and the certificates that are trusted',
    imports: ['src/text'],
    packages: ['node'],
  },
  {
    room: 'src/hosts',
    holds: 'names of many hosts: natural order, folding into one short text, names that look alike',
    imports: ['src/text'],
  },
  {
    room: 'src/answers',
    holds:
      'what outputs say: words and values, patterns that replies share, tables, the order of values, and how people look at them',
    imports: ['src/text', 'src/protocol', 'src/hosts'],
    packages: ['node:crypto', 're2js'],
  },
  {
    room: 'src/locks',
    holds: 'the lock of all programs, for what only one process may use at a time',
    packages: ['node'],
  },
  {
    room: 'src/run',
    holds: 'the model of a run: request, events, reducer, state, summary, rollout, reply timeouts',
    imports: ['src/answers', 'src/hosts', 'src/text', 'src/protocol', 'src/protocol/filter'],
    packages: ['node:crypto', 'valibot'],
  },
  {
    room: 'src/queues',
    holds: 'SQS: client, names and attributes, receive loop, batching sender, set-up, diagnosis, IAM texts',
    imports: ['src/text', 'src/async', 'src/network', 'src/protocol'],
    packages: [
      '@aws-sdk/client-sqs',
      '@aws-sdk/core/client',
      '@aws-sdk/credential-providers',
      '@smithy/core/config',
      'node',
      'valibot',
    ],
  },
  {
    room: 'src/declarations',
    holds:
      'what people declare, in settings and workspace files: environments, snippets, runs; where it stands in a file, how it is edited there',
    imports: [
      'src/answers',
      'src/protocol',
      'src/protocol/filter',
      'src/signing',
      'src/hosts',
      'src/text',
      'src/run',
      'src/queues',
    ],
    packages: ['js-yaml', 'valibot'],
  },
  {
    room: 'src/master/store',
    holds: 'what a master keeps on disk: history with its chain, records and outputs of runs, its id',
    imports: ['src/text', 'src/chain', 'src/protocol', 'src/locks', 'src/run'],
    packages: ['node', 'valibot'],
  },
  {
    room: 'src/master/identity',
    holds: 'who sent a message: senders, and what instances have proven, in memory and on disk',
    imports: ['src/text', 'src/locks', 'src/queues'],
    packages: ['node', 'valibot'],
  },
  {
    room: 'src/master/engine',
    holds: 'active runs: taking in replies, waiting for agents, steps of a rollout',
    imports: ['src/async', 'src/text', 'src/protocol', 'src/run', 'src/master/store'],
    packages: ['node'],
  },
  {
    room: 'src/master/sending',
    holds: 'sending commands: broadcast, and what signs them',
    imports: [
      'src/text',
      'src/async',
      'src/protocol',
      'src/signing',
      'src/run',
      'src/queues',
      'src/master/engine',
    ],
    packages: ['node'],
  },
  {
    room: 'src/master/replies',
    holds: 'receiving replies: the reply queue, and messages on it that are not for us',
    imports: ['src/text', 'src/async', 'src/protocol', 'src/run', 'src/queues'],
    packages: ['node'],
  },
  {
    room: 'src/master/fleet',
    holds:
      'the known agents, and which of them a request reaches: inventory, sweeps of the facts queue, identities',
    imports: [
      'src/async',
      'src/text',
      'src/protocol',
      'src/protocol/filter',
      'src/signing',
      'src/hosts',
      'src/run',
      'src/queues',
      'src/master/identity',
    ],
    packages: ['node'],
  },
  {
    room: 'src/master',
    holds: 'the master itself, and its warnings',
    imports: [
      'src/async',
      'src/text',
      'src/protocol',
      'src/protocol/filter',
      'src/signing',
      'src/run',
      'src/queues',
      'src/master/store',
      'src/master/identity',
      'src/master/engine',
      'src/master/sending',
      'src/master/replies',
      'src/master/fleet',
    ],
    packages: ['node'],
  },
  {
    room: 'src/terminal',
    holds: 'output as a terminal shows it: lines, and the look of their text (SGR)',
    imports: ['src/text', 'src/protocol'],
  },
  {
    room: 'src/report',
    holds: 'reports of a run: groups, tables, export, exit code, comparison with audit logs',
    imports: ['src/text', 'src/chain', 'src/protocol', 'src/hosts', 'src/run', 'src/terminal', 'src/answers'],
    packages: ['valibot'],
  },
  {
    room: 'src/page',
    holds: 'messages between the console and the results page: types, and the parsing of both sides',
    imports: ['src/text', 'src/protocol', 'src/answers'],
    packages: ['valibot'],
  },
  {
    room: 'webview/ui',
    holds: 'elements of the page; the only place that uses the UI toolkit',
    packages: ['@vscode/webview-ui-toolkit'],
  },
  {
    room: 'webview',
    holds: 'the results page, which runs in a browser',
    imports: [
      'src/text',
      'src/protocol',
      'src/hosts',
      'src/answers',
      'src/page',
      'webview/ui',
      'src/terminal',
    ],
    packages: ['@tanstack/virtual-core'],
  },
  {
    room: 'src/localFleet/sqs',
    holds: 'an SQS server on loopback: queues in memory, the actions and the wire format that clients use',
    packages: ['node', 'valibot'],
  },
  {
    room: 'src/localFleet',
    holds:
      'the local fleet: that server and a few real agents as processes of their own, to try everything out',
    imports: ['src/text', 'src/async', 'src/locks', 'src/queues', 'src/localFleet/sqs'],
    packages: ['node', 'node:child_process'],
  },
  {
    room: 'src/cli',
    holds: 'ec2-cmaster: the master for pipelines, with the flags of the original',
    imports: [
      'src/text',
      'src/async',
      'src/protocol',
      'src/protocol/filter',
      'src/hosts',
      'src/run',
      'src/queues',
      'src/declarations',
      'src/master/store',
      'src/master/engine',
      'src/master/fleet',
      'src/master',
      'src/report',
      'src/localFleet',
      'src/terminal',
    ],
    packages: ['../../package.json', 'js-yaml', 'node', 'valibot'],
  },
  {
    room: 'src/console/text',
    holds: 'text that is safe to show in the editor, in its language',
    imports: ['src/text'],
    packages: ['vscode'],
  },
  {
    room: 'src/console/declarations',
    holds: 'settings and workspace files in the editor: what they declare, and edits to them',
    imports: ['src/async', 'src/protocol', 'src/hosts', 'src/queues', 'src/declarations', 'src/console/text'],
    packages: ['node', 'valibot', 'vscode'],
  },
  {
    room: 'src/console/profile',
    holds: 'AWS profiles: reading, choosing, logging in, and the consent to what a workspace chooses',
    imports: ['src/text', 'src/queues', 'src/declarations', 'src/console/declarations'],
    packages: ['node', 'vscode'],
  },
  { room: 'src/console/documents', holds: 'read-only texts in editors', packages: ['vscode'] },
  {
    room: 'src/console',
    holds: 'how commands are registered, and how their errors reach the user',
    imports: ['src/text', 'src/queues', 'src/declarations', 'src/console/text', 'src/console/profile'],
    packages: ['vscode'],
  },
  {
    room: 'src/console/environments',
    holds: 'the tree of environments and agents, and the masters behind it',
    imports: [
      'src/async',
      'src/text',
      'src/protocol',
      'src/signing',
      'src/hosts',
      'src/queues',
      'src/declarations',
      'src/master/store',
      'src/master/identity',
      'src/master/sending',
      'src/master/fleet',
      'src/master',
      'src/console/text',
      'src/console/declarations',
      'src/console/profile',
    ],
    packages: ['vscode'],
  },
  {
    room: 'src/console/results',
    holds: 'the results page in the editor: panel, sessions, outputs, search, export',
    imports: [
      'src/text',
      'src/protocol',
      'src/hosts',
      'src/run',
      'src/master/engine',
      'src/answers',
      'src/report',
      'src/page',
      'src/console/text',
      'src/console/declarations',
      'src/terminal',
    ],
    packages: ['node', 'vscode'],
  },
  {
    room: 'src/console/targets',
    holds: 'what people type to choose agents: what it means, whom it matches, and what was probably meant',
    imports: ['src/text', 'src/protocol', 'src/protocol/filter', 'src/hosts', 'src/master/fleet'],
  },
  {
    room: 'src/console/send',
    holds: 'from a command to a run: command, environment, targets, confirmation',
    imports: [
      'src/async',
      'src/protocol',
      'src/protocol/filter',
      'src/hosts',
      'src/text',
      'src/run',
      'src/declarations',
      'src/master/store',
      'src/master/engine',
      'src/master/fleet',
      'src/master',
      'src/console/text',
      'src/console/declarations',
      'src/console/documents',
      'src/console',
      'src/console/environments',
      'src/console/targets',
    ],
    packages: ['node', 'vscode'],
  },
  {
    room: 'src/console/history',
    holds: 'past runs: view, opening, comparing, running again',
    imports: [
      'src/hosts',
      'src/protocol',
      'src/protocol/filter',
      'src/text',
      'src/run',
      'src/declarations',
      'src/master/store',
      'src/master/engine',
      'src/report',
      'src/console/text',
      'src/console/declarations',
      'src/console/documents',
      'src/console',
      'src/console/environments',
      'src/console/results',
      'src/console/send',
    ],
    packages: ['vscode'],
  },
  {
    room: 'src/console/snippets',
    holds: 'named commands: view, lenses, saving',
    imports: [
      'src/answers',
      'src/text',
      'src/protocol/filter',
      'src/run',
      'src/declarations',
      'src/console/text',
      'src/console/declarations',
      'src/console/environments',
      'src/console/targets',
      'src/console/send',
    ],
    packages: ['vscode'],
  },
  {
    room: 'src/console/tasks',
    holds: 'runs as tasks of the editor',
    imports: [
      'src/console',
      'src/text',
      'src/protocol',
      'src/report',
      'src/console/text',
      'src/console/send',
    ],
    packages: ['vscode'],
  },
  {
    room: 'src/console/doctor',
    holds: 'the report on an environment',
    imports: [
      'src/hosts',
      'src/text',
      'src/queues',
      'src/declarations',
      'src/master/fleet',
      'src/master',
      'src/console/profile',
      'src/console/documents',
      'src/console',
      'src/console/environments',
    ],
    packages: ['vscode'],
  },
  {
    room: 'src/console/signing',
    holds: 'setting up signatures: the keys of people, and what belongs in policies',
    imports: [
      'src/text',
      'src/signing',
      'src/declarations',
      'src/master/sending',
      'src/master/fleet',
      'src/console/text',
      'src/console/declarations',
      'src/console/documents',
      'src/console',
      'src/console/environments',
    ],
    packages: ['node', 'vscode'],
  },
  {
    room: 'src/console/localFleet',
    holds: 'the local fleet as an environment of the editor',
    imports: [
      'src/async',
      'src/queues',
      'src/localFleet',
      'src/console/declarations',
      'src/console/environments',
    ],
    packages: ['vscode'],
  },
  {
    room: 'src/console/status',
    holds: 'the item in the status bar, and its menu',
    imports: [
      'src/protocol',
      'src/queues',
      'src/declarations',
      'src/console/text',
      'src/console/profile',
      'src/console/environments',
      'src/console/send',
    ],
    packages: ['vscode'],
  },
  {
    room: 'src/console/commands',
    holds: 'the commands that belong to no other folder, one per file',
    imports: [
      'src/text',
      'src/protocol',
      'src/hosts',
      'src/queues',
      'src/declarations',
      'src/console/text',
      'src/console/declarations',
      'src/console/profile',
      'src/console/documents',
      'src/console',
      'src/console/environments',
      'src/console/send',
      'src/console/localFleet',
    ],
    packages: ['vscode'],
  },
  {
    room: 'src',
    holds: 'assembles the extension: read from top to bottom, it shows what the product is',
    imports: [
      'src/run',
      'src/master/store',
      'src/master',
      'src/console/declarations',
      'src/console/profile',
      'src/console/documents',
      'src/console',
      'src/console/environments',
      'src/console/results',
      'src/console/send',
      'src/console/history',
      'src/console/snippets',
      'src/console/tasks',
      'src/console/doctor',
      'src/console/signing',
      'src/console/localFleet',
      'src/console/status',
      'src/console/commands',
    ],
    packages: ['node', 'vscode'],
  },
  {
    room: 'agent/src/execution',
    holds:
      'running programs as requested: process groups, users, environment, processes that outlive their run',
    imports: ['src/protocol'],
    packages: ['node', 'node:child_process'],
  },
  {
    room: 'agent/src/log',
    holds: 'log lines and the audit trail',
    imports: ['src/chain', 'src/text', 'src/protocol'],
    packages: ['node'],
  },
  {
    room: 'agent/src/policy',
    holds: 'what an administrator allows this server to run',
    imports: ['src/text', 'src/protocol', 'src/signing'],
    packages: ['js-yaml', 'node', 're2js', 'valibot'],
  },
  {
    room: 'agent/src/formats',
    holds: 'texts as people and programs write them: their size, encodings, JSON, YAML',
    imports: ['src/text'],
    packages: ['js-yaml'],
  },
  {
    room: 'agent/src/settings',
    holds: 'the configuration file, parsed',
    imports: [
      'src/async',
      'src/protocol',
      'src/queues',
      'agent/src/log',
      'agent/src/policy',
      'agent/src/formats',
    ],
    packages: ['../../../package.json', 'node', 'valibot'],
  },
  {
    room: 'agent/src/store',
    holds: 'what must survive a crash: the journal of runs, spooled replies',
    imports: ['agent/src/log', 'agent/src/policy'],
    packages: ['node'],
  },
  {
    room: 'agent/src/replies',
    holds: 'sending replies to the master: writing, spooling, delivery',
    imports: ['src/protocol', 'src/queues', 'agent/src/log', 'agent/src/store'],
    packages: ['node'],
  },
  {
    room: 'agent/src/facts',
    holds: 'the sources of facts, and how they are merged',
    imports: [
      'src/protocol',
      'agent/src/execution',
      'agent/src/policy',
      'agent/src/formats',
      'agent/src/settings',
    ],
    packages: ['node'],
  },
  {
    room: 'agent/src/identity',
    holds: 'the identity of this agent',
    imports: ['src/protocol', 'agent/src/log', 'agent/src/settings', 'agent/src/replies', 'agent/src/facts'],
    packages: ['node', 'valibot'],
  },
  {
    room: 'agent/src/announcing',
    holds: 'publishing facts to the masters',
    imports: ['src/protocol', 'agent/src/log', 'agent/src/replies', 'agent/src/facts'],
    packages: ['node'],
  },
  {
    room: 'agent/src/runs',
    holds: 'commands that are being executed, and those that an earlier process of the agent left behind',
    imports: [
      'src/protocol',
      'agent/src/execution',
      'agent/src/log',
      'agent/src/policy',
      'agent/src/settings',
      'agent/src/store',
      'agent/src/replies',
    ],
    packages: ['node'],
  },
  {
    room: 'agent/src/intake',
    holds: 'incoming messages: listening, admission, and dispatching',
    imports: [
      'src/async',
      'src/protocol',
      'src/protocol/filter',
      'src/queues',
      'agent/src/log',
      'agent/src/policy',
      'agent/src/replies',
      'agent/src/announcing',
      'agent/src/runs',
    ],
    packages: ['node', 'valibot'],
  },
  {
    room: 'agent/src/process',
    holds: 'the program: arguments, start and stop, checks, state directory, and the assembly of the agent',
    imports: [
      'src/chain',
      'src/protocol',
      'src/protocol/filter',
      'src/signing',
      'src/locks',
      'src/text',
      'src/queues',
      'agent/src/execution',
      'agent/src/log',
      'agent/src/policy',
      'agent/src/settings',
      'agent/src/replies',
      'agent/src/facts',
      'agent/src/identity',
      'agent/src/announcing',
      'agent/src/runs',
      'agent/src/intake',
    ],
    packages: ['node'],
    alone: { 'ownProgram.ts': ['node:child_process'] },
  },
]

/** @param {string} room @returns {string} the room that a person knows by name, with those inside it */
const houseOf = (room) => room.match(/^(src\/\w+|agent\/src|webview|src)/)?.[0] ?? room

/** @param {string} room @returns {string} as people say it */
const short = (room) =>
  room === 'src' ? 'extension.ts' : room.replace(/^src\//, '').replace(/^agent\/src/, 'agent')

/** The linter's rules: what a room does not list is refused. Part of biome.json by its `extends`. */
export function linterRules() {
  const overrides = rooms.flatMap(({ room, imports = [], packages = [], alone = {} }) => [
    rule(`${room}/*.ts`, room, imports, packages),
    ...Object.entries(alone).map(([file, more]) =>
      rule(`${room}/${file}`, room, imports, [...packages, ...more]),
    ),
  ])
  return { $schema: './node_modules/@biomejs/biome/configuration_schema.json', overrides }
}

/** @param {string} files @param {string} room @param {string[]} imports @param {string[]} packages */
function rule(files, room, imports, packages) {
  // The last pattern that matches decides.
  const group = [
    ...['**', '!./*'],
    ...imports.map((other) => `!${folderFrom(room, other)}/*`),
    ...packages.flatMap((name) => (name === 'node' ? ['!node:*', '!node:*/*'] : [`!${name}`])),
    ...(packages.includes('node') && !packages.includes('node:child_process') ? ['node:child_process'] : []),
  ]
  const message = `${room} may import of our rooms: ${listed(imports)}; of packages: ${listed(packages)}. The table is in scripts/rooms.mjs; after a change of it: npm run rooms.`
  const options = { patterns: [{ group, message }] }
  return {
    includes: [files],
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options } } } },
  }
}

/** @param {string} from @param {string} to rooms @returns {string} as an import of the one begins for the other */
export function folderFrom(from, to) {
  const relative = path.posix.relative(from, to)
  return relative.startsWith('.') ? relative : `./${relative}`
}

/** @param {readonly string[]} names */
function listed(names) {
  return names.length === 0 ? 'none' : names.join(', ')
}

/** What docs/architecture.md says between its marks. */
export function documentation() {
  const drawn = [
    ['The whole:', floors([...new Set(rooms.map(({ room }) => houseOf(room)))], dependencies(houseOf))],
    ...['src/master', 'src/console', 'agent/src'].map((house) => {
      const inside = rooms.map(({ room }) => room).filter((room) => houseOf(room) === house)
      return [`Inside \`${house}\`:`, floors(inside, dependencies(), house)]
    }),
  ].map(([title, drawing]) => `${title}\n\n${drawing}`)
  const rows = rooms.map(({ room, holds, imports = [], packages = [], alone = {} }) => {
    const ofFiles = Object.entries(alone).map(([file, more]) => `${more.join(', ')} (\`${file}\` alone)`)
    const allPackages = [
      ...packages.map((name) => (path.posix.basename(name) === 'package.json' ? 'package.json' : name)),
      ...ofFiles,
    ]
    const cells = [`\`${room}\``, holds, imports.map(short).join(', ') || '–', allPackages.join(', ') || '–']
    return `| ${cells.join(' | ')} |`
  })
  const head = ['| room | what it holds | imports | packages |', '| --- | --- | --- | --- |']
  return [...drawn, [...head, ...rows].join('\n')].join('\n\n')
}

/** @param {(room: string) => string} [name] @returns {Map<string, Set<string>>} what each imports of the others */
function dependencies(name = (room) => room) {
  /** @type {Map<string, Set<string>>} */
  const found = new Map()
  for (const { room, imports = [] } of rooms) {
    const from = name(room)
    const all = found.get(from) ?? new Set()
    for (const other of imports.map(name)) if (other !== from) all.add(other)
    found.set(from, all)
  }
  return found
}

/**
 * Each on the lowest floor on which it stands above all that it imports; the highest floor first.
 *
 * @param {readonly string[]} names @param {Map<string, Set<string>>} imports @param {string} [house] that they are in
 */
function floors(names, imports, house) {
  /** @type {(name: string, above?: string[]) => number} */
  const floorOf = (name, above = []) => {
    if (above.includes(name)) throw new Error(`A circle of imports: ${[...above, name].join(' -> ')}`)
    const below = [...(imports.get(name) ?? [])].filter((other) => names.includes(other))
    return Math.max(-1, ...below.map((other) => floorOf(other, [...above, name]))) + 1
  }
  /** @type {string[][]} */
  const lines = []
  for (const name of names) {
    const floor = floorOf(name)
    lines[floor] = [...(lines[floor] ?? []), inside(name, house)]
  }
  const drawn = lines.map((line, floor) => `    ${floor}  ${line.join('  ')}`)
  return drawn.reverse().join('\n')
}

/** @param {string} name @param {string | undefined} house */
function inside(name, house) {
  if (house === undefined) return short(name)
  return name === house ? '(its own files)' : name.slice(house.length + 1)
}

const root = fileURLToPath(new URL('..', import.meta.url))
const marks = ['<!-- rooms: written by npm run rooms -->', '<!-- end of rooms -->']

/** @param {string} document @returns {string} the same with the part between the marks as the table has it */
export function withDocumentation(document) {
  const [start = '', end = ''] = marks
  const [before, after] = [document.indexOf(start), document.indexOf(end)]
  if (before < 0 || after < before) throw new Error(`docs/architecture.md lacks the marks ${start} … ${end}`)
  return `${document.slice(0, before + start.length)}\n\n${documentation()}\n\n${document.slice(after)}`
}

function write() {
  writeFileSync(path.join(root, 'biome.rooms.json'), `${JSON.stringify(linterRules(), null, 2)}\n`)
  const architecture = path.join(root, 'docs/architecture.md')
  writeFileSync(architecture, withDocumentation(readFileSync(architecture, 'utf8')))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) write()
