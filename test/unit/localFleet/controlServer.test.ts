import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ControlServer, openControlServer } from '../../../src/localFleet/controlServer.ts'
import type { FleetState } from '../../../src/localFleet/fleetState.ts'
import type { ProcessLock } from '../../../src/locks/processLock.ts'
import { everyInterleaving } from '../../support/interleavings.ts'

let directory: string
let socketPath: string

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'control-'))
  socketPath = join(directory, 'fleet.sock')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** A lock that one at a time has, and that its holder can lose. */
function playedLock(pause: (what: string) => Promise<void> = async () => {}) {
  let holder: AbortController | undefined
  const take = async (): Promise<ProcessLock | undefined> => {
    await pause('the lock')
    if (holder !== undefined) return undefined
    const own = new AbortController()
    holder = own
    const release = async () => {
      if (holder === own) holder = undefined
    }
    return { lost: own.signal, release }
  }
  const lose = () => {
    const lost = holder
    holder = undefined
    lost?.abort()
  }
  return { take, lose, isFree: () => holder === undefined }
}

async function openServer(
  pid: number,
  take: () => Promise<ProcessLock | undefined>,
  onReplaced = () => {},
): Promise<ControlServer | undefined> {
  const state = () => stateOf(pid)
  return openControlServer({ socketPath, state, onClients: () => {}, onStop: () => {}, onReplaced }, take)
}

function stateOf(supervisorPid: number): FleetState {
  return { phase: 'running', supervisorPid, environments: [], agents: [] }
}

/** @throws as its actor did */
function serverOf(end: PromiseSettledResult<unknown> | undefined): ControlServer | undefined {
  if (end?.status === 'rejected') throw end.reason
  return end?.value as ControlServer | undefined
}

/** The supervisor that answers; undefined when none does. */
async function answeringPid(): Promise<number | undefined> {
  const socket = connect(socketPath)
  try {
    await once(socket, 'connect')
    const [line] = await once(createInterface(socket), 'line')
    return (JSON.parse(line) as FleetState).supervisorPid
  } catch {
    return undefined
  } finally {
    socket.destroy()
  }
}

describe('The control server of a local fleet', () => {
  it('leaves the socket to the supervisor that has replaced it, in whatever order one closes and the other opens', async () => {
    await everyInterleaving(
      async (stage) => {
        const lock = playedLock((what) => stage.pause(what))
        let isReplaced = false
        const onReplaced = () => {
          isReplaced = true
        }
        stage.act('the first opens', () => openServer(1, lock.take, onReplaced))
        const { 'the first opens': first } = await stage.play()
        lock.lose()
        expect(isReplaced).toBe(true)
        stage.act('the first closes', () => serverOf(first)?.close())
        stage.act('the second opens', () => openServer(2, lock.take))
        const { 'the second opens': second } = await stage.play()
        expect(await answeringPid()).toBe(2)
        await serverOf(second)?.close()
      },
      { usesDisk: true },
    )
  })

  it('is opened by one of those that open it at once', async () => {
    await everyInterleaving(
      async (stage) => {
        const lock = playedLock((what) => stage.pause(what))
        stage.act('one', () => openServer(1, lock.take))
        stage.act('another', () => openServer(2, lock.take))
        const { one, another } = await stage.play()
        const opened = [serverOf(one), serverOf(another)]
        expect(opened.filter((server) => server !== undefined)).toHaveLength(1)
        expect(await answeringPid()).toBe(opened[0] === undefined ? 2 : 1)
        for (const server of opened) await server?.close()
      },
      { usesDisk: true },
    )
  })

  it('leaves neither socket nor lock behind, closed once or twice', async () => {
    const lock = playedLock()
    const server = await openServer(1, lock.take)
    expect(await answeringPid()).toBe(1)
    await Promise.all([server?.close(), server?.close()])
    expect([lock.isFree(), await readdir(directory)]).toEqual([true, []])
  })

  it('that cannot listen gives the lock back, and says why', async () => {
    const lock = playedLock()
    await mkdir(join(socketPath, 'in the way'), { recursive: true })
    await expect(openServer(1, lock.take)).rejects.toThrow(/rename/)
    expect([lock.isFree(), await readdir(directory)]).toEqual([true, ['fleet.sock']])
    await rm(socketPath, { recursive: true })
  })
})
