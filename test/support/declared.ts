import { type DeclaredEnvironment, environmentKey } from '../../src/declarations/declaredEnvironment.ts'
import { defaultQueues, type Environment } from '../../src/queues/environment.ts'

/** An environment of the settings, except for what `changes` says. */
export function declared(
  name: string,
  changes: Partial<Environment> & { origin?: DeclaredEnvironment['origin'] } = {},
): DeclaredEnvironment {
  const { origin = { kind: 'settings', scope: 'user' }, ...more } = changes
  const environment: Environment = {
    name,
    region: 'eu-west-1',
    queues: defaultQueues(name),
    protected: false,
    ...more,
  }
  return {
    key: environmentKey(origin, name),
    origin,
    environment,
    defaults: { timeoutMs: undefined, rollout: undefined },
  }
}

/** Where no environment is in the region of its profile. */
export const noProfiles = {
  onDidChange: () => ({ dispose() {} }),
  regions: async () => () => undefined,
}
