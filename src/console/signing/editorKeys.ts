import { createPublicKey, type KeyObject } from 'node:crypto'
import type * as vscode from 'vscode'
import { fingerprintOf, sshBlobOf } from '../../signing/publicKey.ts'

/** Private keys in the secret storage of the editor, by their fingerprints. They are never written elsewhere. */
export class EditorKeys {
  readonly #secrets: Pick<vscode.SecretStorage, 'get' | 'store'>

  constructor(secrets: Pick<vscode.SecretStorage, 'get' | 'store'>) {
    this.#secrets = secrets
  }

  /** @returns PEM; undefined where there is none on this computer */
  readonly get = async (fingerprint: string): Promise<string | undefined> =>
    this.#secrets.get(secretOf(fingerprint))

  /** @throws Error when the storage does not have it afterwards: the key would be lost */
  async keep(privateKey: KeyObject): Promise<void> {
    const fingerprint = fingerprintOf(sshBlobOf(createPublicKey(privateKey)))
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    await this.#secrets.store(secretOf(fingerprint), pem)
    if ((await this.get(fingerprint)) !== pem) throw new Error('The secret storage did not keep the key.')
  }
}

function secretOf(fingerprint: string): string {
  return `signingKey ${fingerprint}`
}
