import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { homedir } from 'node:os'
import path from 'node:path'
import * as vscode from 'vscode'
import { readPrivateKey } from '../../master/sending/openSigner.ts'
import type { KeyPlace } from '../../signing/keyReference.ts'
import { fingerprintOf, printPublicKey, sshBlobOf } from '../../signing/publicKey.ts'
import { type AgentKey, agentKeys, sshAgentSocket } from '../../signing/sshAgent.ts'
import { askPassphrase } from '../environments/askPassphrase.ts'
import { messageOf } from '../text/messageOf.ts'
import { plainText } from '../text/plainText.ts'
import type { EditorKeys } from './editorKeys.ts'

/** A key that the user has chosen to sign with. */
export interface ChosenKey {
  readonly place: KeyPlace
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string
  readonly fingerprint: string
  /** Stores it where it is not stored yet. */
  keep(): Promise<void>
}

/** Listing the keys of an SSH agent needs no confirmation, so it answers at once or not at all. Milliseconds. */
const listedWithinMs = 5_000

interface KeyItem extends vscode.QuickPickItem {
  /** Undefined: the user chose none after all. */
  readonly choose?: () => Promise<ChosenKey | undefined>
}

/**
 * Asks for a key: a new one in the editor, a file, or one of the SSH agent.
 * @returns undefined when the user cancelled
 * @throws LocalizableError that says why the key cannot be used
 */
export async function askKey(title: string, keys: EditorKeys): Promise<ChosenKey | undefined> {
  const { t } = vscode.l10n
  const items: KeyItem[] = [
    {
      label: `$(key) ${t('New key, kept by this editor')}`,
      detail: t('Created now. The private key stays in the secret storage of this editor, on this computer.'),
      choose: async () => newKey(keys),
    },
    {
      label: `$(file) ${t('Key file…')}`,
      detail: t('An ed25519 private key of ssh-keygen, or in PEM format. It stays where it is.'),
      choose: () => keyOfFile(title),
    },
    { label: t('SSH agent'), kind: vscode.QuickPickItemKind.Separator },
    ...(await itemsOfSshAgent()),
  ]
  const placeHolder = t('Key to sign with')
  const chosen = await vscode.window.showQuickPick(items, { title, placeHolder, ignoreFocusOut: true })
  return chosen?.choose?.()
}

function newKey(keys: EditorKeys): ChosenKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { publicKey, fingerprint } = halfOf(privateKey)
  const place = { kind: 'editor', fingerprint } as const
  return { place, publicKey, fingerprint, keep: () => keys.keep(privateKey) }
}

async function keyOfFile(title: string): Promise<ChosenKey | undefined> {
  const [uri] =
    (await vscode.window.showOpenDialog({
      title,
      defaultUri: vscode.Uri.file(path.join(homedir(), '.ssh')),
      canSelectMany: false,
      openLabel: vscode.l10n.t('Sign with This Key'),
    })) ?? []
  if (uri === undefined) return undefined
  const privateKey = await readPrivateKey(uri.fsPath, askPassphrase)
  return { place: { kind: 'file', path: fromHome(uri.fsPath) }, ...halfOf(privateKey), keep: async () => {} }
}

/** With `~/`, so that settings that are shared between computers fit on each. */
function fromHome(file: string): string {
  const relative = path.relative(homedir(), file)
  return relative.startsWith('..') || path.isAbsolute(relative)
    ? file
    : `~/${relative.split(path.sep).join('/')}`
}

function halfOf(privateKey: KeyObject): Pick<ChosenKey, 'publicKey' | 'fingerprint'> {
  const publicKey = createPublicKey(privateKey)
  return { publicKey: printPublicKey(publicKey), fingerprint: fingerprintOf(sshBlobOf(publicKey)) }
}

/** Its ed25519 keys. For others, and where it does not answer, an item that says why. */
async function itemsOfSshAgent(): Promise<KeyItem[]> {
  const { t } = vscode.l10n
  if (sshAgentSocket() === undefined)
    return [{ label: `$(circle-slash) ${t('No SSH agent: SSH_AUTH_SOCK is not set')}` }]
  try {
    const keys = await agentKeys(AbortSignal.timeout(listedWithinMs))
    return keys.length === 0
      ? [{ label: `$(circle-slash) ${t('The SSH agent has no keys. Add one with ssh-add.')}` }]
      : keys.map(itemOf)
  } catch (error) {
    return [{ label: `$(circle-slash) ${plainText(messageOf(error))}` }]
  }
}

function itemOf({ type, comment, fingerprint, blob }: AgentKey): KeyItem {
  const { t } = vscode.l10n
  const label = plainText(comment === '' ? fingerprint : comment)
  if (type !== 'ssh-ed25519')
    return {
      label: `$(circle-slash) ${label}`,
      description: fingerprint,
      detail: t('Agents do not accept signatures of type {0}.', plainText(type)),
    }
  const publicKey = `ssh-ed25519 ${blob.toString('base64')}`
  const place = { kind: 'ssh-agent', wanted: fingerprint } as const
  return {
    label: `$(key) ${label}`,
    description: fingerprint,
    choose: async () => ({ place, publicKey, fingerprint, keep: async () => {} }),
  }
}
