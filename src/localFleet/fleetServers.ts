import { defaultQueues, type Environment, type StaticCredentials } from '../queues/environment.ts'

/** A server that the local fleet simulates: what its agent reports. */
export interface FleetServer {
  readonly environment: 'testing' | 'production'
  readonly agentId: string
  readonly hostname: string
  /** In the structure of facter. */
  readonly facts: Readonly<Record<string, unknown>>
  /** Words of puppet's `classes.txt`. */
  readonly classes: readonly string[]
  readonly kernelRelease: string
  /** Release of the application that the server pretends to run. */
  readonly release: string
}

/** Has the form of an AWS region, but is none. */
export const localRegion = 'local-fleet-1'

export function fleetEnvironments(endpoint: string, credentials: StaticCredentials): Environment[] {
  const common = { region: localRegion, endpoint, credentials }
  return [
    { ...common, name: 'testing', queues: defaultQueues('testing'), protected: false, colour: 'green' },
    { ...common, name: 'production', queues: defaultQueues('production'), protected: true, colour: 'red' },
  ]
}

const systems = {
  noble: { name: 'Ubuntu', family: 'Debian', full: '24.04', major: '24.04', kernel: '6.8.0-1021-aws' },
  bookworm: { name: 'Debian', family: 'Debian', full: '12.11', major: '12', kernel: '6.1.0-37-cloud-amd64' },
  amazon2023: {
    name: 'Amazon',
    family: 'RedHat',
    full: '2023',
    major: '2023',
    kernel: '6.1.134-152.225.amzn2023',
  },
} as const

const sizes = {
  't3.small': { cpus: 2, memoryGiB: 2 },
  'm7i.large': { cpus: 2, memoryGiB: 8 },
  'r7i.xlarge': { cpus: 4, memoryGiB: 32 },
} as const

interface Part {
  readonly environment: FleetServer['environment']
  readonly hostname: string
  readonly role: string
  readonly az: string
  readonly system: keyof typeof systems
  readonly size: keyof typeof sizes
  readonly release: string
  readonly classes: readonly string[]
}

const web = { role: 'web', system: 'noble', size: 't3.small', classes: ['base', 'nginx', 'shop'] } as const
const db = { role: 'db', system: 'bookworm', size: 'r7i.xlarge', classes: ['base', 'postgresql'] } as const

// Similar enough to form groups, and different enough for groups with outliers: web-03 has an old release.
const parts: readonly Part[] = [
  { ...web, environment: 'testing', hostname: 'web-01', az: 'a', release: '2.15.0' },
  { ...web, environment: 'testing', hostname: 'web-02', az: 'b', release: '2.15.0' },
  { ...web, environment: 'testing', hostname: 'web-03', az: 'c', release: '2.14.3', system: 'amazon2023' },
  { ...db, environment: 'testing', hostname: 'db-01', az: 'a', release: '16.9' },
  {
    environment: 'testing',
    hostname: 'cache-01',
    role: 'cache',
    az: 'b',
    system: 'noble',
    size: 'm7i.large',
    release: '1.6.38',
    classes: ['base', 'memcached'],
  },
  {
    environment: 'testing',
    hostname: 'batch-01',
    role: 'batch',
    az: 'c',
    system: 'amazon2023',
    size: 'm7i.large',
    release: '2.15.0',
    classes: ['base', 'cron', 'shop'],
  },
  { ...web, environment: 'production', hostname: 'web-11', az: 'a', release: '2.14.3' },
  { ...web, environment: 'production', hostname: 'web-12', az: 'b', release: '2.14.3' },
  { ...db, environment: 'production', hostname: 'db-11', az: 'a', release: '16.9' },
]

/** Six servers in `testing`, three in `production`. */
export const fleetServers: readonly FleetServer[] = parts.map(toServer)

function toServer(part: Part, index: number): FleetServer {
  const { environment, hostname, role, classes, release } = part
  const agentId = `i-${(0x0c0ffee0000 + index + 1).toString(16).padStart(17, '0')}`
  const { kernel, ...system } = systems[part.system]
  const { cpus, memoryGiB } = sizes[part.size]
  const ip = `10.20.${environment === 'testing' ? 1 : 2}.${index + 11}`
  const domain = `${environment}.example.com`
  const facts = {
    role,
    az: `${localRegion}${part.az}`,
    os: {
      name: system.name,
      family: system.family,
      architecture: system.family === 'Debian' ? 'amd64' : 'x86_64',
      release: { full: system.full, major: system.major },
    },
    kernel: 'Linux',
    kernelrelease: kernel,
    processors: { count: cpus, models: Array(cpus).fill('Intel(R) Xeon(R) Platinum 8488C') },
    memory: { system: { total_bytes: memoryGiB * 1024 ** 3 } },
    networking: { hostname, domain, fqdn: `${hostname}.${domain}`, ip, addresses: [ip] },
    virtual: 'kvm',
    ec2: { instance_id: agentId, instance_type: part.size },
    release,
  }
  return { environment, agentId, hostname, facts, classes, kernelRelease: kernel, release }
}
