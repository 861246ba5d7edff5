// @ts-check
// Activates a built extension in plain Node, with a stand-in for the editor, and prints as JSON what that took:
//
//   node activateExtension.mjs dist/extension.mjs
//
// Whatever touches disk, network, other processes or the clock goes through Node's asynchronous resources, or is one of
// the functions that end with Sync: both are taken down from the first line of `activate` until nothing is left to do.
import { createHook } from 'node:async_hooks'
import childProcess from 'node:child_process'
import fs from 'node:fs'
import { register, syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

/** @typedef {{ milliseconds: number, io: string[], calls: string[], subscriptions: number }} Activation */

const standIn = new URL('./vscodeStandIn.mjs', import.meta.url).href
const loader = `export const resolve = (name, context, next) =>
  name === 'vscode' ? { url: ${JSON.stringify(standIn)}, shortCircuit: true } : next(name, context)`
register(`data:text/javascript,${encodeURIComponent(loader)}`)

let isWatching = false
/** @type {string[]} */
const io = []
for (const [room, functions] of /** @type {const} */ ([
  ['fs', fs],
  ['child_process', childProcess],
])) {
  for (const [name, original] of Object.entries(functions)) {
    if (!name.endsWith('Sync') || typeof original !== 'function') continue
    Object.assign(functions, {
      [name]: (/** @type {unknown[]} */ ...args) => {
        if (isWatching) io.push(`${room}.${name}`)
        return original(...args)
      },
    })
  }
}
syncBuiltinESMExports()

const extension = await import(pathToFileURL(path.resolve(process.argv[2] ?? '')).href)
const { calls } = await import(standIn)

createHook({
  init: (_id, type) => {
    if (isWatching && !['PROMISE', 'TickObject', 'Microtask', 'Immediate'].includes(type)) io.push(type)
  },
}).enable()

const memento = {
  get: (/** @type {string} */ _key, /** @type {unknown} */ fallback) => fallback,
  update: async () => {},
}
const folder = { fsPath: '/nonexistent/storage' }
const context = {
  extension: { id: 'ec2-collective.ec2-collective', packageJSON: { version: '0.0.0' } },
  extensionUri: { fsPath: '/nonexistent/extension' },
  globalStorageUri: folder,
  storageUri: folder,
  workspaceState: memento,
  globalState: memento,
  secrets: {},
  subscriptions: /** @type {unknown[]} */ ([]),
}

isWatching = true
const startedAt = performance.now()
await extension.activate(context)
const milliseconds = performance.now() - startedAt
// What it left behind for later has had its turn, too.
for (let turns = 0; turns < 5; turns += 1) await setImmediate()
isWatching = false

/** @type {Activation} */
const activation = {
  milliseconds,
  io,
  calls: calls.map((/** @type {{ name: string }} */ call) => call.name),
  subscriptions: context.subscriptions.length,
}
process.stdout.write(`${JSON.stringify(activation)}\n`, () => process.exit())
