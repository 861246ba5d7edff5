import type { Environment } from '../queues/environment.ts'

/** The complete state, which the supervisor sends to its clients whenever it changes: one line of JSON. */
export interface FleetState {
  readonly phase: 'starting' | 'running' | 'stopping'
  readonly supervisorPid: number
  /** Empty while starting. */
  readonly environments: readonly Environment[]
  readonly agents: readonly LocalAgent[]
}

export interface LocalAgent {
  readonly agentId: string
  readonly hostname: string
  readonly environment: string
  /** Absent while it is being restarted. */
  readonly pid?: number
  readonly restarts: number
  readonly logFile: string
}

/** A request of a client, one line of JSON. The connection itself keeps the fleet running. */
export interface FleetRequest {
  readonly request: 'stop'
}
