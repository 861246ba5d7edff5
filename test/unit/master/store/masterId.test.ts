import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claimMasterId, claimThrowAwayId } from '../../../../src/master/store/masterId.ts'
import { isThrowAwayReplyQueue, MasterId, privateReplyQueue } from '../../../../src/protocol/names.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'master-id-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

describe('claimMasterId', () => {
  it('never gives one id to two masters, even when they begin at the same moment in a new place', async () => {
    const claims = await Promise.all(Array.from({ length: 12 }, () => claimMasterId(join(directory, 'new'))))
    const ids = claims.map(({ id }) => id)
    expect(new Set(ids).size).toBe(12)
    expect(new Set(ids.map((id) => id.slice(0, 8))).size).toBe(1)
    for (const id of ids) expect(v.is(MasterId, id)).toBe(true)
  })

  it('gives the same id again after it was released: its reply queue is found again', async () => {
    const first = await claimMasterId(directory)
    await first.release()
    const second = await claimMasterId(directory)
    const third = await claimMasterId(directory)
    expect(second.id).toBe(first.id)
    expect(third.id).not.toBe(first.id)
  })

  it('gives different ids to different people', async () => {
    const [mine, yours] = [
      await claimMasterId(join(directory, 'me')),
      await claimMasterId(join(directory, 'you')),
    ]
    expect(mine.id.slice(0, 8)).not.toBe(yours.id.slice(0, 8))
  })

  it('says which file is invalid', async () => {
    await writeFile(join(directory, 'id'), 'production_x')
    await expect(claimMasterId(directory)).rejects.toThrow(/id must contain 8 hex digits\. Delete it/)
  })

  it('says when there are too many', { timeout: 60_000 }, async () => {
    for (let claims = 0; claims < 64; claims += 1) await claimMasterId(directory)
    await expect(claimMasterId(directory)).rejects.toThrow(/64 masters are running already/)
  })
})

describe('claimThrowAwayId', () => {
  it('never gives an id again, as the name of a deleted queue cannot be used for a minute', async () => {
    const first = await claimThrowAwayId(directory)
    await first.release()
    const second = await claimThrowAwayId(directory)
    expect(second.id).not.toBe(first.id)
    for (const { id } of [first, second])
      expect(isThrowAwayReplyQueue('testing', privateReplyQueue('testing', id))).toBe(true)
  })

  it('gives the id of an earlier master to one process that resumes its run, and a new one to the next', async () => {
    const first = await claimThrowAwayId(directory, '0f3a9c2e-0')
    const second = await claimThrowAwayId(directory, '0f3a9c2e-0')
    expect(first.id).toBe('0f3a9c2e-0')
    expect(second.id).not.toBe('0f3a9c2e-0')
    await first.release()
    expect((await claimThrowAwayId(directory, '0f3a9c2e-0')).id).toBe('0f3a9c2e-0')
  })
})
