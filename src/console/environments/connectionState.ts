import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { Sweep } from '../../master/fleet/factsSweep.ts'
import type { Master } from '../../master/master.ts'
import type { Queues } from '../../queues/queues.ts'

/** A master with its queues. */
export interface OpenMaster {
  readonly master: Master
  readonly queues: Queues
}

/** The connection state of an environment. */
export type ConnectionState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'opening' }
  /** `heard`: the inventory was read at least once. `trouble`: why the last reading failed. */
  | (OpenMaster & {
      readonly kind: 'open'
      readonly heard: boolean
      readonly trouble: Error | undefined
      /** Messages of the last reading that are no facts. */
      readonly unreadable: Sweep['unreadable']
    })
  | { readonly kind: 'failed'; readonly error: Error }

/** Creates a master. `isUserAct` says whether the user is waiting, and may be asked for an MFA code. */
export type OpenMasterFor = (declared: DeclaredEnvironment, isUserAct: () => boolean) => Promise<OpenMaster>

/** What a master is made of, as text: with another one it is opened again. */
export function identityOf({ environment, signingKey }: DeclaredEnvironment): string {
  return JSON.stringify([environment, signingKey])
}
