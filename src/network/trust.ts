import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import { say } from '../text/localizable.ts'
import { ConnectionError } from './connectionError.ts'

/** A file of certificates, and who names it. */
interface Bundle {
  readonly file: string
  /** As in `AWS_CA_BUNDLE`. */
  readonly source: string
}

/**
 * Which certificates are trusted. Like AWS's tools: those of `AWS_CA_BUNDLE`, else of the profile's `ca_bundle`, else of
 * `SSL_CERT_FILE`, and no others, except for those of `NODE_EXTRA_CA_CERTS`, which are always trusted as well. Without any of
 * them Node decides, by its own list and its own variables.
 */
export class Trust {
  readonly #env: NodeJS.ProcessEnv
  readonly #bundleOfProfile: () => Promise<string | undefined>
  #last: { readonly version: string; readonly context: SecureContext } | undefined

  /** @param bundleOfProfile the `ca_bundle` of the AWS profile */
  constructor(env: NodeJS.ProcessEnv, bundleOfProfile: () => Promise<string | undefined>) {
    this.#env = env
    this.#bundleOfProfile = bundleOfProfile
  }

  /**
   * For one connection: files are read again when they have changed. Undefined: what Node trusts.
   * @throws ConnectionError that names the file
   */
  async context(): Promise<SecureContext | undefined> {
    const bundle = await this.#bundle()
    if (bundle === undefined) return undefined
    const extra = this.#env.NODE_EXTRA_CA_CERTS || undefined
    const version = `${await versionOf(bundle)}\n${await extraVersion(extra)}`
    if (this.#last?.version !== version) this.#last = { version, context: await load(bundle, extra) }
    return this.#last.context
  }

  async #bundle(): Promise<Bundle | undefined> {
    const { AWS_CA_BUNDLE: ofAws, SSL_CERT_FILE: ofOpenSsl } = this.#env
    if (ofAws) return { file: expanded(ofAws), source: 'AWS_CA_BUNDLE' }
    const ofProfile = await this.#bundleOfProfile()
    if (ofProfile) return { file: expanded(ofProfile), source: 'ca_bundle' }
    return ofOpenSsl ? { file: expanded(ofOpenSsl), source: 'SSL_CERT_FILE' } : undefined
  }
}

async function load(bundle: Bundle, extra: string | undefined): Promise<SecureContext> {
  const text = await readFile(bundle.file, 'utf8').catch((cause) => {
    throw unreadable(bundle, cause)
  })
  // Node skips what it cannot read, so a wrong file would be one that trusts nobody.
  if (!holdsCertificate(text)) throw unreadable(bundle, undefined)
  // Node goes on without it, too, and says so once.
  const added = extra === undefined ? '' : await readFile(extra, 'utf8').catch(() => '')
  return createSecureContext({ ca: added === '' ? [text] : [text, added] })
}

function holdsCertificate(text: string): boolean {
  const blocks = text.match(/^-----BEGIN CERTIFICATE-----$[^-]+^-----END CERTIFICATE-----/gm) ?? []
  return blocks.some((block) => {
    try {
      return new X509Certificate(block).subject !== undefined
    } catch {
      return false
    }
  })
}

async function versionOf(bundle: Bundle): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(bundle.file)
    return `${bundle.file} ${mtimeMs} ${size} ${ino}`
  } catch (cause) {
    throw unreadable(bundle, cause)
  }
}

async function extraVersion(extra: string | undefined): Promise<string> {
  if (extra === undefined) return ''
  return stat(extra).then(
    ({ mtimeMs, size }) => `${mtimeMs} ${size}`,
    () => '',
  )
}

function expanded(file: string): string {
  return file.startsWith('~/') ? path.join(homedir(), file.slice(2)) : file
}

function unreadable({ file, source }: Bundle, cause: unknown): ConnectionError {
  if (cause === undefined) {
    return new ConnectionError(
      'TrustUnreadable',
      say('The file {0} ({1}) holds no certificate. Name a file of certificates in PEM form.', file, source),
    )
  }
  return new ConnectionError(
    'TrustUnreadable',
    say(
      'The certificates in {0} ({1}) cannot be read: {2}. Name a file of certificates in PEM form.',
      file,
      source,
      (cause as Error).message.replace(/\.$/, ''),
    ),
    cause,
  )
}
