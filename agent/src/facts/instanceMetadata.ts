import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import type { Facts } from '../../../src/protocol/facts.ts'
import type { FactsConfiguration } from '../settings/configuration.ts'
import { type FactSource, readingOf } from './factSource.ts'

/** Longest wait for one answer of the metadata service, which is one hop away. */
const answerTimeoutMs = 1000

/** From a container the service is two hops away, and the answers of many instances go one hop. */
const noAnswer = `no answer within ${answerTimeoutMs} ms; in a container the instance needs HttpPutResponseHopLimit=2`

/** Metadata is read again after this, milliseconds; only tags change under a running server. */
export const instanceMetadataKeptMs = 5 * 60_000

/** Whether this server's firmware says that it is an EC2 instance, so that other servers do not wait for a metadata service. */
async function isEc2Instance(): Promise<boolean> {
  const [hypervisor, vendor] = await Promise.all([
    readFile('/sys/hypervisor/uuid', 'utf8').catch(() => ''),
    readFile('/sys/devices/virtual/dmi/id/sys_vendor', 'utf8').catch(() => ''),
  ])
  return hypervisor.toLowerCase().startsWith('ec2') || vendor.trim() === 'Amazon EC2'
}

/** Whether to ask the metadata service: as configured, or when this is an EC2 instance. */
export async function expectsMetadata({ ec2Metadata }: FactsConfiguration): Promise<boolean> {
  return ec2Metadata === 'auto' ? isEc2Instance() : ec2Metadata === 'always'
}

/** The EC2 instance metadata service, version 2 (the session-oriented one), as `ec2` facts. */
export function createInstanceMetadata(endpoint: string): FactSource {
  return {
    name: 'EC2 instance metadata',
    // Token, document, names of tags and tags, one after the other.
    withinMs: 5 * answerTimeoutMs,
    async read() {
      return readingOf({ facts: { ec2: await readInstanceMetadata(endpoint) }, warnings: [] })
    },
  }
}

/**
 * Asks the metadata service at `endpoint` (`http://169.254.169.254` on EC2).
 * @throws Error in words when there is none
 */
export async function readInstanceMetadata(endpoint: string): Promise<Facts> {
  const token = await ask(endpoint, 'PUT', '/latest/api/token', {
    'X-aws-ec2-metadata-token-ttl-seconds': '60',
  })
  const headers = { 'X-aws-ec2-metadata-token': token }
  const identity = JSON.parse(
    await ask(endpoint, 'GET', '/latest/dynamic/instance-identity/document', headers),
  )
  const tags = await readTags(endpoint, headers)
  const facts: Facts = {}
  for (const [fact, field] of Object.entries(identityFields)) {
    if (typeof identity[field] === 'string') facts[fact] = identity[field]
  }
  return tags === undefined ? facts : { ...facts, tags }
}

const identityFields = {
  instance_id: 'instanceId',
  instance_type: 'instanceType',
  availability_zone: 'availabilityZone',
  region: 'region',
  account_id: 'accountId',
  image_id: 'imageId',
}

/** Tags are there only where the instance allows it (`InstanceMetadataTags`); 404 otherwise. */
async function readTags(endpoint: string, headers: Record<string, string>): Promise<Facts | undefined> {
  const path = '/latest/meta-data/tags/instance'
  const names = await ask(endpoint, 'GET', path, headers).catch(() => undefined)
  if (names === undefined) return undefined
  const tags = names
    .split('\n')
    .filter((name) => name !== '')
    .map(async (name): Promise<[string, string]> => {
      return [name, await ask(endpoint, 'GET', `${path}/${encodeURIComponent(name)}`, headers)]
    })
  return Object.fromEntries(await Promise.all(tags))
}

function ask(
  endpoint: string,
  method: 'GET' | 'PUT',
  path: string,
  headers: Record<string, string>,
): Promise<string> {
  const url = new URL(path, endpoint)
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the metadata service at ${endpoint} ${why}`))
    const asking = request(url, { method, headers, timeout: answerTimeoutMs }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', (error) => fail(`closed the connection: ${error.message}`))
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(parts).toString('utf8'))
        else fail(`answered ${response.statusCode} for ${path}`)
      })
    })
    asking.on('timeout', () => asking.destroy(new Error(noAnswer)))
    asking.on('error', (error) => fail(`cannot be reached: ${error.message}`))
    asking.end()
  })
}
