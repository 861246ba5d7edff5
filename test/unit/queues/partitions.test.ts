import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { iamPolicy, kmsStatement, queueArn, statements } from '../../../src/queues/iamPolicy.ts'
import { isHostOfAws, partitionOf } from '../../../src/queues/partitions.ts'
import { testing } from './fleetQueues.ts'

const partitions = [
  ['eu-west-1', 'aws', 'amazonaws.com'],
  ['cn-north-1', 'aws-cn', 'amazonaws.com.cn'],
  ['us-gov-west-1', 'aws-us-gov', 'amazonaws.com'],
  ['eusc-de-east-1', 'aws-eusc', 'amazonaws.eu'],
  ['us-iso-east-1', 'aws-iso', 'c2s.ic.gov'],
  ['us-isob-east-1', 'aws-iso-b', 'sc2s.sgov.gov'],
  ['eu-isoe-west-1', 'aws-iso-e', 'cloud.adc-e.uk'],
  ['us-isof-south-1', 'aws-iso-f', 'csp.hci.ic.gov'],
] as const

describe.each(partitions)('region %s', (region, name, suffix) => {
  it(`is of partition ${name}, which is in the ARNs of queues and policies`, () => {
    expect(partitionOf(region).name).toBe(name)
    expect(queueArn(region, '123456789012', 'q')).toBe(`arn:${name}:sqs:${region}:123456789012:q`)
    const environment = { ...testing, region }
    const { Statement } = JSON.parse(iamPolicy(environment, statements(environment, 'agent'), '123456789012'))
    expect(Statement[0].Resource).toEqual([`arn:${name}:sqs:${region}:123456789012:testing_master`])
  })

  it(`has hosts below ${suffix}, and no other`, () => {
    expect(isHostOfAws(`sqs.${region}.${suffix}`, region)).toBe(true)
    expect(isHostOfAws(`vpce-1.sqs.${region}.vpce.${suffix}`, region)).toBe(true)
    expect(isHostOfAws(`evil-${suffix}`, region)).toBe(false)
    expect(isHostOfAws(`sqs.${region}.${suffix}.evil.example`, region)).toBe(false)
    expect(kmsStatement(region, 'key')?.Condition.StringEquals['kms:ViaService']).toBe(
      `sqs.${region}.${suffix}`,
    )
  })
})

describe('a region that is new', () => {
  it.each([
    ['eu-central-9', 'aws'],
    ['us-gov-north-9', 'aws-us-gov'],
    ['us-isof-west-9', 'aws-iso-f'],
  ])('counts to the partition that it is named for: %s to %s', (region, name) => {
    expect(partitionOf(region).name).toBe(name)
  })
})

describe('the parts of the SDK that we use beside its clients', () => {
  const { packages } = JSON.parse(
    readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8'),
  )

  it.each(['@aws-sdk/core', '@smithy/core'])(
    'are those that the clients use, as there is one copy of %s',
    (name) => {
      const copies = Object.keys(packages).filter((file) => file.endsWith(`node_modules/${name}`))
      expect(copies).toEqual([`node_modules/${name}`])
    },
  )
})
