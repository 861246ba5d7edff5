import { afterAll, beforeAll } from 'vitest'
import { createMasters, type Masters } from './masters.ts'
import { type Partner, unpackPartner } from './partners.ts'
import { type SqsServer, startSqs } from './sqs.ts'

/** For the tests of one file: an earlier version's programs, a queue server, and masters of this version. */
export interface PartnerStage {
  readonly partner: Partner
  readonly sqs: SqsServer
  readonly masters: Masters
}

export function stagePartners(): PartnerStage {
  const stage: { -readonly [Part in keyof PartnerStage]?: PartnerStage[Part] } = {}
  beforeAll(async () => {
    stage.partner = await unpackPartner()
    stage.sqs = await startSqs()
    stage.masters = createMasters(stage.sqs)
  })
  afterAll(async () => {
    await stage.masters?.close()
    await stage.sqs?.stop()
    await stage.partner?.remove()
  })
  // Complete when the first test or hook of the file asks.
  return stage as PartnerStage
}
