import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import * as vscode from 'vscode'
import { createLog } from '../../../agent/src/log/log.ts'
import { printFacts } from '../../../agent/src/process/explainFacts.ts'
import { explain } from '../../../src/cli/explain.ts'
import { report } from '../../../src/cli/report.ts'
import { printReport } from '../../../src/console/doctor/report.ts'
import { Connections } from '../../../src/console/environments/connections.ts'
import { describeNode, explainNode } from '../../../src/console/environments/treeItems.ts'
import type { TreeNode } from '../../../src/console/environments/treeNode.ts'
import { SnippetsView } from '../../../src/console/snippets/snippetsView.ts'
import { RunTerminal } from '../../../src/console/tasks/runTerminal.ts'
import { plainText } from '../../../src/console/text/plainText.ts'
import { Trouble } from '../../../src/console/trouble.ts'
import { QueueError } from '../../../src/queues/queueError.ts'
import { noRequests } from '../../../src/queues/requestCounts.ts'
import { exportJson, exportNdjson } from '../../../src/report/runExport.ts'
import { exportCsv, exportText } from '../../../src/report/runTables.ts'
import { verbatim } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { declared } from '../../support/declared.ts'
import { knownAgent } from '../../support/knownAgent.ts'
import { type SimulatedRun, simulateRun } from '../../support/simulatedRun.ts'
import { snippetsOf } from '../../support/snippetsOf.ts'

/** Text of a server, of SQS or of a workspace file that wants more than to be read. */
const hostile = {
  'a window title': 'a\x1b]0;OWNED\x07b',
  'the clipboard': 'a\x1b]52;c;cm0gLXJmIH4K\x07b',
  'a link of a terminal': 'a\x1b]8;;command:x\x1b\\click\x1b]8;;\x1b\\b',
  'a screen that is cleared': 'a\x1b[2J\x1b[Hb',
  'a line that is overwritten': 'a\x1b[1A\x1b[2K---- web-2: succeeded',
  'a query to the terminal': 'a\x1b[6n\x1b[c\x05b',
  'hidden text': 'a\x1b[8mhidden',
  'a device control string': 'a\x1bPq#0\x1b\\b\x1b_x\x1b\\',
  'control characters of 8 bits': 'a\x9b2J\x9d0;OWNED\x9cb\x90q\x9c',
  'backspaces and returns': 'rm -rf /\b\b\b\b\b\b\b\bok\rls',
  'reading from right to left': 'a\u202egnp.exe\u2066b\u2069\u200f\u061c',
  'lines of its own': 'a\n2026-01-01T00:00:00.000Z INFO  forged\r\n[error] forged',
  'separators of lines': 'a\u2028forged\u2029forged\u0085forged\x0bforged\x0cforged',
  'NUL and DEL': 'a\0b\x7fc',
  'what nobody sees': 'a\u200b\u00ad\ufeff\u2060\u{e0041}b',
  'links of Markdown':
    '[a](command:workbench.action.quit) ![b](https://x/?leak) <https://x> **c** `d` $(trash)',
  HTML: '<img src=x onerror=alert(1)><a href="command:x">a</a>&lt;',
  'a table and a heading': '|a|b|\n# c\n---',
  'a formula': "=cmd|'/C calc'!A0",
  'other formulas': ' \t＝HYPERLINK("https://x","a")',
}

/** Nothing here may reach a person: control characters, directions, separators, and what is not seen. */
const forbidden =
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Co}|[\u{e0000}-\u{e007f}]/u
const forged = /^(2026-01-01|\[error\]|---- web-2: succeeded|# c$)/m

const runs = new Map<string, SimulatedRun>()
afterEach(() => {
  vi.restoreAllMocks()
})
afterAll(async () => {
  for (const simulated of runs.values()) await simulated.close()
})

/** A run whose command, filter, reason and output say it. It is over, so that all exits may show the same one. */
async function runOf(text: string): Promise<SimulatedRun> {
  const known = runs.get(text)
  if (known !== undefined) return known
  const request = { action: { kind: 'shell', command: text }, filter: `name="${text}"` } as const
  const simulated = await simulateRun(['web-1', 'web-2'], request)
  runs.set(text, simulated)
  simulated.refuse('web-1', text)
  simulated.finish('web-2', 0, [{ stream: 1, text }])
  return simulated
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}

async function terminalOf(text: string): Promise<string> {
  const { run } = await runOf(text)
  const started = { run, environment: declared('testing'), origin: 'task' } as const
  const terminal = new RunTerminal(
    async () => ({ kind: 'sent', started }),
    'strict',
    () => {},
  )
  return played(terminal)
}

async function failingTerminalOf(text: string): Promise<string> {
  return played(
    new RunTerminal(
      () => Promise.reject(errorOf(text)),
      'strict',
      () => {},
    ),
  )
}

async function played(terminal: RunTerminal): Promise<string> {
  let written = ''
  terminal.onDidWrite((piece) => {
    written += piece
  })
  const closed = new Promise((resolve) => terminal.onDidClose(resolve))
  terminal.open()
  await closed
  return written
}

function errorOf(text: string): QueueError {
  const failure = { queue: 'testing_master', action: 'sqs:SendMessage', region: 'eu-west-1' }
  return new QueueError(failure, 'unknown', 'Test', verbatim(text), new Error(text, { cause: text }))
}

/** The log of the editor, and the notification. */
function shownBy(act: (trouble: Trouble) => void): { log: string; notification: string } {
  const lines: string[] = []
  let notification = ''
  const log = { error: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) }
  Object.assign(vscode.window, {
    showErrorMessage: async (message: string) => {
      notification = message
    },
  })
  act(new Trouble(log as unknown as vscode.LogOutputChannel, () => []))
  return { log: lines.join('\n'), notification }
}

const connections = new Connections(
  async () => {
    throw new Error('not in this test')
  },
  () => false,
)

function rowsOf(text: string): TreeNode[] {
  const environment = declared('testing', { profile: text })
  const agent = knownAgent('web-1', {
    problems: [text],
    version: text,
    facts: { [text]: text, list: [text] },
  })
  return [
    { kind: 'environment', id: 'e', declared: environment },
    { kind: 'notice', id: 'n', declared: environment, text, severity: 'error' },
    { kind: 'group', id: 'g', declared: environment, fact: 'role', value: text, agents: [agent] },
    { kind: 'agent', id: 'a', declared: environment, agent },
    { kind: 'fact', id: 'f', declared: environment, agent, path: [text], value: text },
  ]
}

/** Label, description and what a screen reader says; of a row of a file that cannot be used, too. */
function labelsOf(text: string): string {
  const origin = declared('x').origin
  const wrong = { name: text, origin, messages: [verbatim(text)] }
  return [...rowsOf(text), { kind: 'wrong' as const, id: 'w', trouble: wrong }]
    .map((node) => describeNode(node, connections, false))
    .flatMap(({ label, description, accessibilityInformation }) => [
      label,
      description,
      accessibilityInformation?.label,
    ])
    .filter((part) => part !== undefined)
    .join('\n')
}

function tooltipsOf(text: string): { markdown: string; plain: string } {
  const tips = rowsOf(text).map((node) => explainNode(node, connections))
  const isText = (tip: unknown): tip is string => typeof tip === 'string'
  return {
    plain: tips.filter(isText).join('\n'),
    markdown: tips
      .filter((tip): tip is vscode.MarkdownString => !isText(tip))
      .map(({ value }) => value)
      .join('\n'),
  }
}

async function snippetRowsOf(text: string): Promise<string> {
  const yaml = JSON.stringify({
    snippets: { [text]: { command: text, description: text }, broken: { [text]: 1 } },
  })
  const view = new SnippetsView(snippetsOf('/w', { 'a.fleet.yaml': yaml }))
  const items = (await view.getChildren()).map((node) => view.getTreeItem(node))
  return items
    .flatMap(({ label, description, accessibilityInformation, tooltip }) => [
      label,
      description,
      accessibilityInformation?.label,
      typeof tooltip === 'object' ? tooltip?.value : tooltip,
    ])
    .join('\n')
}

function agentLogOf(text: string): string {
  let written = ''
  const log = createLog(
    'debug',
    (line) => {
      written += line
    },
    () => 0,
  )
  log.warn(text)
  return written
}

function doctorOf(text: string): string {
  const why = verbatim(text)
  return printReport(
    {
      environment: declared('testing').environment,
      findings: [{ code: 'failed', queue: 'testing_facts', severity: 'error', what: why, why, advice: why }],
      agents: [knownAgent('a', { problems: [text], version: text })],
      unreadable: [{ messageId: 'm1', senderId: text, reason: why }],
      rejected: { unreadable: 0, forged: 0, foreign: 0 },
      ...{ version: '0.1.0', arn: text, requests: noRequests, signing: { signer: undefined, now: 0 } },
    },
    inEnglish,
  ).text
}

function explainedOf(text: string): string {
  const error = vi.spyOn(console, 'error').mockImplementation(() => {})
  explain(errorOf(text))
  return error.mock.calls.join('\n')
}

/** What an administrator sees on a server whose facts others may write. */
async function factsOf(text: string, json: boolean): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'printed-facts-'))
  const [configFile, facts] = [path.join(folder, 'agent.json'), path.join(folder, 'facts.json')]
  await writeFile(facts, JSON.stringify({ text, [`key ${text}`]: [text] }))
  const configuration = {
    aws: { region: 'eu-west-1', sqs_read_queue: 'testing_master', sqs_write_queue: 'testing_agent' },
    general: {
      state_dir: path.join(folder, 'state'),
      hostname: 'web-1',
      yaml_facts: true,
      yaml_facts_path: facts,
    },
    facts: { use_facter: false, ec2_metadata: 'never' },
  }
  await writeFile(configFile, JSON.stringify(configuration))
  let written = ''
  await printFacts({ configFile, json }, (piece) => {
    written += piece
  })
  await rm(folder, { recursive: true })
  expect(written).toContain('key ')
  return written
}

const exits: Readonly<Record<string, (text: string) => string | Promise<string>>> = {
  'the terminal of a task': terminalOf,
  'the terminal of a task that fails': failingTerminalOf,
  'the report of ec2-cmaster': async (text) =>
    textOf(report((await runOf(text)).run, { quiet: false, colours: false })),
  'an error of ec2-cmaster': explainedOf,
  'ec2-cmaster --json': async (text) => textOf(exportJson((await runOf(text)).run)),
  'the NDJSON export': async (text) => textOf(exportNdjson((await runOf(text)).run)),
  'the text export': async (text) => textOf(exportText((await runOf(text)).run)),
  'the CSV export': async (text) => textOf(exportCsv((await runOf(text)).run)),
  'the log of the editor': (text) => shownBy((trouble) => trouble.note(errorOf(text))).log,
  'a warning in that log': (text) => shownBy((trouble) => trouble.note(text)).log,
  'a notification': (text) => shownBy((trouble) => trouble.show(errorOf(text))).notification,
  'a row of the tree': labelsOf,
  'a tooltip of the tree': (text) => tooltipsOf(text).plain,
  'a tooltip in Markdown': (text) => tooltipsOf(text).markdown,
  'a row of the snippets': snippetRowsOf,
  'the agent’s log': agentLogOf,
  'ec2-cagent facts': (text) => factsOf(text, false),
  'ec2-cagent facts --json': (text) => factsOf(text, true),
  'the report of the doctor': doctorOf,
}

/** Where a foreign text may have several lines: an output, or a whole command in a tooltip. */
const mayHaveLines =
  /^(the terminal of a task$|the report of ec2|the text export|the CSV export|a notification|a tooltip of the tree|a row of the snippets)/

describe.each(Object.keys(exits))('%s', (name) => {
  it('shows an ordinary text', async () => {
    expect(await exits[name]?.('an ordinary text')).toContain('ordinary')
  })

  it.each(Object.entries(hostile))('shows %s as text', async (_, text) => {
    const shown = (await exits[name]?.(text)) ?? ''
    const isTerminal = name.includes('terminal')
    const visible = shown.replaceAll(']\u200b(', '](').replaceAll('\r\n', '\n')
    expect(JSON.stringify(forbidden.exec(visible))).toBe('null')
    expect(visible, 'a return').not.toContain('\r')
    if (!mayHaveLines.test(name)) expect(visible, 'a line of its own').not.toMatch(forged)
    if (isTerminal) expect(shown).not.toContain('\x1b')
  })
})

describe('The JSON of a run', () => {
  it.each(Object.entries(hostile))('has all of %s', async (_, text) => {
    const { agents, action } = JSON.parse(await textOf(exportJson((await runOf(text)).run)))
    expect([action.command, agents[0].reason, agents[1].stdout]).toEqual([text, text, text])
  })
})

describe('What VS Code would render', () => {
  it.each(Object.entries(hostile))('has no link, picture, HTML or icon from %s in a tooltip', (_, text) => {
    const { markdown } = tooltipsOf(text)
    // Punctuation of foreign text is escaped; the rest is ours: bold names, icons of problems, and tables.
    const rest = markdown.replaceAll(/\\[!-/:-@[-`{-~]/g, '').replaceAll(/\$\((error|warning)\)/g, '')
    expect(rest).not.toMatch(/[[\]()<>`!#&$]|https?:|command:/)
  })

  it.each(Object.entries(hostile))('has no icon or link from %s in a notification', (_, text) => {
    const { notification } = shownBy((trouble) => trouble.show(errorOf(text)))
    expect(notification).not.toMatch(/\]\((https?|command|file):/)
    expect(notification).not.toMatch(/(?<!\\)\$\(trash\)/)
    expect(plainText(text)).toBe(notification)
  })
})

describe('The CSV of a run', () => {
  it.each(Object.entries(hostile))('starts no formula with %s', async (_, text) => {
    const csv = await textOf(exportCsv((await runOf(text)).run))
    for (const cell of cellsOf(csv)) expect(cell).not.toMatch(/^\s*[=+\-@＝＋－＠\t\r\n]/u)
  })
})

/** RFC 4180. */
function cellsOf(csv: string): string[] {
  return [...csv.matchAll(/(?:^|,|\r\n)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)].map(
    ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain,
  )
}
