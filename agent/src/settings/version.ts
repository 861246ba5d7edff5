/** Kept equal to `agent/package.json` by a test: the agent is one file and has no package.json beside it. */
export const version = '0.1.0'
