import { afterEach, describe, expect, it } from 'vitest'
import { createQueues } from '../../../src/queues/queues.ts'
import { startScriptedEndpoint, success } from '../../support/scriptedEndpoint.ts'

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

describe('The largest message of a queue', () => {
  it.each([
    ['is what the engine says', { MaximumMessageSize: '1048576' }, 1_048_576],
    ['is taken for 64 KB where the engine does not say', {}, 65_536],
  ])('%s', async (_, Attributes, bytes) => {
    const { endpoint, stop } = await startScriptedEndpoint((request) =>
      request.operation === 'GetQueueAttributes' ? { body: { Attributes } } : success(request),
    )
    const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }
    const queues = createQueues({ region: 'eu-west-1', endpoint, credentials })
    cleanUps.push(stop, () => queues.close())
    expect(await queues.maximumMessageSize('testing_facts')).toBe(bytes)
  })
})
