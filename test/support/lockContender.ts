import { type ProcessLock, takeLock } from '../../src/locks/processLock.ts'

/** A process that takes and releases locks as its parent tells it by messages: `{ take: path }`, `{ release: true }`. */
let held: ProcessLock | undefined
process.on('message', async (message: { take?: string; release?: boolean }) => {
  if (message.take !== undefined) {
    held = await takeLock(message.take)
    process.send?.({ taken: held !== undefined })
  } else if (message.release) {
    await held?.release()
    process.send?.({ released: true })
  }
})
process.on('disconnect', () => process.exit())
process.send?.({ ready: true })
